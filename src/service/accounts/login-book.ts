/**
 * The accounts as logging in sees them, in memory and read again when the file has changed.
 *
 * A query that finds a row takes longer than one that finds none, and a patient stranger could
 * measure that over the network: here a name that somebody has and one that nobody has take the
 * same steps (P-LOGIN-04). A change means that all is read again, some milliseconds for thousands
 * of accounts, at the next login of whoever comes.
 */
import type { RemotePath } from '../path.ts';
import type { AccountDatabase, Row } from './database-store.ts';
import type { PasswordRecord } from './password-proof.ts';
import { bytesOf, numberOf, textOf } from './row-fields.ts';
import { HASH_BYTES, HASH_PARAMETERS, SALT_BYTES } from './slow-hash.ts';
import type { HashParameters } from './slow-hash.ts';

const KEY_BYTES = 32;

export interface LoginEntry {
  /** Below the served folder; undefined: nobody of this name may come in. */
  readonly home: RemotePath | undefined;
  /** The password's; without one, bytes that are there to be read and fit nothing. */
  readonly record: PasswordRecord;
  readonly hasPassword: boolean;
  hasKey(publicKey: Uint8Array): boolean;
}

interface Pages {
  readonly version: string;
  /** Accounts, also those that are disabled. */
  readonly count: number;
  readonly entries: ReadonlyMap<string, Entry>;
  /**
   * Entries of nobody, as many as there are accounts: what lies in memory that was not read for a
   * while is read slowly, and that must go for names that nobody has too.
   */
  readonly decoys: readonly Entry[];
  readonly fakeSecret: Uint8Array;
}

class Entry implements LoginEntry {
  readonly home: RemotePath | undefined;
  readonly record: PasswordRecord;
  readonly hasPassword: boolean;
  private readonly keys: ReadonlySet<string>;

  constructor(
    home: RemotePath | undefined,
    password: PasswordRecord | undefined,
    keys: ReadonlySet<string>,
  ) {
    this.home = home;
    this.record = password ?? noRecord();
    this.hasPassword = password !== undefined;
    this.keys = keys;
  }

  hasKey(publicKey: Uint8Array): boolean {
    return this.keys.has(nameOf(publicKey));
  }
}

export class LoginBook {
  private readonly database: AccountDatabase;
  private pages: Pages | undefined;

  constructor(database: AccountDatabase) {
    this.database = database;
  }

  /** How many accounts there are. @throws LftpError 14, 21 */
  get count(): number {
    return this.current().count;
  }

  /** What there is about `name`, or a decoy. @throws LftpError 14, 21 */
  entry(name: string): LoginEntry {
    const { entries, decoys } = this.current();
    const decoy = decoys[spread(name) % decoys.length] ?? makeDecoy();
    return entries.get(name) ?? decoy;
  }

  /** @throws LftpError 14, 21 */
  fakeSecret(): Uint8Array {
    return this.current().fakeSecret;
  }

  private current(): Pages {
    // Asked before reading: a change in between is seen by the next question.
    const { version } = this.database;
    if (this.pages?.version !== version) this.pages = readPages(this.database, version);
    return this.pages;
  }
}

function readPages(database: AccountDatabase, version: string): Pages {
  const accounts = database.rows(
    'SELECT account.*, password.* FROM account LEFT JOIN password ON account = id',
  );
  const keys = new Map<number, Set<string>>();
  for (const row of database.rows('SELECT account, public_key FROM account_key')) {
    const owner = numberOf(row, 'account');
    const owned = keys.get(owner) ?? new Set();
    keys.set(owner, owned.add(nameOf(bytesOf(row, 'public_key'))));
  }
  const entries = new Map<string, Entry>();
  for (const row of accounts) {
    if (row['disabled_ms'] !== null) continue;
    const home = textOf(row, 'home');
    const owned = keys.get(numberOf(row, 'id')) ?? new Set<string>();
    const entry = new Entry(home === '' ? [] : home.split('/'), passwordOf(row), owned);
    entries.set(textOf(row, 'name'), entry);
  }
  const sql = "SELECT value FROM secret WHERE name = 'made-up logins'";
  const fakeSecret = bytesOf(database.rows(sql)[0], 'value');
  const decoys = Array.from({ length: Math.max(1, entries.size) }, makeDecoy);
  return { version, count: accounts.length, entries, decoys, fakeSecret };
}

function makeDecoy(): Entry {
  return new Entry(undefined, undefined, new Set([nameOf(new Uint8Array(KEY_BYTES))]));
}

/** The same number for the same name (FNV-1a), so that one name keeps to one decoy. */
function spread(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i += 1) {
    hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

function passwordOf(row: Row): PasswordRecord | undefined {
  if (row['salt'] === null) return undefined;
  if (textOf(row, 'algorithm') !== 'scrypt') throw new TypeError('an unknown slow hash');
  const [n, r, p] = [numberOf(row, 'n'), numberOf(row, 'r'), numberOf(row, 'p')];
  const usual = HASH_PARAMETERS;
  const isUsual = n === usual.n && r === usual.r && p === usual.p;
  return recordOf(
    bytesOf(row, 'salt'),
    isUsual ? usual : { algorithm: 'scrypt', n, r, p },
    bytesOf(row, 'stored_key'),
    bytesOf(row, 'server_key'),
  );
}

function noRecord(): PasswordRecord {
  const [salt, hash] = [new Uint8Array(SALT_BYTES), new Uint8Array(HASH_BYTES)];
  return recordOf(salt, HASH_PARAMETERS, hash, hash);
}

/** Copied: the library's bytes lie elsewhere in memory, where reading them takes longer. */
function recordOf(
  salt: Uint8Array,
  parameters: HashParameters,
  storedKey: Uint8Array,
  serverKey: Uint8Array,
): PasswordRecord {
  return {
    salt: salt.slice(),
    parameters,
    storedKey: storedKey.slice(),
    serverKey: serverKey.slice(),
  };
}

/** A public key as something that a set can hold. */
function nameOf(publicKey: Uint8Array): string {
  return Buffer.from(publicKey).toString('base64');
}
