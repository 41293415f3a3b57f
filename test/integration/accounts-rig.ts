/** A server with accounts inside this process, on loopback, and clients that log in by key. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { SEALED } from '../../src/io/security.ts';
import { AccountStore } from '../../src/service/accounts/account-store.ts';
import type { AccountChange } from '../../src/service/accounts/account-store.ts';
import { Penalties } from '../../src/service/accounts/penalties.ts';
import { postFile } from '../../src/service/client-post.ts';
import { type Connected, dial } from '../../src/service/dial.ts';
import { publicKeyOf } from '../../src/service/identity/keys.ts';
import { NO_LOG } from '../../src/service/log.ts';
import { AttachTokens } from '../../src/service/login/attach-tokens.ts';
import { ClientLogin } from '../../src/service/login/client-login.ts';
import { Logins } from '../../src/service/login/logins.ts';
import { FileServer } from '../../src/service/server.ts';
import type { FileServerOptions } from '../../src/service/server-options.ts';
import { openLocalFile } from '../../src/service/store-local.ts';
import { NEVER, QUIET } from '../unit/service/session-rig.ts';

export type ServerChange = Partial<FileServerOptions>;

export class AccountsRig {
  readonly folder: string;
  readonly root: string;
  readonly accounts: AccountStore;
  server!: FileServer;
  private readonly secrets = new Map<string, Uint8Array>();
  private readonly open = new Set<Connected>();
  private files = 0;

  private constructor(folder: string, accounts: AccountStore) {
    this.folder = folder;
    this.root = join(folder, 'root');
    this.accounts = accounts;
  }

  static async make(change: ServerChange = {}): Promise<AccountsRig> {
    const folder = mkdtempSync(join(tmpdir(), 'lftp-accounts-'));
    mkdirSync(join(folder, 'root'));
    const rig = new AccountsRig(folder, await AccountStore.open(join(folder, 'data')));
    await rig.start(change);
    return rig;
  }

  async start(change: ServerChange = {}): Promise<void> {
    const logins = new Logins({
      accounts: this.accounts,
      anonymous: 'rw',
      penalties: new Penalties(),
      tokens: new AttachTokens(),
      nowMs: () => performance.now(),
      randomBytes: (count) => new Uint8Array(randomBytes(count)),
    });
    this.server = await FileServer.start({
      root: this.root,
      host: '127.0.0.1',
      port: 0,
      version: '0',
      security: SEALED,
      logins,
      maxClients: 100,
      maxPatienceMs: undefined,
      config: undefined,
      log: NO_LOG,
      ...change,
    });
  }

  add(name: string, change: AccountChange = {}): void {
    const secret = new Uint8Array(randomBytes(32));
    this.secrets.set(name, secret);
    const key = { publicKey: publicKeyOf(secret), comment: '' };
    this.accounts.add({ name, home: [name], keys: [key], password: undefined }, 0);
    this.accounts.change(name, change, 0);
  }

  /** As `lftp user set` does it, from another process. */
  async change(name: string, change: AccountChange): Promise<void> {
    const store = await AccountStore.openExisting(join(this.folder, 'data'));
    store.change(name, change, 0);
    store.close();
  }

  /** @param name undefined: without an account */
  async connect(name?: string): Promise<Connected> {
    const { host, port } = this.server.address;
    const secret = name === undefined ? undefined : this.secrets.get(name);
    const login = name === undefined ? undefined : loginAs(name);
    const security = secret === undefined ? SEALED : ({ kind: 'sealed', secret } as const);
    const connected = await dial({ host, port, security, login });
    this.open.add(connected);
    return connected;
  }

  async post({ session }: Connected, path: string, bytes: Uint8Array): Promise<void> {
    this.files += 1;
    const local = join(this.folder, `up-${this.files}`);
    writeFileSync(local, bytes);
    const source = await openLocalFile(local);
    try {
      await postFile(session, {
        path: path.split('/'),
        name: undefined,
        source,
        overwrite: 'always',
        keep: false,
        signal: NEVER,
        observer: QUIET,
      });
    } finally {
      await source.close();
    }
  }

  /** Puts a file into the served folder behind the server's back. */
  put(path: string, bytes: Uint8Array | string): void {
    const file = join(this.root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  }

  async leave(connected: Connected): Promise<void> {
    this.open.delete(connected);
    await connected.session.finish();
    connected.link.close();
  }

  async remove(): Promise<void> {
    for (const connected of this.open) await this.leave(connected);
    await this.server.stop();
    this.accounts.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function loginAs(name: string): ClientLogin {
  const password = (): Promise<string> => Promise.reject(new Error('asked for a password'));
  return new ClientLogin({ name, password });
}
