/** How long a server takes for a name that somebody has, and for one that nobody has. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AccountStore } from '../../src/service/accounts/account-store.ts';
import { passwordRecord } from '../../src/service/accounts/password-proof.ts';
import { Penalties } from '../../src/service/accounts/penalties.ts';
import { HASH_PARAMETERS } from '../../src/service/accounts/slow-hash.ts';
import { AttachTokens } from '../../src/service/login/attach-tokens.ts';
import { encodeLogin } from '../../src/service/login/login-blob.ts';
import { Logins } from '../../src/service/login/logins.ts';
import { SeededRandom } from '../../src/util/random.ts';

/** Accounts with a key and a password each: `user000` and on; nobody has the odd numbers. */
const ACCOUNTS = 200;

/** A try belongs to one of two classes that nobody outside may tell apart. */
export interface Subject {
  readonly name: string;
  readonly isKnown: boolean;
}

export class Ground {
  readonly accounts: AccountStore;
  private readonly folder: string;
  private readonly logins: Logins;
  private tries = 0;

  private constructor(folder: string, accounts: AccountStore) {
    this.folder = folder;
    this.accounts = accounts;
    this.logins = new Logins({
      accounts,
      anonymous: 'off',
      penalties: new Penalties(),
      tokens: new AttachTokens(),
      nowMs: () => 0,
      randomBytes: (count) => new Uint8Array(randomBytes(count)),
    });
  }

  static async make(): Promise<Ground> {
    const folder = mkdtempSync(join(tmpdir(), 'lftp-enumeration-'));
    const accounts = await AccountStore.open(folder);
    for (let i = 0; i < ACCOUNTS; i += 1) {
      const keys = [{ publicKey: bytesOf(`key ${i}`), comment: '' }];
      const challenge = { salt: bytesOf(`salt ${i}`).slice(0, 16), parameters: HASH_PARAMETERS };
      const password = passwordRecord(bytesOf(`hash ${i}`), challenge);
      accounts.add({ name: nameOf(2 * i), home: [], keys, password }, 0);
    }
    return new Ground(folder, accounts);
  }

  /** One of the names, of the wanted class. */
  subject(isKnown: boolean, pick: number): Subject {
    return { name: nameOf(2 * (pick % ACCOUNTS) + (isKnown ? 0 : 1)), isKnown };
  }

  /**
   * One login with a key that no account has and a proof that is wrong, from a source of its own.
   * @returns ns that the server was at work: key looked up, challenge made, proof checked
   */
  tryLogin(subject: Subject): number {
    this.tries += 1;
    const login = encodeLogin({ kind: 'account', name: subject.name, nonce: NONCE });
    const identity = { publicKey: bytesOf(`stranger ${this.tries}`), channelBinding: NONCE };
    const [high, low] = [this.tries >>> 16, this.tries & 0xffff];
    const address = `2001:db8:${high.toString(16)}:${low.toString(16)}::1`;
    const nonce = bytesOf(`nonce ${this.tries}`);
    const nowMs = this.tries * TRY_APART_MS;
    const startNs = process.hrtime.bigint();
    const entrance = this.logins.begin(nowMs, { address, identity, login }, nonce);
    if (entrance.kind !== 'challenge') throw new Error(`not a challenge but ${entrance.kind}`);
    const proved = this.logins.prove(nowMs, address, entrance, nonce);
    const tookNs = Number(process.hrtime.bigint() - startNs);
    if (proved !== undefined) throw new Error('a wrong proof was taken');
    return tookNs;
  }

  close(): void {
    this.accounts.close();
    rmSync(this.folder, { recursive: true });
  }
}

/** So far apart that no try meets another's penalties, and all meet the same tables. */
const TRY_APART_MS = 60_000;

const NONCE = bytesOf('nonce of the client');

function nameOf(number: number): string {
  return `user${String(number).padStart(3, '0')}`;
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(text).digest());
}

export interface Sample {
  readonly count: number;
  readonly mean: number;
  readonly variance: number;
}

export function sampleOf(values: readonly number[]): Sample {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { count: values.length, mean, variance: squares / (values.length - 1) };
}

/** Welch's t of the difference between two means. */
export function welch(a: Sample, b: Sample): number {
  return (a.mean - b.mean) / Math.sqrt(a.variance / a.count + b.variance / b.count);
}

/** What `values` are below the given share of all of them: pauses of the machine are cut off. */
export function cropped(values: readonly number[], limit: number): number[] {
  return values.filter((value) => value <= limit);
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/** Both times of each pair, ns; which of a pair comes first is drawn. */
export function measure(
  ground: Ground,
  pairs: number,
  seed: number,
  classes: readonly [boolean, boolean] = [true, false],
): { readonly first: number[]; readonly second: number[] } {
  const random = new SeededRandom(seed);
  const [first, second]: [number[], number[]] = [[], []];
  for (let pair = 0; pair < pairs; pair += 1) {
    const pick = Math.floor(random.float() * 1e6);
    const isSwapped = random.float() < 0.5;
    for (const index of isSwapped ? [1, 0] : [0, 1]) {
      const subject = ground.subject(index === 0 ? classes[0] : classes[1], pick);
      (index === 0 ? first : second).push(ground.tryLogin(subject));
    }
  }
  return { first, second };
}
