/** Databases that earlier versions of this program wrote, made by their own code. */
import { chmod, copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_LIMITS } from '../../../../src/service/accounts/account-limits.ts';
import { AccountStore } from '../../../../src/service/accounts/account-store.ts';
import {
  AccountDatabase,
  accountsFile,
  SCHEMA_VERSION,
} from '../../../../src/service/accounts/database-store.ts';

const KEPT = fileURLToPath(new URL('../../../compat/accounts/version-1.db', import.meta.url));

let folder: string;

const version = (database: AccountDatabase): unknown =>
  database.rows('PRAGMA user_version')[0]?.['user_version'];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lftp-schema-'));
  await copyFile(KEPT, accountsFile(folder));
  await chmod(accountsFile(folder), 0o600);
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

describe('a database of an earlier version', () => {
  it('keeps its accounts, keys and passwords', async () => {
    const store = await AccountStore.openExisting(folder);
    const [alice, bob] = store.list();
    expect(alice).toMatchObject({ name: 'alice', home: ['team', 'alice'], rules: [] });
    expect(alice?.keys.map(({ comment }) => comment)).toEqual(['key 1']);
    expect(bob).toMatchObject({ name: 'bob', isDisabled: true, hasPassword: true });
    expect(store.login('alice').hasKey(new Uint8Array(32).fill(1))).toBe(true);
    // And is as good as a new one.
    store.change('alice', { rights: { deny: { path: ['a'], rights: ['read'] } } }, 1);
    store.change('alice', { limits: { quotaBytes: 2 ** 50, maxSessions: 3 } }, 1);
    expect(store.find('alice')?.limits).toEqual({
      ...NO_LIMITS,
      quotaBytes: 2 ** 50,
      maxSessions: 3,
    });
    store.change('alice', { limits: { quotaBytes: null } }, 1);
    expect(store.find('alice')?.limits).toEqual({ ...NO_LIMITS, maxSessions: 3 });
    expect(store.find('alice')?.rules).toEqual([{ path: ['a'], allowed: [], denied: ['read'] }]);
    store.close();
    const database = await AccountDatabase.open(folder, true);
    expect(version(database)).toBe(SCHEMA_VERSION);
    database.close();
  });

  it('is brought up once, however many open it at the same time', async () => {
    const opened = await Promise.all(
      Array.from({ length: 4 }, () => AccountDatabase.open(folder, true)),
    );
    for (const database of opened) expect(version(database)).toBe(SCHEMA_VERSION);
    for (const database of opened) database.close();
  });

  it('stays as it was when a step fails', async () => {
    const database = await AccountDatabase.open(folder, true);
    database.run('DROP TABLE account_rule');
    // What the second step makes is in its way.
    database.run('CREATE TABLE account_rule (x INTEGER) STRICT');
    database.run('PRAGMA user_version = 1');
    database.close();
    const before = await readFile(accountsFile(folder));
    await expect(AccountDatabase.open(folder, true)).rejects.toThrow(/account_rule/);
    const again = await AccountDatabase.open(folder, true).catch(() => undefined);
    expect(again).toBe(undefined);
    expect((await readFile(accountsFile(folder))).length).toBe(before.length);
  });

  it('that a later version wrote is refused, and not touched', async () => {
    const database = await AccountDatabase.open(folder, true);
    database.run(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    database.close();
    const before = await readFile(accountsFile(folder));
    await expect(AccountDatabase.open(folder, true)).rejects.toThrow(/later version/);
    expect((await readFile(accountsFile(folder))).equals(before)).toBe(true);
  });
});
