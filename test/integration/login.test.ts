/** Logging in over real sockets and real keys, to a server inside this process. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/io/connect.ts';
import type { ClientLink } from '../../src/io/connect.ts';
import { AccountStore } from '../../src/service/accounts/account-store.ts';
import { newPasswordRecord } from '../../src/service/accounts/new-password.ts';
import { passwordRecord, proveLogin } from '../../src/service/accounts/password-proof.ts';
import { Penalties } from '../../src/service/accounts/penalties.ts';
import { HASH_PARAMETERS } from '../../src/service/accounts/slow-hash.ts';
import { getFile, getRequest } from '../../src/service/client-get.ts';
import { postFile } from '../../src/service/client-post.ts';
import type { ClientSession, MakeRequest } from '../../src/service/client-session.ts';
import { dial } from '../../src/service/dial.ts';
import { EXIT, LftpError } from '../../src/service/error.ts';
import { publicKeyOf } from '../../src/service/identity/keys.ts';
import { MAX_STRANGERS_PER_SOURCE } from '../../src/service/limits.ts';
import type { ServiceLog } from '../../src/service/log.ts';
import { AttachTokens } from '../../src/service/login/attach-tokens.ts';
import { ClientLogin } from '../../src/service/login/client-login.ts';
import { encodeLogin } from '../../src/service/login/login-blob.ts';
import { Logins } from '../../src/service/login/logins.ts';
import { type SessionLogin, tokenLogin } from '../../src/service/login/session-login.ts';
import { decodeServerMessage, encodeMessage } from '../../src/service/messages.ts';
import type { ServerMessage } from '../../src/service/messages.ts';
import { FileServer } from '../../src/service/server.ts';
import { createDownload, openLocalFile, planLocalTarget } from '../../src/service/store-local.ts';
import { NEVER, QUIET } from '../unit/service/session-rig.ts';

const HOST = '127.0.0.1';

/** If it, or its proof, turns up anywhere, somebody can read it there. */
const CANARY = 'c4nary-in-a-coal-mine';

let folder: string;
let root: string;
let accounts: AccountStore;
let server: FileServer;
let port: number;
const lines: string[] = [];
const open: (() => Promise<void> | void)[] = [];

const code = (value: number): unknown => expect.objectContaining({ code: value });

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lftp-login-'));
  root = join(folder, 'root');
  await mkdir(root);
  await writeFile(join(root, 'public'), 'public');
  accounts = await AccountStore.open(join(folder, 'data'));
  const random = (count: number): Uint8Array => new Uint8Array(randomBytes(count));
  const logins = new Logins({
    accounts,
    anonymous: undefined,
    penalties: new Penalties(),
    tokens: new AttachTokens(),
    nowMs: () => performance.now(),
    randomBytes: random,
  });
  const keep = (fields: object, text: string): void =>
    void lines.push(JSON.stringify({ ...fields, text }));
  const log: ServiceLog = { info: keep, warn: keep, error: keep };
  server = await FileServer.start({
    root,
    security: { kind: 'sealed', secret: random(32) },
    logins,
    host: HOST,
    port: 0,
    maxClients: 1024,
    maxPatienceMs: undefined,
    config: undefined,
    log,
    version: '0.0.0',
  });
  ({ port } = server.address);
  lines.length = 0;
});

afterEach(async () => {
  for (const close of open.splice(0)) await close();
  await server.stop();
  accounts.close();
  await rm(folder, { recursive: true });
});

interface Credentials {
  readonly secret?: Uint8Array | undefined;
  readonly login?: SessionLogin | undefined;
  readonly firstRequest?: MakeRequest | undefined;
}

async function enter({ secret, login, firstRequest }: Credentials): Promise<ClientSession> {
  const security = { kind: 'sealed', secret } as const;
  const { session, link } = await dial({ host: HOST, port, security, login, firstRequest });
  open.push(async () => {
    await session.abort(0);
    link.close();
  });
  return session;
}

function withPassword(name: string, password: string): SessionLogin {
  return new ClientLogin({ name, password: () => Promise.resolve(password), hasNoKey: true });
}

function withKey(name: string): SessionLogin {
  return new ClientLogin({ name, password: () => Promise.reject(new Error('no password')) });
}

function addKeyAccount(name: string): Uint8Array {
  const secret = new Uint8Array(randomBytes(32));
  const keys = [{ publicKey: publicKeyOf(secret), comment: '' }];
  accounts.add({ name, home: [name], keys, password: undefined }, 0);
  return secret;
}

async function get(session: ClientSession, path: string[]): Promise<string> {
  const local = join(folder, 'got');
  const target = await planLocalTarget(local, 'got', 'always');
  const openSink = (file: Parameters<typeof createDownload>[1]) =>
    createDownload(target, file, 'always', false);
  await getFile(session, { path, openSink, signal: NEVER, observer: QUIET });
  return await readFile(local, 'utf8');
}

async function post(session: ClientSession, path: string[], text: string): Promise<void> {
  const local = join(folder, 'to-send');
  await writeFile(local, text);
  const source = await openLocalFile(local);
  const offer = { path, name: undefined, source, overwrite: 'always', keep: false } as const;
  await postFile(session, { ...offer, signal: NEVER, observer: QUIET });
  await source.close();
}

/** A connection without a session: what a program of one's own could say. */
async function raw(login: Uint8Array): Promise<ClientLink> {
  const link = await connect({ host: HOST, port, config: { login } });
  open.push(() => link.close());
  return link;
}

async function hear({ channel }: ClientLink): Promise<ServerMessage> {
  const bytes = await channel.nextMessage();
  const decoded = bytes === undefined ? undefined : decodeServerMessage(bytes);
  if (decoded?.ok !== true) throw new Error('nothing that makes sense');
  return decoded.message;
}

describe('logging in', () => {
  it('P-LOGIN-02 P-LOGIN-12 by key brings a request ahead to the own home', async () => {
    const secret = addKeyAccount('alice');
    const first = await enter({ secret, login: withKey('alice') });
    await post(first, ['note'], 'mine');
    expect((await stat(join(root, 'alice'))).mode & 0o777).toBe(0o700);
    const firstRequest = getRequest(['note']);
    const second = await enter({ secret, login: withKey('alice'), firstRequest });
    expect(await get(second, ['note'])).toBe('mine');
    await expect(get(second, ['public'])).rejects.toEqual(code(EXIT.MISSING));
    expect(await second.status()).toMatchObject({ access: 'rw' });
  });

  it('P-LOGIN-03 P-LOGIN-04 by password works with the right one, and tells of none', async () => {
    const record = await newPasswordRecord(CANARY);
    expect(record.parameters).toEqual(HASH_PARAMETERS);
    accounts.add({ name: 'alice', home: ['alice'], keys: [], password: record }, 0);
    const session = await enter({ login: withPassword('alice', CANARY) });
    await post(session, ['note'], 'mine');
    expect(await get(session, ['note'])).toBe('mine');
    const told: unknown[] = [];
    for (const [name, password] of [
      ['alice', `${CANARY}-wrong`],
      ['nobody', CANARY],
    ] as const) {
      const stranger = await enter({ login: withPassword(name, password) });
      const error: unknown = await stranger.status().catch((reason: unknown) => reason);
      if (!(error instanceof LftpError)) throw new Error('let in');
      const { code: exit, message, where, hint, path } = error;
      told.push({ exit, message, where, hint, path });
    }
    expect(told[0]).toMatchObject({ exit: EXIT.LOGIN, message: 'login refused', where: 'remote' });
    expect(told[1]).toEqual(told[0]);
    const everything = JSON.stringify([lines, told]);
    expect(everything).toContain('"account');
    for (const secret of ['c4nary', Buffer.from(record.storedKey).toString('hex')]) {
      expect(everything).not.toContain(secret);
    }
    const file = Buffer.concat([
      await readFile(join(folder, 'data', 'accounts.db')),
      await readFile(join(folder, 'data', 'accounts.db-wal')),
    ]);
    expect(file.includes('c4nary')).toBe(false);
  });

  it('P-LOGIN-09 is needed from the moment there is an account', async () => {
    const early = await enter({});
    expect(await get(early, ['public'])).toBe('public');
    expect(await early.status()).toMatchObject({ access: 'ro' });
    const secret = addKeyAccount('alice');
    const late = await enter({});
    await expect(late.status()).rejects.toEqual(code(EXIT.LOGIN));
    expect(await (await enter({ secret, login: withKey('alice') })).status()).toBeDefined();
  });

  it('P-LOGIN-10 is not needed with a token, which is for one client and once', async () => {
    const secret = addKeyAccount('alice');
    const session = await enter({ secret, login: withKey('alice') });
    const [one, two] = await session.tokens(2);
    const joined = await enter({ secret, login: tokenLogin(one!, 'alice') });
    await post(joined, ['note'], 'mine');
    const again = await enter({ secret, login: tokenLogin(one!, 'alice') });
    await expect(again.status()).rejects.toEqual(code(EXIT.LOGIN));
    const thief = await enter({ login: tokenLogin(two!, 'alice') });
    await expect(thief.status()).rejects.toEqual(code(EXIT.LOGIN));
    expect(JSON.stringify(lines)).not.toContain(Buffer.from(two!).toString('hex'));
  });

  it('P-LOGIN-03 with the proof of another connection is refused', async () => {
    const hash = new Uint8Array(32).fill(1);
    const challenge = { salt: new Uint8Array(16), parameters: HASH_PARAMETERS };
    const password = passwordRecord(hash, challenge);
    accounts.add({ name: 'alice', home: ['alice'], keys: [], password }, 0);
    const nonce = new Uint8Array(32).fill(2);
    const login = encodeLogin({ kind: 'account', name: 'alice', nonce });
    const links = [await raw(login), await raw(login)];
    const proofs = [];
    for (const link of links) {
      const message = await hear(link);
      if (!('op' in message) || message.op !== 'challenge') throw new Error('no challenge');
      const binding = link.channel.identity!.channelBinding;
      const context = { name: 'alice', clientNonce: nonce, serverNonce: message.nonce, binding };
      proofs.push(proveLogin(hash, challenge, context).proof);
    }
    await links[1]!.channel.sendMessage(encodeMessage({ op: 'proof', proof: proofs[0]! }));
    expect(await hear(links[1]!)).toMatchObject({ op: 'error', error: EXIT.LOGIN });
    await links[0]!.channel.sendMessage(encodeMessage({ op: 'proof', proof: proofs[0]! }));
    expect(await hear(links[0]!)).toMatchObject({ op: 'welcome', name: 'alice' });
  });
});

describe('strangers', () => {
  it('P-LOGIN-06 who send a file before they are in are sent away', async () => {
    addKeyAccount('alice');
    const nonce = new Uint8Array(32);
    const { channel } = await raw(encodeLogin({ kind: 'account', name: 'alice', nonce }));
    const upload = { op: 'post', id: 1, path: ['x'], size: 3, overwrite: 'always' } as const;
    await channel.sendMessage(encodeMessage(upload));
    const slab = await channel.acquireSlab(3);
    await channel.sendData(slab, 3);
    channel.endData();
    const reason = await channel.closed;
    expect(reason).toMatchObject({ kind: 'aborted', code: EXIT.PROTOCOL });
    expect(await readdir(root)).toEqual(['public']);
  });

  it('P-LOGIN-08 have 64 places per source, also those who were refused and stay', async () => {
    addKeyAccount('alice');
    const nonce = new Uint8Array(32);
    const login = encodeLogin({ kind: 'account', name: 'alice', nonce });
    const links: ClientLink[] = [];
    for (let i = 0; i < MAX_STRANGERS_PER_SOURCE; i += 1) links.push(await raw(login));
    // Ten hear a challenge and the others that they tried too often; all of them stay.
    const first = await Promise.all(links.map(hear));
    const refused = first.filter((message) => 'op' in message && message.op === 'error');
    expect(refused).toHaveLength(MAX_STRANGERS_PER_SOURCE - 10);
    const more = await raw(login);
    expect(await more.channel.closed).toMatchObject({ kind: 'aborted', code: EXIT.BUSY });
    expect(server.clientCount).toBe(MAX_STRANGERS_PER_SOURCE);
    links[0]!.channel.abort(0);
    await links[0]!.channel.linger();
    for (let i = 0; i < 500 && server.clientCount === MAX_STRANGERS_PER_SOURCE; i += 1) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(await hear(await raw(login))).toMatchObject({ op: 'error' });
  });
});
