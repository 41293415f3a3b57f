/** The file server: one UDP port, any number of clients, each with a session of its own. */
import { createDigest } from '../io/digest.ts';
import { listen } from '../io/listen.ts';
import type { Listener } from '../io/listen.ts';
import { ERROR } from '../wire/codes.ts';
import { ACCOUNTS_POLL_MS, LiveAccounts } from './accounts/live-accounts.ts';
import { EXIT, type LftpError } from './error.ts';
import { listenError } from './listen-error.ts';
import { guestsPerSource, MAX_STRANGERS_PER_SOURCE } from './limits.ts';
import { admit } from './login/admission.ts';
import { LOGIN_WORLD } from './login/real-world.ts';
import type { Principal } from './login/principal.ts';
import { DropWatch } from './drop-watch.ts';
import { CalmLog } from './log.ts';
import { encodeMessage } from './messages.ts';
import { MeteredChannel } from './metered-channel.ts';
import type { FileServerOptions, ServerAddress } from './server-options.ts';
import { ServerSession, type SessionContext } from './server-session.ts';
import { SourceCounts } from './source-counts.ts';
import { removeStagedNow } from './store-staged.ts';
import { Store } from './store.ts';
import { ServedTree } from './store-tree.ts';
import { closeReasonOf } from './transfer-channel.ts';
import type { TransferChannel } from './transfer-channel.ts';
import { dismiss, logFields, toldError, turnAway, within } from './turn-away.ts';
import { WaitingRoom } from './waiting-room.ts';

/** Connections beyond `maxClients` that are open at once, to wait or to be told to go. */
const REFUSAL_ROOM = 256;

/** How often those who wait are told their place again; idle connections end after 300 s. */
const REMIND_MS = 60_000;

/** Longest wait for sessions to end once the server stops. */
const STOP_LIMIT_MS = 1000;

export class FileServer {
  private readonly options: FileServerOptions;
  private readonly tree: ServedTree;
  /** Connections of those who have not logged in; and of all who have no account, these too. */
  private readonly strangers = new SourceCounts();
  private readonly guests = new SourceCounts();
  private readonly startedMs = performance.now();
  private readonly sessions = new Map<TransferChannel, Promise<void>>();
  private listener: Listener | undefined;
  private dropWatch: DropWatch | undefined;
  private isStopping = false;
  private readonly waiting = new WaitingRoom();
  private reminder: NodeJS.Timeout | undefined;
  private readonly accounts: LiveAccounts;
  private accountsTimer: NodeJS.Timeout | undefined;

  private constructor(options: FileServerOptions, tree: ServedTree) {
    this.accounts = new LiveAccounts(options.logins.accounts, () => Date.now());
    this.options = { ...options, log: new CalmLog(options.log, () => performance.now()) };
    this.tree = tree;
  }

  /** @throws LftpError 14 when the folder or the port cannot be had, 6 for an unknown name */
  static async start(options: FileServerOptions): Promise<FileServer> {
    const tree = await ServedTree.open(options.root);
    const server = new FileServer(options, tree);
    try {
      // Loads what digests, or the first client would wait for it.
      await createDigest();
      // Told now, and not to the first client that brings a file.
      if (options.logins.mayWrite) await tree.openPartial();
      server.listener = await listen({
        host: options.host,
        port: options.port,
        security: options.security,
        config: options.config,
        maxPatienceMs: options.maxPatienceMs,
        maxConnections: options.maxClients + REFUSAL_ROOM,
        onChannel: (channel) => server.onChannel(channel),
      });
      server.dropWatch = new DropWatch(server.listener, server.options.log);
      server.reminder = setInterval(() => server.waiting.remind(), REMIND_MS).unref();
      server.accountsTimer = setInterval(() => server.refreshAccounts(), ACCOUNTS_POLL_MS).unref();
      // Only now: a server that cannot start has no business in the folder.
      const removed = await tree.removeAbandoned(Date.now());
      if (removed > 0) options.log.info({ removed }, 'removed abandoned uploads');
      return server;
    } catch (error) {
      await tree.close();
      throw listenError(error, options);
    }
  }

  /** Where it listens, what the system does with its datagrams, and what would help. */
  get address(): ServerAddress {
    const { listener } = this;
    const { address: host = '', port = 0, fragments = '', trains = '' } = listener ?? {};
    return { host, port, fragments, trains, bufferAdvice: listener?.bufferAdvice };
  }

  get clientCount(): number {
    return this.sessions.size;
  }

  /** Those who wait for a place. */
  get waitingCount(): number {
    return this.waiting.size;
  }

  /** Their connections, for whoever looks on. */
  clients(): Iterable<TransferChannel> {
    return this.sessions.keys();
  }

  /** Connections that the transport still knows, closed ones whose ports rest included. */
  get knownConnections(): number {
    return this.listener?.knownConnections ?? 0;
  }

  /** Files of the served folder that are open now. */
  get openFileCount(): number {
    return this.tree.openFileCount;
  }

  /** Tells every client, removes what is unfinished, and lets go of the port. */
  async stop(): Promise<void> {
    this.isStopping = true;
    clearInterval(this.accountsTimer);
    clearInterval(this.reminder);
    this.waiting.abort(ERROR.GOING_AWAY);
    const endings = [...this.sessions].map(async ([channel, ended]) => {
      channel.abort(ERROR.GOING_AWAY);
      await channel.linger();
      return ended;
    });
    await within(STOP_LIMIT_MS, Promise.all(endings));
    this.logCounters();
    // What still waits for a client is ended by the loss of its channel.
    await this.listener?.close();
    await within(STOP_LIMIT_MS, Promise.all(this.sessions.values()));
    removeStagedNow();
    await this.tree.close();
  }

  /** One line of everything that docs/LIMITS.md names as seen by a counter. */
  logCounters(): void {
    const { log, logins } = this.options;
    const { listener, clientCount: clients, openFileCount: openFiles } = this;
    const kernelDrops = listener?.droppedByKernel();
    const network = { ...listener?.addressCounters(), ...listener?.stats(), kernelDrops };
    log.info({ clients, openFiles, ...logins.counters(), ...network }, 'counted');
  }

  private onChannel(channel: TransferChannel): void {
    const { address, port } = channel.peer;
    if (this.isStopping) return channel.abort(ERROR.GOING_AWAY);
    const isFull = this.sessions.size >= this.options.maxClients;
    // Whoever waits has no place yet, and no part of them.
    if (isFull ? this.hasManyStrangers(address) : this.isSourceFull(address)) {
      this.options.log.warn({ address, port }, 'client refused: source');
      // P-LOGIN-08: told by a code alone, because telling more would hold the connection open.
      return channel.abort(ERROR.BUSY);
    }
    if (isFull) this.queue(channel);
    else this.receive(channel);
  }

  /** P-WAIT-01 */
  private queue(channel: TransferChannel): void {
    const { address, port } = channel.peer;
    if (this.waiting.isFull) {
      this.options.log.warn({ address, port }, 'client refused: full');
      const message = 'the server serves as many clients as it may, and as many wait';
      void turnAway(channel, { code: EXIT.BUSY, message });
      return;
    }
    this.options.log.info({ address, port }, 'client waits');
    this.waiting.add(channel, this.strangers.add(address));
  }

  private receive(channel: TransferChannel): void {
    const { address, port } = channel.peer;
    this.options.log.info({ address, port, clients: this.sessions.size + 1 }, 'client connected');
    const ended = this.serve(channel).then(async () => {
      await channel.closed;
      this.sessions.delete(channel);
      this.options.log.info({ address, port, clients: this.sessions.size }, 'client left');
      this.dropWatch?.look(performance.now());
      this.fillPlaces();
    });
    this.sessions.set(channel, ended);
  }

  /** A place that is free is given to the first who waits and whose source may have it. */
  private fillPlaces(): void {
    while (!this.isStopping && this.sessions.size < this.options.maxClients) {
      const next = this.waiting.next(({ peer }) => !this.hasManyGuests(peer.address));
      if (next === undefined) return;
      this.receive(next);
    }
  }

  /** Lets a client in and serves it until it leaves; never rejects. */
  private async serve(channel: TransferChannel): Promise<void> {
    const { log, logins } = this.options;
    const { address, port } = channel.peer;
    // P-LOGIN-08: whoever was refused is a stranger until it has left.
    const noStranger = this.strangers.add(address);
    const noGuest = this.guests.add(address);
    let store: Store | undefined;
    let leave: (() => void) | undefined;
    try {
      const admitted = await admit(channel, logins, LOGIN_WORLD);
      if (admitted === undefined) return;
      noStranger();
      if (channel.login !== undefined) noGuest();
      const { principal, early } = admitted;
      log.info({ address, port, account: principal.name }, 'client logged in');
      this.refreshAccounts();
      const entered = this.accounts.enter(principal, (error) => this.sendAway(channel, error));
      leave = entered.leave;
      await this.announceKeys(channel);
      store = await Store.open(this.tree, entered.account);
      const metered = new MeteredChannel(channel, entered.account.gates);
      await new ServerSession(metered, this.contextOf(entered.account, store)).run(early);
    } catch (error) {
      if (closeReasonOf(error) !== undefined) return;
      log.warn({ address, port, ...logFields(error) }, 'client turned away');
      await turnAway(channel, toldError(error));
    } finally {
      noStranger();
      noGuest();
      leave?.();
      await store?.close();
    }
  }

  /** P-ACCT-03 */
  private sendAway(channel: TransferChannel, error: LftpError): void {
    const { address, port } = channel.peer;
    this.options.log.warn({ address, port, ...logFields(error) }, 'client sent away');
    void dismiss(channel, toldError(error));
  }

  private refreshAccounts(): void {
    try {
      const isChanged = this.accounts.refresh();
      if (isChanged) this.tree.quotas.set(this.options.logins.accounts?.quotas() ?? []);
    } catch (error) {
      // What it knew stays good until it can look again.
      this.options.log.error(logFields(error), 'the accounts cannot be read');
    }
  }

  /** Only where the session is sealed: whoever hears it knows that this server says so. */
  private async announceKeys(channel: TransferChannel): Promise<void> {
    const { nextKeys: keys = [], retiredKeys: retired = [] } = this.options;
    if (keys.length + retired.length === 0 || channel.identity === undefined) return;
    await channel.sendMessage(encodeMessage({ op: 'keys', keys, retired }));
  }

  private contextOf(principal: Principal, store: Store): SessionContext {
    return {
      store,
      account: principal.name,
      log: this.options.log,
      version: this.options.version,
      makeTokens: (count, publicKey) => this.options.logins.makeTokens(count, principal, publicKey),
      clientCount: () => this.sessions.size,
      uptimeSeconds: () => Math.floor((performance.now() - this.startedMs) / 1000),
    };
  }

  /** P-LOGIN-08, P-LOGIN-14: what one source takes without an account leaves places for others. */
  private isSourceFull(address: string): boolean {
    return this.hasManyStrangers(address) || this.hasManyGuests(address);
  }

  private hasManyStrangers(address: string): boolean {
    return this.strangers.of(address) >= MAX_STRANGERS_PER_SOURCE;
  }

  private hasManyGuests(address: string): boolean {
    const { maxClients, maxClientsPerSource = guestsPerSource(maxClients) } = this.options;
    return this.guests.of(address) >= maxClientsPerSource;
  }
}
