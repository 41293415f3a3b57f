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

export interface LoginEntry {
  /** Below the served folder; undefined: nobody of this name may come in. */
  readonly home: RemotePath | undefined;
  readonly password: PasswordRecord | undefined;
  hasKey(publicKey: Uint8Array): boolean;
}

interface Pages {
  readonly version: string;
  /** Accounts, also those that are disabled. */
  readonly count: number;
  readonly entries: ReadonlyMap<string, Entry>;
  readonly fakeSecret: Uint8Array;
}

class Entry implements LoginEntry {
  readonly home: RemotePath | undefined;
  readonly password: PasswordRecord | undefined;
  private readonly keys: ReadonlySet<string>;

  constructor(
    home: RemotePath | undefined,
    password: PasswordRecord | undefined,
    keys: ReadonlySet<string>,
  ) {
    this.home = home;
    this.password = password;
    this.keys = keys;
  }

  hasKey(publicKey: Uint8Array): boolean {
    return this.keys.has(nameOf(publicKey));
  }
}

/** Who nobody is, and who is disabled. */
const NOBODY = new Entry(undefined, undefined, new Set());

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

  /** @throws LftpError 14, 21 */
  entry(name: string): LoginEntry {
    return this.current().entries.get(name) ?? NOBODY;
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
  return { version, count: accounts.length, entries, fakeSecret };
}

function passwordOf(row: Row): PasswordRecord | undefined {
  if (row['salt'] === null) return undefined;
  if (textOf(row, 'algorithm') !== 'scrypt') throw new TypeError('an unknown slow hash');
  const [n, r, p] = [numberOf(row, 'n'), numberOf(row, 'r'), numberOf(row, 'p')];
  return {
    salt: bytesOf(row, 'salt'),
    parameters: { algorithm: 'scrypt', n, r, p },
    storedKey: bytesOf(row, 'stored_key'),
    serverKey: bytesOf(row, 'server_key'),
  };
}

/** A public key as something that a set can hold. */
function nameOf(publicKey: Uint8Array): string {
  return Buffer.from(publicKey).toString('base64');
}
