/**
 * The accounts of a server, in `accounts.db` of its data folder. Several processes may work on them
 * at once; what one has changed, the next question of another sees. Calls are short and block.
 */
import type { KeyLine } from '../../crypto/fingerprint.ts';
import { EXIT, LftpError } from '../error.ts';
import { fingerprintOf } from '../identity/keys.ts';
import { MAX_ACCOUNT_KEYS } from '../limits.ts';
import type { RemotePath } from '../path.ts';
import type { PathRule } from '../rights.ts';
import { limitsOf, limitUpdates } from './account-limits.ts';
import type { AccountLimits, LimitColumn, LimitsChange } from './account-limits.ts';
import { AccountRules } from './account-rules.ts';
import type { RightsChange } from './account-rules.ts';
import { AccountDatabase } from './database-store.ts';
import type { Row, SqlValue } from './database-store.ts';
import { LoginBook } from './login-book.ts';
import type { LoginEntry } from './login-book.ts';
import type { PasswordRecord } from './password-proof.ts';
import type { HomeQuota } from './quota-book.ts';
import { bytesOf, numberOf, textOf } from './row-fields.ts';

export interface AccountKey extends KeyLine {
  readonly fingerprint: string;
  readonly addedMs: number;
}

export interface Account {
  readonly name: string;
  /** Below the served folder. */
  readonly home: RemotePath;
  /** ms since 1970 */
  readonly createdMs: number;
  readonly isDisabled: boolean;
  readonly hasPassword: boolean;
  readonly keys: readonly AccountKey[];
  /** In the order of their paths. */
  readonly rules: readonly PathRule[];
  readonly limits: AccountLimits;
}

/** What becomes different; the rest stays. */
export interface AccountChange {
  readonly home?: RemotePath | undefined;
  readonly isDisabled?: boolean | undefined;
  readonly rights?: RightsChange | undefined;
  readonly limits?: LimitsChange | undefined;
}

export interface NewAccount {
  readonly name: string;
  readonly home: RemotePath;
  readonly keys: readonly KeyLine[];
  readonly password: PasswordRecord | undefined;
}

export class AccountStore {
  private readonly database: AccountDatabase;
  private readonly book: LoginBook;
  private readonly rules: AccountRules;

  private constructor(database: AccountDatabase) {
    this.database = database;
    this.book = new LoginBook(database);
    this.rules = new AccountRules(database);
  }

  /**
   * Opens the accounts of the data folder, and makes them if there are none.
   * @throws LftpError 11, 14, 21
   */
  static async open(dataFolder: string): Promise<AccountStore> {
    return new AccountStore(await AccountDatabase.open(dataFolder, false));
  }

  /** The same, for those who would not expect to find none. @throws LftpError 14, 21 */
  static async openExisting(dataFolder: string): Promise<AccountStore> {
    return new AccountStore(await AccountDatabase.open(dataFolder, true));
  }

  close(): void {
    this.database.close();
  }

  get count(): number {
    return this.book.count;
  }

  /** Of every home that has one. @throws LftpError 14, 21 */
  quotas(): readonly HomeQuota[] {
    const sql = `${SELECT_ACCOUNT} WHERE quota_bytes IS NOT NULL OR quota_files IS NOT NULL`;
    return this.database.rows(sql).map((row) => {
      const { quotaBytes: bytes = Infinity, quotaFiles: files = Infinity } = limitsOf(row);
      return { home: homeOf(row), quota: { bytes, files } };
    });
  }

  /** Another text whenever anybody has changed anything. @throws LftpError 14, 21 */
  get version(): string {
    return this.database.version;
  }

  /** In the order of their names. */
  list(): readonly Account[] {
    return this.database.rows(`${SELECT_ACCOUNT} ORDER BY name`).map((row) => this.account(row));
  }

  find(name: string): Account | undefined {
    const [row] = this.database.rows(`${SELECT_ACCOUNT} WHERE name = ?`, name);
    return row && this.account(row);
  }

  /** @throws LftpError 18 when the name is taken */
  add({ name, home, keys, password }: NewAccount, nowMs: number): void {
    this.database.atomically(() => {
      if (this.find(name) !== undefined) throw takenError(name);
      const sql = 'INSERT INTO account (name, home, created_ms) VALUES (?, ?, ?)';
      this.database.run(sql, name, home.join('/'), nowMs);
      const id = this.idOf(name);
      for (const key of keys) this.insertKey(id, key, nowMs);
      if (password !== undefined) this.upsertPassword(id, password, nowMs);
    });
  }

  /** @throws LftpError 4 when there is no such account */
  remove(name: string): void {
    const changed = this.database.run('DELETE FROM account WHERE name = ?', name);
    if (changed === 0) throw missingError(name);
  }

  /** All of it or nothing. @throws LftpError 2, 4 */
  change(name: string, change: AccountChange, nowMs: number): void {
    const { home, isDisabled, rights, limits = {} } = change;
    this.database.atomically(() => {
      const id = this.idOf(name);
      if (home !== undefined) this.update(id, 'home', home.join('/'));
      if (isDisabled !== undefined) this.update(id, 'disabled_ms', isDisabled ? nowMs : null);
      if (rights !== undefined) this.rules.change(id, rights);
      for (const [column, value] of limitUpdates(limits)) this.update(id, column, value);
    });
  }

  /** @throws LftpError 4 */
  setPassword(name: string, record: PasswordRecord, nowMs: number): void {
    this.database.atomically(() => this.upsertPassword(this.idOf(name), record, nowMs));
  }

  /** @returns false when the account has the key already; @throws LftpError 4, 21 */
  addKey(name: string, key: KeyLine, nowMs: number): boolean {
    return this.database.atomically(() => this.insertKey(this.idOf(name), key, nowMs));
  }

  /** @returns the key, or undefined when the account has none such; @throws LftpError 4 */
  removeKey(name: string, fingerprint: string): AccountKey | undefined {
    return this.database.atomically(() => {
      const id = this.idOf(name);
      const key = this.keysOf(id).find((entry) => entry.fingerprint === fingerprint);
      if (key === undefined) return undefined;
      const sql = 'DELETE FROM account_key WHERE account = ? AND public_key = ?';
      this.database.run(sql, id, key.publicKey);
      return key;
    });
  }

  /** What logging in needs to know of `name`, in the same time for every name. */
  login(name: string): LoginEntry {
    return this.book.entry(name);
  }

  /** What the records of unknown names are made up from (password-proof.ts). */
  fakeSecret(): Uint8Array {
    return this.book.fakeSecret();
  }

  private account(row: Row): Account {
    return {
      name: textOf(row, 'name'),
      home: homeOf(row),
      createdMs: numberOf(row, 'created_ms'),
      isDisabled: row['disabled_ms'] !== null,
      hasPassword: numberOf(row, 'has_password') === 1,
      keys: this.keysOf(numberOf(row, 'id')),
      rules: this.rules.of(numberOf(row, 'id')),
      limits: limitsOf(row),
    };
  }

  private update(id: number, column: Column, value: SqlValue): void {
    this.database.run(`UPDATE account SET ${column} = ? WHERE id = ?`, value, id);
  }

  private keysOf(id: number): readonly AccountKey[] {
    const sql = 'SELECT * FROM account_key WHERE account = ? ORDER BY added_ms, public_key';
    return this.database.rows(sql, id).map((row) => {
      const publicKey = bytesOf(row, 'public_key');
      const fingerprint = fingerprintOf(publicKey);
      const comment = textOf(row, 'comment');
      return { publicKey, comment, fingerprint, addedMs: numberOf(row, 'added_ms') };
    });
  }

  private idOf(name: string): number {
    const [row] = this.database.rows('SELECT id FROM account WHERE name = ?', name);
    if (row === undefined) throw missingError(name);
    return numberOf(row, 'id');
  }

  private insertKey(id: number, { publicKey, comment }: KeyLine, nowMs: number): boolean {
    if (this.keysOf(id).length >= MAX_ACCOUNT_KEYS) throw tooManyKeys();
    const sql = 'INSERT OR IGNORE INTO account_key VALUES (?, ?, ?, ?)';
    return this.database.run(sql, id, publicKey, comment, nowMs) === 1;
  }

  private upsertPassword(id: number, record: PasswordRecord, nowMs: number): void {
    const { salt, parameters, storedKey, serverKey } = record;
    const { algorithm, n, r, p } = parameters;
    const sql = 'INSERT OR REPLACE INTO password VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)';
    this.database.run(sql, id, algorithm, n, r, p, salt, storedKey, serverKey, nowMs);
  }
}

/** What can be changed of an account's own row. */
type Column = 'home' | 'disabled_ms' | LimitColumn;

const SELECT_ACCOUNT =
  'SELECT account.*, EXISTS (SELECT 1 FROM password WHERE account = account.id) AS has_password ' +
  'FROM account';

function homeOf(row: Row): RemotePath {
  const home = textOf(row, 'home');
  return home === '' ? [] : home.split('/');
}

function missingError(name: string): LftpError {
  return new LftpError(EXIT.MISSING, 'local', `there is no account "${name}"`, {
    hint: 'lftp user list shows those there are; check --data.',
  });
}

function takenError(name: string): LftpError {
  return new LftpError(EXIT.EXISTS, 'local', `there is an account "${name}" already`, {
    hint: 'Choose another name, or change it with lftp user passwd or lftp user key.',
  });
}

function tooManyKeys(): LftpError {
  const text = `an account has at most ${MAX_ACCOUNT_KEYS} keys`;
  return new LftpError(EXIT.BUSY, 'local', text, {
    hint: 'Take one out first: lftp user key NAME FILE --remove',
  });
}
