/**
 * Whether the key that a server shows is the one the user wants, decided before the third message
 * of the opening, which would show the server who asks. No question is put here: a person who has
 * to be asked is asked after the attempt, and *yes* opens a new one with the key in the file.
 */
import { LftpError, EXIT } from '../error.ts';
import type { HostKeyRule } from './host-key-rule.ts';
import { fingerprintOf } from './keys.ts';
import { hostName, type KnownHosts, type Lookup, lookUpHost } from './known-hosts.ts';
import type { HostPort } from './known-hosts.ts';
import { MAX_KEYS_OF_HOST } from '../limits.ts';
import { addKnownHost, forgetRetiredKeys, readKnownHosts } from './known-hosts-store.ts';

export interface HostTrustOptions {
  readonly where: HostPort;
  /** `ask` is `strict` to this class: who can ask, asks after a refusal. */
  readonly rule: HostKeyRule;
  /** The only key that is right, whatever the file says. */
  readonly fingerprint: string | undefined;
  readonly knownHostsFile: string;
  /** Written behind the commands in hints, so that they are about that file. */
  readonly hintFlags?: string | undefined;
}

export class HostTrust {
  private readonly options: HostTrustOptions;
  private readonly known: KnownHosts;
  private shown: Uint8Array | undefined;

  private constructor(options: HostTrustOptions, known: KnownHosts) {
    this.options = options;
    this.known = known;
  }

  /** @throws LftpError 14 when the file cannot be read */
  static async open(options: HostTrustOptions): Promise<HostTrust> {
    const { fingerprint, knownHostsFile } = options;
    const isPinned = fingerprint !== undefined;
    const known = isPinned ? { hosts: [], faults: [] } : await readKnownHosts(knownHostsFile);
    return new HostTrust(options, known);
  }

  /** For the transport: called with the key that a server proved to have. */
  readonly trusts = (publicKey: Uint8Array): boolean => {
    this.shown = publicKey;
    const { fingerprint, rule } = this.options;
    if (fingerprint !== undefined) return fingerprintOf(publicKey) === fingerprint;
    const { kind } = this.lookUp(publicKey);
    return kind === 'known' || (kind === 'unknown' && rule === 'accept-new');
  };

  /** The fingerprint of the key that was shown, and whether nothing speaks against it. */
  get question(): { readonly fingerprint: string; readonly publicKey: Uint8Array } | undefined {
    const { shown, options } = this;
    if (shown === undefined || options.fingerprint !== undefined) return undefined;
    if (this.lookUp(shown).kind !== 'unknown') return undefined;
    return { fingerprint: fingerprintOf(shown), publicKey: shown };
  }

  /**
   * After an opening that was trusted: the key is written down unless it is there already.
   * @returns whether it was
   * @throws LftpError 11, 14
   */
  async remember(): Promise<boolean> {
    const { where, knownHostsFile, fingerprint } = this.options;
    if (this.shown === undefined || fingerprint !== undefined) return false;
    const found = this.lookUp(this.shown);
    if (found.kind === 'known' && found.isLearnt) return false;
    await addKnownHost(knownHostsFile, where, this.shown);
    return true;
  }

  /**
   * Keys that the server says it will have, from a session with the key that is known: they are
   * written down beside it, so that the change, when it comes, is none.
   * @throws LftpError 11, 14
   */
  async rememberNext(keys: readonly Uint8Array[]): Promise<void> {
    const { where, knownHostsFile, fingerprint } = this.options;
    const name = hostName(where);
    const before = this.known.hosts.filter((entry) => entry.name === name).length;
    if (fingerprint !== undefined || before + keys.length > MAX_KEYS_OF_HOST) return;
    for (const key of keys) await addKnownHost(knownHostsFile, where, key);
  }

  /**
   * Keys that the server had and that are nobody's any more, whoever has them now: those that were
   * learnt before the one that it has just shown are taken out (P-LOGIN-15).
   * @throws LftpError 11, 14
   */
  async forgetRetired(keys: readonly Uint8Array[]): Promise<void> {
    const { where, knownHostsFile, fingerprint } = this.options;
    if (fingerprint !== undefined || this.shown === undefined || keys.length === 0) return;
    const retired = keys.map((key) => fingerprintOf(key));
    await forgetRetiredKeys(knownHostsFile, where, fingerprintOf(this.shown), retired);
  }

  /** Why the key that was shown was refused, and what to do about it. */
  refusal(): LftpError {
    const { where, fingerprint, knownHostsFile, hintFlags = '' } = this.options;
    const name = hostName(where);
    const shown = this.shown === undefined ? '' : fingerprintOf(this.shown);
    if (fingerprint !== undefined) {
      const text = `the host key is not the wanted one: ${shown} instead of ${fingerprint}`;
      return refusal(name, text, "Somebody may be in between; ask the server's operator.");
    }
    const found = this.lookUp(this.shown ?? new Uint8Array(32));
    if (found.kind === 'changed') {
      const before = found.fingerprints.join(' or ');
      const text =
        `the host key has changed: it was ${before} (${knownHostsFile}, line ${found.line}) ` +
        `and is ${shown} now`;
      const hint =
        'Somebody may be in between. If the operator has really changed it: ' +
        `lftp hostkey forget ${name}${hintFlags}`;
      return refusal(name, text, hint);
    }
    if (found.kind === 'unreadable') {
      const text = `the host key cannot be compared: ${knownHostsFile}, line ${found.line}`;
      return refusal(name, `${text}: ${found.what}`, 'Mend that line or take it out.');
    }
    const hint =
      'Compare it with what `lftp hostkey` shows on the server, then: ' +
      `lftp hostkey trust 'lftp://${name};fp=${shown}'${hintFlags}`;
    return refusal(name, `the host key is not known: ${shown}`, hint);
  }

  private lookUp(publicKey: Uint8Array): Lookup {
    return lookUpHost(this.known, this.options.where, publicKey);
  }
}

function refusal(path: string, text: string, hint: string): LftpError {
  return new LftpError(EXIT.HOST_KEY, 'remote', text, { path, hint });
}
