/** A server's door in virtual time: accounts, penalties, tokens, and clients that knock. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnonymousRule } from '../../../../src/service/access.ts';
import { AccountStore } from '../../../../src/service/accounts/account-store.ts';
import {
  passwordRecord,
  type PasswordRecord,
  proveLogin,
} from '../../../../src/service/accounts/password-proof.ts';
import { Penalties } from '../../../../src/service/accounts/penalties.ts';
import { HASH_PARAMETERS } from '../../../../src/service/accounts/slow-hash.ts';
import {
  type Admitted,
  admit,
  type AdmissionWorld,
  type LoginTimer,
} from '../../../../src/service/login/admission.ts';
import { AttachTokens } from '../../../../src/service/login/attach-tokens.ts';
import { encodeLogin } from '../../../../src/service/login/login-blob.ts';
import type { ChallengeMessage } from '../../../../src/service/login/login-messages.ts';
import { Logins } from '../../../../src/service/login/logins.ts';
import { decodeServerMessage, encodeMessage } from '../../../../src/service/messages.ts';
import type { ServerMessage } from '../../../../src/service/messages.ts';
import { channelPair, type FakeChannel } from '../fake-channel.ts';

export const filled = (seed: number, length = 32): Uint8Array => new Uint8Array(length).fill(seed);

/** The record of a password whose slow hash is `filled(seed)`: the hash itself is not at stake. */
export function recordOf(seed: number): PasswordRecord {
  return passwordRecord(filled(seed), { salt: filled(seed, 16), parameters: HASH_PARAMETERS });
}

/** Waits until nothing is left to do that needs no time. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

export class VirtualWorld implements AdmissionWorld {
  private now = 0;
  private readonly timers = new Set<{ readonly atMs: number; readonly ring: () => void }>();

  readonly nowMs = (): number => this.now;
  readonly randomBytes = (count: number): Uint8Array => new Uint8Array(randomBytes(count));

  readonly timer = (ms: number): LoginTimer => {
    let ring: () => void = () => undefined;
    const passed = new Promise<void>((resolve) => {
      ring = resolve;
    });
    const entry = { atMs: this.now + ms, ring };
    this.timers.add(entry);
    return { passed, cancel: () => this.timers.delete(entry) };
  };

  get runningTimers(): number {
    return this.timers.size;
  }

  /** Lets time pass, timer by timer. */
  async advance(ms: number): Promise<void> {
    const endMs = this.now + ms;
    for (;;) {
      await settled();
      const due = [...this.timers].filter(({ atMs }) => atMs <= endMs);
      const next = due.sort((a, b) => a.atMs - b.atMs)[0];
      if (next === undefined) break;
      this.timers.delete(next);
      this.now = next.atMs;
      next.ring();
    }
    this.now = endMs;
    await settled();
  }
}

export interface Knock {
  readonly address?: string;
  /** Undefined: `filled(200)`; null: no keys at all. */
  readonly key?: Uint8Array | null;
  readonly binding?: Uint8Array;
  readonly login?: Uint8Array | undefined;
}

/** One client at the door. */
export interface Visit {
  readonly client: FakeChannel;
  readonly server: FakeChannel;
  readonly admitted: Promise<Admitted | undefined>;
}

export class Door {
  readonly world = new VirtualWorld();
  readonly accounts: AccountStore;
  readonly penalties = new Penalties();
  readonly tokens = new AttachTokens();
  readonly logins: Logins;
  private readonly folder: string;

  private constructor(folder: string, accounts: AccountStore, anonymous?: AnonymousRule) {
    this.folder = folder;
    this.accounts = accounts;
    const { penalties, tokens, world } = this;
    const { nowMs, randomBytes: random } = world;
    this.logins = new Logins({
      accounts,
      anonymous,
      penalties,
      tokens,
      nowMs,
      randomBytes: random,
    });
  }

  static async make(anonymous?: AnonymousRule): Promise<Door> {
    const folder = await mkdtemp(join(tmpdir(), 'lftp-door-'));
    return new Door(folder, await AccountStore.open(folder), anonymous);
  }

  /** @param seed of key and password; undefined for neither */
  addAccount(name: string, key?: number, password?: number): void {
    const keys = key === undefined ? [] : [{ publicKey: filled(key), comment: '' }];
    const record = password === undefined ? undefined : recordOf(password);
    this.accounts.add({ name, home: [name], keys, password: record }, 0);
  }

  knock({ address = '192.0.2.1', key = filled(200), binding, login }: Knock = {}): Visit {
    const [client, server] = channelPair();
    server.peer = { key: `${address}|1`, address, port: 1, family: 4 };
    const channelBinding = binding ?? filled(90);
    if (key !== null) {
      server.identity = { publicKey: key, channelBinding };
      client.identity = { publicKey: filled(199), channelBinding };
    }
    server.login = login;
    const admitted = admit(server, this.logins, this.world);
    admitted.catch(() => undefined);
    return { client, server, admitted };
  }

  /** Accounts of another process in the same folder, as `lftp user` changes them. */
  async others(): Promise<AccountStore> {
    return await AccountStore.open(this.folder);
  }

  async remove(): Promise<void> {
    this.accounts.close();
    await rm(this.folder, { recursive: true });
  }
}

export const CLIENT_NONCE = filled(77);

export function loginAs(name: string): Uint8Array {
  return encodeLogin({ kind: 'account', name, nonce: CLIENT_NONCE });
}

/** What the server said next. */
export async function hear(client: FakeChannel): Promise<ServerMessage> {
  const bytes = await client.nextMessage();
  if (bytes === undefined) throw new Error('the server left');
  const decoded = decodeServerMessage(bytes);
  if (!decoded.ok) throw new Error(decoded.fault);
  return decoded.message;
}

export async function hearChallenge(client: FakeChannel): Promise<ChallengeMessage> {
  const message = await hear(client);
  if ('op' in message && message.op === 'challenge') return message;
  throw new Error('no challenge');
}

/** The proof of whoever knows the slow hash `filled(seed)`. */
export function proofFor(
  name: string,
  seed: number,
  { algorithm, n, r, p, salt, nonce }: ChallengeMessage,
  binding = filled(90),
): { readonly proof: Uint8Array; readonly signature: Uint8Array } {
  const challenge = { salt, parameters: { algorithm, n, r, p } };
  const context = { name, clientNonce: CLIENT_NONCE, serverNonce: nonce, binding };
  return proveLogin(filled(seed), challenge, context);
}

/** Answers the challenge with the password `filled(seed)`. */
export async function answer(visit: Visit, name: string, seed: number): Promise<Uint8Array> {
  const { proof, signature } = proofFor(name, seed, await hearChallenge(visit.client));
  await visit.client.sendMessage(encodeMessage({ op: 'proof', proof }));
  return signature;
}
