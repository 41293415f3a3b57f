/** A served folder with a server session behind it, and a client session before it. */
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Access } from '../../../src/service/access.ts';
import { ClientSession } from '../../../src/service/client-session.ts';
import type { ServiceLog } from '../../../src/service/log.ts';
import { ServerSession } from '../../../src/service/server-session.ts';
import { ServedTree } from '../../../src/service/store-tree.ts';
import { Store } from '../../../src/service/store.ts';
import type { TransferObserver } from '../../../src/service/transfer-observer.ts';
import { channelPair, type FakeChannel } from './fake-channel.ts';

export const QUIET: TransferObserver = { onPhase: () => undefined };
export const NEVER = new AbortController().signal;

export class Rig {
  readonly folder: string;
  readonly root: string;
  readonly tree: ServedTree;
  readonly store: Store;
  readonly logged: object[] = [];
  /** Client ends, in the order of `connect`. */
  readonly channels: FakeChannel[] = [];
  private readonly endings: Promise<void>[] = [];

  private constructor(folder: string, tree: ServedTree, store: Store) {
    this.folder = folder;
    this.root = join(folder, 'root');
    this.tree = tree;
    this.store = store;
  }

  static async make(access: Access): Promise<Rig> {
    const folder = await mkdtemp(join(tmpdir(), 'lftp-unit-'));
    const root = join(folder, 'root');
    await mkdir(root);
    const tree = await ServedTree.open(root);
    return new Rig(folder, tree, await Store.open(tree, { home: undefined, access }));
  }

  /** The raw client end of a new session. */
  connect(): FakeChannel {
    const [client, server] = channelPair();
    this.channels.push(client);
    const keep = (fields: object): void => void this.logged.push(fields);
    const log: ServiceLog = { info: keep, warn: keep, error: keep };
    const session = new ServerSession(server, {
      store: this.store,
      log,
      account: 'somebody',
      version: '0.0.0',
      makeTokens: () => [],
      clientCount: () => 7,
      uptimeSeconds: () => 42,
    });
    this.endings.push(session.run());
    return client;
  }

  client(): ClientSession {
    return new ClientSession(this.connect());
  }

  /** Every session must have ended by itself. */
  async settle(): Promise<void> {
    await Promise.all(this.endings);
  }

  /** Unfinished uploads on the server's disk. */
  async partials(): Promise<string[]> {
    const names = await readdir(join(this.root, '.lftp-udp', 'partial'));
    return names.filter((name) => !name.endsWith('.journal'));
  }

  async remove(): Promise<void> {
    await this.store.close();
    await this.tree.close();
    await rm(this.folder, { recursive: true });
  }
}
