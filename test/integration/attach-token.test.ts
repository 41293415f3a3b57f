import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SEALED } from '../../src/io/security.ts';
import { AccountStore } from '../../src/service/accounts/account-store.ts';
import { Penalties } from '../../src/service/accounts/penalties.ts';
import { type Connected, dial } from '../../src/service/dial.ts';
import { publicKeyOf } from '../../src/service/identity/keys.ts';
import { NO_LOG } from '../../src/service/log.ts';
import { AttachTokens } from '../../src/service/login/attach-tokens.ts';
import { ClientLogin } from '../../src/service/login/client-login.ts';
import { Logins } from '../../src/service/login/logins.ts';
import { type SessionLogin, tokenLogin } from '../../src/service/login/session-login.ts';
import { FileServer } from '../../src/service/server.ts';

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

async function connect(login: SessionLogin, key = secret): Promise<Connected> {
  const { host, port } = server.address;
  const connected = await dial({ host, port, security: { kind: 'sealed', secret: key }, login });
  open.push(connected);
  return connected;
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
    const stolen = await connect(tokenLogin(second!, 'alice'), new Uint8Array(randomBytes(32)));
    await expect(stolen.session.status()).rejects.toMatchObject({ code: 8 });
  });

  it('P-LOGIN-10 is refused by a client when it lets it in as somebody else', async () => {
    const { session } = await connect(loginByKey());
    const [token] = await session.tokens(1);
    const joined = await connect(tokenLogin(token!, 'bob'));
    await expect(joined.session.status()).rejects.toMatchObject({ code: 8 });
  });
});
