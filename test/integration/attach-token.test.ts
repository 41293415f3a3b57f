import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEALED } from '../../src/io/security.ts';
import { AccountStore } from '../../src/service/accounts/account-store.ts';
import { newPasswordRecord } from '../../src/service/accounts/new-password.ts';
import { Penalties } from '../../src/service/accounts/penalties.ts';
import { getFile, getRequest } from '../../src/service/client-get.ts';
import { type Connected, dial } from '../../src/service/dial.ts';
import { publicKeyOf } from '../../src/service/identity/keys.ts';
import { NO_LOG } from '../../src/service/log.ts';
import { AttachTokens } from '../../src/service/login/attach-tokens.ts';
import { ClientLogin } from '../../src/service/login/client-login.ts';
import { Logins } from '../../src/service/login/logins.ts';
import { type SessionLogin, tokenLogin } from '../../src/service/login/session-login.ts';
import { FileServer } from '../../src/service/server.ts';
import { createDownload, planLocalTarget } from '../../src/service/store-local.ts';
import { NEVER, QUIET } from '../unit/service/session-rig.ts';
import { Tap } from './tap.ts';

const FILE = ['file'];
const PASSWORD = 'correct horse';
const secret = new Uint8Array(randomBytes(32));
let folder: string;
let accounts: AccountStore;
let server: FileServer;
const open: Connected[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lftp-token-'));
  mkdirSync(join(folder, 'root'));
  accounts = await AccountStore.open(join(folder, 'data'));
  const key = { publicKey: publicKeyOf(secret), comment: '' };
  accounts.add({ name: 'alice', home: ['alice'], keys: [key], password: undefined }, 0);
  const logins = new Logins({
    accounts,
    anonymous: undefined,
    penalties: new Penalties(),
    tokens: new AttachTokens(),
    nowMs: () => performance.now(),
    randomBytes: (count) => new Uint8Array(randomBytes(count)),
  });
  const common = { maxClients: 10, maxPatienceMs: undefined, config: undefined, log: NO_LOG };
  const where = { root: join(folder, 'root'), host: '127.0.0.1', port: 0, version: '0' };
  server = await FileServer.start({ ...common, ...where, security: SEALED, logins });
});

afterEach(async () => {
  for (const { session, link } of open.splice(0)) {
    await session.finish();
    link.close();
  }
  await server.stop();
  accounts.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Way {
  readonly key?: Uint8Array;
  /** Through a tap, with the request for `FILE` in the opening. */
  readonly tap?: Tap;
}

async function connect(login: SessionLogin, { key = secret, tap }: Way = {}): Promise<Connected> {
  const { host, port } = server.address;
  const security = { kind: 'sealed', secret: key } as const;
  const firstRequest = tap === undefined ? undefined : getRequest(FILE);
  const connected = await dial({ host, port: tap?.port ?? port, security, login, firstRequest });
  open.push(connected);
  return connected;
}

/** A get through `tap`. @returns the journeys there and back until the first byte of the file */
async function roundTripsOfGet(tap: Tap, login: SessionLogin): Promise<number> {
  const { session } = await connect(login, { tap });
  const target = await planLocalTarget(join(folder, 'got'), 'got', 'always');
  const openSink: Parameters<typeof getFile>[1]['openSink'] = (file) =>
    createDownload(target, file, 'always', false);
  await getFile(session, { path: FILE, openSink, signal: NEVER, observer: QUIET });
  expect(readFileSync(join(folder, 'got'), 'utf8')).toBe('bob’s');
  return tap.roundTripsToData;
}

function loginByKey(): ClientLogin {
  return new ClientLogin({
    name: 'alice',
    password: () => Promise.reject(new Error('asked for a password')),
  });
}

describe('a token of a session', () => {
  it('P-LOGIN-10 joins one further connection of the same key, once', async () => {
    const { session } = await connect(loginByKey());
    const [first, second] = await session.tokens(2);
    const joined = await connect(tokenLogin(first!, 'alice'));
    expect((await joined.session.status()).access).toBe('rw');
    const again = await connect(tokenLogin(first!, 'alice'));
    await expect(again.session.status()).rejects.toMatchObject({ code: 8 });
    const otherKey = new Uint8Array(randomBytes(32));
    const stolen = await connect(tokenLogin(second!, 'alice'), { key: otherKey });
    await expect(stolen.session.status()).rejects.toMatchObject({ code: 8 });
  });

  it('P-LOGIN-10 is refused by a client when it lets it in as somebody else', async () => {
    const { session } = await connect(loginByKey());
    const [token] = await session.tokens(1);
    const joined = await connect(tokenLogin(token!, 'bob'));
    await expect(joined.session.status()).rejects.toMatchObject({ code: 8 });
  });

  it('P-LOGIN-10 spares the login: two round trips to the first byte, three without', async () => {
    const password = await newPasswordRecord(PASSWORD);
    accounts.add({ name: 'bob', home: ['bob'], keys: [], password }, 0);
    mkdirSync(join(folder, 'root', 'bob'));
    writeFileSync(join(folder, 'root', 'bob', 'file'), 'bob’s');
    const byPassword = (): ClientLogin =>
      new ClientLogin({ name: 'bob', password: () => Promise.resolve(PASSWORD) });
    const tap = await Tap.open(server.address.port, 50);
    expect(await roundTripsOfGet(tap, byPassword())).toBe(3);
    expect(tap.order).toContain('up op');
    const [token] = await (await connect(byPassword())).session.tokens(1);
    tap.passed.length = 0;
    expect(await roundTripsOfGet(tap, tokenLogin(token!, 'bob'))).toBe(2);
    const untilData = tap.order.slice(0, tap.order.indexOf('down dat'));
    expect(untilData.slice(0, 3)).toEqual(['up syn', 'down synAck', 'up third']);
    expect(new Set(untilData.slice(3))).toEqual(new Set(['down op']));
    tap.close();
  });
});
