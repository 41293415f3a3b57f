/**
 * The file `accounts.db` as a database: opened, checked, brought to this version's shape, and its
 * failures told as ours. libsql is loaded here and only when accounts are wanted.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database, Statement } from 'libsql';
import { asError, EXIT, LftpError, systemCode } from '../error.ts';
import { makeServerFolder } from '../identity/private-store.ts';
import { localFileError } from '../store-errors.ts';

/** Another process writes for a few ms; one that needs longer has a problem of its own. */
const BUSY_TIMEOUT_MS = 10_000;

/**
 * Each entry brings the schema one version further; the file's `user_version` says how many it
 * has had. An entry that was released never changes.
 */
const MIGRATIONS: readonly string[] = [
  `CREATE TABLE account (
     id INTEGER PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     home TEXT NOT NULL,
     created_ms INTEGER NOT NULL,
     disabled_ms INTEGER
   ) STRICT;
   CREATE TABLE account_key (
     account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
     public_key BLOB NOT NULL CHECK (length(public_key) = 32),
     comment TEXT NOT NULL,
     added_ms INTEGER NOT NULL,
     PRIMARY KEY (account, public_key)
   ) STRICT;
   CREATE TABLE password (
     account INTEGER PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
     algorithm TEXT NOT NULL,
     n INTEGER NOT NULL,
     r INTEGER NOT NULL,
     p INTEGER NOT NULL,
     salt BLOB NOT NULL,
     stored_key BLOB NOT NULL,
     server_key BLOB NOT NULL,
     changed_ms INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE secret (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;`,
  `CREATE TABLE account_rule (
     account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
     path TEXT NOT NULL,
     allowed TEXT NOT NULL,
     denied TEXT NOT NULL,
     PRIMARY KEY (account, path)
   ) STRICT;`,
  `ALTER TABLE account ADD COLUMN quota_bytes INTEGER;
   ALTER TABLE account ADD COLUMN quota_files INTEGER;
   ALTER TABLE account ADD COLUMN bytes_per_second INTEGER;
   ALTER TABLE account ADD COLUMN max_sessions INTEGER;
   ALTER TABLE account ADD COLUMN expires_ms INTEGER;`,
];

export const SCHEMA_VERSION = MIGRATIONS.length;

export function accountsFile(dataFolder: string): string {
  return join(dataFolder, 'accounts.db');
}

/** A value that a statement takes or a row holds. */
export type SqlValue = string | number | null | Uint8Array;

export type Row = Readonly<Record<string, unknown>>;

export class AccountDatabase {
  private readonly path: string;
  private readonly database: Database;
  private askVersion: Statement | undefined;
  private ownChanges = 0;

  private constructor(path: string, database: Database) {
    this.path = path;
    this.database = database;
  }

  /**
   * @param mustExist false: make it if it is not there
   * @throws LftpError 11, 14, 21
   */
  static async open(dataFolder: string, mustExist: boolean): Promise<AccountDatabase> {
    const path = accountsFile(dataFolder);
    if (!mustExist) await makeServerFolder(dataFolder);
    await checkFile(path, mustExist);
    const { default: Libsql } = await import('libsql');
    let database: Database | undefined;
    try {
      database = new Libsql(path);
      database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
      const opened = new AccountDatabase(path, database);
      opened.prepareFile();
      return opened;
    } catch (error) {
      database?.close();
      throw databaseError(error, path);
    }
  }

  /**
   * Leaves one whole file behind and none beside it, where nobody else has it open: a copy of it
   * misses nothing. Whoever opens it next makes the log anew.
   */
  close(): void {
    try {
      // Without waiting: a server that runs keeps its log, and loses nothing by it. Statements
      // that are not collected yet keep the log open, so the closing alone would leave it there.
      this.database.exec('PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)');
      this.database.exec('PRAGMA journal_mode = DELETE');
    } catch {
      // What was committed is in the log, and the next one to open it finds it there.
    }
    this.database.close();
  }

  /** Another text whenever anybody has changed anything. @throws LftpError 14, 21 */
  get version(): string {
    return this.guard(() => {
      this.askVersion ??= this.database.prepare('PRAGMA data_version');
      // SQLite counts what others have changed, and leaves out what came through here.
      const row = this.askVersion.get() as Row;
      return `${String(row['data_version'])}+${this.ownChanges}`;
    });
  }

  /** @returns how many rows were changed; @throws LftpError 11, 14, 21 */
  run(sql: string, ...values: readonly SqlValue[]): number {
    this.ownChanges += 1;
    return this.guard(() => this.database.prepare(sql).run([...values]).changes);
  }

  /** @throws LftpError 14, 21 */
  rows(sql: string, ...values: readonly SqlValue[]): readonly Row[] {
    return this.guard(() => this.database.prepare(sql).all([...values]) as Row[]);
  }

  /** All of `work` or nothing of it. @throws LftpError 11, 14, 21; what `work` throws */
  atomically<T>(work: () => T): T {
    return this.guard(() => {
      this.ownChanges += 1;
      this.database.exec('BEGIN IMMEDIATE');
      try {
        const result = work();
        this.database.exec('COMMIT');
        return result;
      } catch (error) {
        if (this.database.inTransaction) this.database.exec('ROLLBACK');
        throw error;
      } finally {
        // Who read in the middle of it has to look again.
        this.ownChanges += 1;
      }
    });
  }

  /** @throws LftpError 14 for a file of a later version, which stays as it is */
  private prepareFile(): void {
    const { database } = this;
    const version = this.schemaVersion();
    if (version > SCHEMA_VERSION) throw newerError(this.path, version);
    database.exec('PRAGMA synchronous = FULL');
    if (version < SCHEMA_VERSION) {
      database.exec('PRAGMA journal_mode = WAL');
      // Constraints are off inside a migration: a table may have to be rebuilt.
      while (this.atomically(() => this.migrateOnce()) < SCHEMA_VERSION);
    }
    database.exec('PRAGMA foreign_keys = ON');
  }

  /**
   * One version further. Looks at the version again: whoever had the lock before may have been
   * here, and may be of a later version.
   * @returns the version that the file has now
   */
  private migrateOnce(): number {
    const version = this.schemaVersion();
    if (version > SCHEMA_VERSION) throw newerError(this.path, version);
    const sql = MIGRATIONS[version];
    if (sql === undefined) return version;
    this.database.exec(sql);
    if (version === 0) {
      // Known to no client, and the same for every server that shares the file.
      const insert = this.database.prepare("INSERT INTO secret VALUES ('made-up logins', ?)");
      insert.run([randomBytes(32)]);
    }
    this.database.exec(`PRAGMA user_version = ${version + 1}`);
    return version + 1;
  }

  private schemaVersion(): number {
    const row = this.database.prepare('PRAGMA user_version').get() as Row;
    return Number(row['user_version']);
  }

  private guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw databaseError(error, this.path);
    }
  }
}

/** Makes the file for its owner alone; the files that SQLite puts beside it take after it. */
async function checkFile(path: string, mustExist: boolean): Promise<void> {
  try {
    const create = mustExist ? 0 : constants.O_CREAT;
    const handle = await open(path, constants.O_RDWR | create, 0o600);
    const { mode } = await handle.stat();
    await handle.close();
    if (process.platform === 'win32' || (mode & 0o077) === 0) return;
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw localFileError(error, path);
    throw new LftpError(EXIT.LOCAL_IO, 'local', 'there are no accounts here', {
      path,
      hint: 'Check --data, or make the first account: lftp user add NAME',
    });
  }
  throw new LftpError(
    EXIT.LOCAL_IO,
    'local',
    'others may read the accounts, so they are not used',
    {
      path,
      hint: `Change the passwords if somebody has read them, and close it: chmod 600 ${path}`,
    },
  );
}

function databaseError(error: unknown, path: string): LftpError {
  if (error instanceof LftpError) return error;
  const details = { path, cause: error };
  const code = systemCode(error);
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    const hint = 'Another process writes to it. Try again in a moment.';
    return new LftpError(EXIT.BUSY, 'local', 'the accounts are locked', { ...details, hint });
  }
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) {
    const hint = 'Restore it from a backup, with the files beside it whose names start alike.';
    const text = 'the database of accounts is damaged';
    return new LftpError(EXIT.LOCAL_IO, 'local', text, { ...details, hint });
  }
  if (/^SQLITE_FULL/.test(code)) {
    const hint = 'Free some space. Nothing was changed.';
    return new LftpError(EXIT.NO_SPACE, 'local', 'no space left', { ...details, hint });
  }
  const hint = 'Check the permissions of the folder and the disk.';
  const text = `the database of accounts failed: ${asError(error).message}`;
  return new LftpError(EXIT.LOCAL_IO, 'local', text, { ...details, hint });
}

function newerError(path: string, version: number): LftpError {
  const text = `a later version of this program wrote it (format ${version})`;
  return new LftpError(EXIT.LOCAL_IO, 'local', text, { path, hint: 'Use that version.' });
}
