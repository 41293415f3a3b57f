import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  accountNameFault,
  checkAccountName,
  parseHome,
} from '../../../../src/service/accounts/account-name.ts';
import { NO_LIMITS } from '../../../../src/service/accounts/account-limits.ts';
import { AccountStore } from '../../../../src/service/accounts/account-store.ts';
import {
  AccountDatabase,
  accountsFile,
  SCHEMA_VERSION,
} from '../../../../src/service/accounts/database-store.ts';
import { openHome } from '../../../../src/service/accounts/home-store.ts';
import { passwordRecord } from '../../../../src/service/accounts/password-proof.ts';
import { HASH_PARAMETERS } from '../../../../src/service/accounts/slow-hash.ts';
import { EXIT } from '../../../../src/service/error.ts';
import { fingerprintOf } from '../../../../src/service/identity/keys.ts';
import { MAX_ACCOUNT_KEYS } from '../../../../src/service/limits.ts';
import { Folder } from '../../../../src/service/store-walk.ts';

let folder: string;
const stores: AccountStore[] = [];

const code = (value: number): Error => expect.objectContaining({ code: value }) as Error;
const filled = (seed: number, length = 32): Uint8Array => new Uint8Array(length).fill(seed);
const key = (seed: number) => ({ publicKey: filled(seed), comment: `key ${seed}` });
const record = (seed: number) =>
  passwordRecord(filled(seed), { salt: filled(seed, 16), parameters: HASH_PARAMETERS });
const passwordOf = (store: AccountStore, name: string) => {
  const { record: kept, hasPassword } = store.login(name);
  return hasPassword ? kept : undefined;
};
const account = (name: string) => ({ name, home: [name], keys: [], password: undefined });

async function open(): Promise<AccountStore> {
  const store = await AccountStore.open(folder);
  stores.push(store);
  return store;
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lftp-accounts-'));
});

afterEach(async () => {
  for (const store of stores.splice(0)) store.close();
  await rm(folder, { recursive: true });
});

describe('names and homes', () => {
  it('are plain, so that they mean the same everywhere', () => {
    for (const name of ['alice', 'a', '0', 'build-2', 'a.b_c', 'x'.repeat(32), '__proto__']) {
      expect(accountNameFault(name)).toBe(undefined);
    }
    const wrong = ['', 'Alice', '.a', '-a', 'a/b', 'a b', 'ä', 'a\n', 'x'.repeat(33), 'anonymous'];
    for (const name of wrong) {
      expect(() => checkAccountName(name)).toThrow(code(EXIT.USAGE));
    }
  });

  it('a home is inside the served folder', () => {
    expect(parseHome('a/b')).toEqual(['a', 'b']);
    expect(parseHome('/a/')).toEqual(['a']);
    expect(parseHome('/')).toEqual([]);
    for (const text of ['', '..', 'a/../b', 'a//b', './a', '.lftp-udp/x', 'a\u0007', 'a\0']) {
      expect(() => parseHome(text)).toThrow(code(EXIT.USAGE));
    }
  });

  it('is made at the first login, and never through a link', async () => {
    const root = await Folder.openRoot(folder);
    try {
      const homes = await Promise.all([openHome(root, ['a', 'b']), openHome(root, ['a', 'b'])]);
      await Promise.all(homes.map((home) => home.close()));
      expect((await stat(join(folder, 'a/b'))).mode & 0o777).toBe(0o700);
      await symlink(tmpdir(), join(folder, 'out'));
      await writeFile(join(folder, 'file'), '');
      for (const home of [['out'], ['out', 'x'], ['file'], ['..']]) {
        await expect(openHome(root, home)).rejects.toThrow();
      }
      const itself = await openHome(root, []);
      expect(await itself.stat('a')).toBeDefined();
      await itself.close();
    } finally {
      await root.close();
    }
  });
});

describe('accounts', () => {
  it('come, change and go, and survive a reopening', async () => {
    const store = await open();
    expect(store.count).toBe(0);
    store.add({ name: 'bob', home: [], keys: [], password: record(1) }, 5000);
    store.add({ name: 'alice', home: ['x', 'y'], keys: [key(1)], password: undefined }, 6000);
    const other = await open();
    expect(other.count).toBe(2);
    expect(other.list()).toEqual([
      {
        name: 'alice',
        home: ['x', 'y'],
        createdMs: 6000,
        isDisabled: false,
        hasPassword: false,
        keys: [{ ...key(1), fingerprint: fingerprintOf(filled(1)), addedMs: 6000 }],
        rules: [],
        limits: NO_LIMITS,
      },
      {
        name: 'bob',
        home: [],
        createdMs: 5000,
        isDisabled: false,
        hasPassword: true,
        keys: [],
        rules: [],
        limits: NO_LIMITS,
      },
    ]);
    expect(passwordOf(other, 'bob')).toEqual(record(1));
    // What one changes, the other sees at once.
    store.setPassword('bob', record(2), 7000);
    expect(passwordOf(other, 'bob')).toEqual(record(2));
    store.remove('bob');
    expect(passwordOf(other, 'bob')).toBe(undefined);
    expect(other.find('bob')).toBe(undefined);
    store.add(account('bob'), 8000);
    expect(other.find('bob')).toMatchObject({ hasPassword: false, keys: [] });
  });

  it('say which is missing or taken, and change nothing then', async () => {
    const store = await open();
    store.add(account('alice'), 1);
    expect(() => store.add({ ...account('alice'), keys: [key(1)] }, 2)).toThrow(code(EXIT.EXISTS));
    expect(store.find('alice')).toMatchObject({ createdMs: 1, keys: [] });
    expect(() => store.remove('bob')).toThrow(code(EXIT.MISSING));
    expect(() => store.setPassword('bob', record(1), 1)).toThrow(code(EXIT.MISSING));
    expect(() => store.addKey('bob', key(1), 1)).toThrow(code(EXIT.MISSING));
    expect(() => store.removeKey('bob', '')).toThrow(code(EXIT.MISSING));
    expect(() => store.change('bob', { isDisabled: true }, 1)).toThrow(code(EXIT.MISSING));
    expect(store.count).toBe(1);
  });

  it('have keys, one of which may belong to several', async () => {
    const store = await open();
    store.add(account('alice'), 1);
    store.add(account('bob'), 1);
    expect(store.addKey('alice', key(1), 2)).toBe(true);
    expect(store.addKey('alice', key(1), 3)).toBe(false);
    expect(store.addKey('bob', key(1), 4)).toBe(true);
    expect(store.login('alice').hasKey(filled(1))).toBe(true);
    expect(store.login('alice').hasKey(filled(2))).toBe(false);
    expect(store.login('nobody').hasKey(filled(1))).toBe(false);
    expect(store.removeKey('alice', fingerprintOf(filled(2)))).toBe(undefined);
    expect(store.removeKey('alice', fingerprintOf(filled(1)))).toMatchObject({ comment: 'key 1' });
    expect(store.login('alice').hasKey(filled(1))).toBe(false);
    expect(store.login('bob').hasKey(filled(1))).toBe(true);
    for (let i = 0; i < MAX_ACCOUNT_KEYS; i += 1) store.addKey('alice', key(i + 2), i);
    expect(() => store.addKey('alice', key(99), 1)).toThrow(code(EXIT.BUSY));
  });

  it('let nobody in while they are disabled', async () => {
    const store = await open();
    store.add({ ...account('alice'), keys: [key(1)], password: record(1) }, 1);
    store.change('alice', { isDisabled: true }, 2);
    expect(store.find('alice')).toMatchObject({ isDisabled: true });
    expect(store.login('alice').hasKey(filled(1))).toBe(false);
    expect(passwordOf(store, 'alice')).toBe(undefined);
    store.change('alice', { isDisabled: false }, 3);
    expect(store.login('alice').hasKey(filled(1))).toBe(true);
    expect(passwordOf(store, 'alice')).toEqual(record(1));
  });

  it('share one secret for names that nobody has', async () => {
    const [one, two] = [await open(), await open()];
    expect(one.fakeSecret()).toHaveLength(32);
    expect(two.fakeSecret()).toEqual(one.fakeSecret());
  });
});

describe('the file of accounts', () => {
  it('is for its owner alone, and so is what lies beside it', async () => {
    const store = await open();
    store.add(account('alice'), 1);
    const names = await readdir(folder);
    expect(names).toContain('accounts.db-wal');
    for (const name of names) expect((await stat(join(folder, name))).mode & 0o077).toBe(0);
  });

  it('is alone and whole once it is closed, and stays open for others', async () => {
    const store = await open();
    store.add(account('alice'), 1);
    store.add(account('bob'), 1);
    store.close();
    stores.length = 0;
    expect(await readdir(folder)).toEqual(['accounts.db']);
    const [one, two] = [await open(), await open()];
    two.add(account('carol'), 1);
    two.close();
    one.add(account('dave'), 1);
    const names = one.list().map(({ name }) => name);
    expect(names).toEqual(['alice', 'bob', 'carol', 'dave']);
  });

  it('is refused when others can read it, when it is damaged, newer or not there', async () => {
    await expect(AccountStore.openExisting(folder)).rejects.toThrow(code(EXIT.LOCAL_IO));
    expect(await readdir(folder)).toEqual([]);
    await writeFile(accountsFile(folder), 'no database '.repeat(500), { mode: 0o600 });
    await expect(open()).rejects.toThrow(/damaged/);
    await rm(accountsFile(folder));
    (await open()).add(account('alice'), 1);
    await chmod(accountsFile(folder), 0o644);
    await expect(open()).rejects.toThrow(/others may read/);
    await chmod(accountsFile(folder), 0o600);
    const database = await AccountDatabase.open(folder, true);
    database.run(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    database.close();
    await expect(open()).rejects.toThrow(/later version/);
  });

  it('is no folder, and its folder is closed to others', async () => {
    await mkdir(accountsFile(folder));
    await expect(open()).rejects.toThrow(code(EXIT.LOCAL_IO));
    await rm(accountsFile(folder), { recursive: true });
    await chmod(folder, 0o777);
    await expect(open()).rejects.toThrow(/others may write/);
  });

  it('takes all of a change or nothing', async () => {
    const database = await AccountDatabase.open(folder, false);
    const insert = "INSERT INTO account (name, home, created_ms) VALUES (?, '', 1)";
    const work = (): void => {
      database.run(insert, 'a');
      database.run(insert, 'a');
    };
    expect(() => database.atomically(work)).toThrow(code(EXIT.LOCAL_IO));
    expect(database.rows('SELECT * FROM account')).toEqual([]);
    database.close();
  });
});
