/**
 * The promise face of one connection.
 *
 * A channel queues nothing of its own: what does not fit into the transport's windows makes the
 * caller wait. Each wait is a resolver that the driver's events fire, after which the caller
 * looks again, so a lost or doubled wake-up can never lose a byte.
 */
import type { PeerIdentity } from '../transport/protection.ts';
import { type Slab, SlabAccount } from '../util/slab.ts';
import type {
  CloseReason,
  ConnectionEvent,
  ConnectionStats,
  DataRun,
  PeerAddress,
} from '../transport/types.ts';
import { ChannelClosed, UnannouncedData } from './channel-errors.ts';
import type { Driver } from './driver.ts';
import type { DrivenConnection } from './driven.ts';
import type { SlabQueue } from './slab-queue.ts';

/** How long a client waits at most for its CLOSE to go out twice. */
export const LINGER_LIMIT_MS = 400;

/** The second copy of CLOSE covers the loss of the first. */
const LINGER_COPIES = 2;

/** What a channel asks of the loop that drives its connection. */
export type ChannelDriver = Pick<Driver, 'onTurnEnd' | 'offTurnEnd'>;

type Waiters = (() => void)[];

export class Channel {
  /** Resolves when the connection is over, in whatever way; never rejects. */
  readonly closed: Promise<CloseReason>;
  private readonly connection: DrivenConnection;
  private readonly slabs: SlabQueue;
  private readonly account = new SlabAccount();
  private readonly driver: ChannelDriver;
  private readonly messageWaiters: Waiters = [];
  private readonly runWaiters: Waiters = [];
  private readonly roomWaiters: Waiters = [];
  private resolveClosed: (reason: CloseReason) => void = () => undefined;
  private lastSend: Promise<void> | undefined;
  private reason: CloseReason | undefined;
  private peerFinished = false;
  /** File records read to their end. */
  private recordsRead = 0;

  constructor(connection: DrivenConnection, slabs: SlabQueue, driver: ChannelDriver) {
    this.connection = connection;
    this.slabs = slabs;
    this.driver = driver;
    this.closed = new Promise((resolve) => {
      this.resolveClosed = resolve;
    });
  }

  get id(): number {
    return this.connection.id;
  }

  get peer(): PeerAddress {
    return this.connection.peer;
  }

  /** Who the peer proved to be; undefined without keys. */
  get identity(): PeerIdentity | undefined {
    return this.connection.identity;
  }

  /** What the peer said in its third message about who it is. */
  get login(): Uint8Array | undefined {
    return this.connection.login;
  }

  get initiator(): boolean {
    return this.connection.initiator;
  }

  get isClosed(): boolean {
    return this.reason !== undefined;
  }

  stats(): ConnectionStats {
    return this.connection.stats();
  }

  /**
   * Queues one message, 1…16,384 bytes, which are copied. Messages keep the order of the calls.
   * @throws ChannelClosed
   */
  sendMessage(bytes: Uint8Array): Promise<void> {
    if (this.lastSend === undefined) {
      if (this.reason !== undefined) return Promise.reject(new ChannelClosed(this.reason));
      if (this.connection.sendMessage(bytes)) return Promise.resolve();
    }
    const sent = this.sendAfter(this.lastSend, bytes);
    const settled = sent.catch(() => undefined);
    this.lastSend = settled;
    void settled.then(() => {
      if (this.lastSend === settled) this.lastSend = undefined;
    });
    return sent;
  }

  /**
   * The next message; undefined once the peer has finished.
   * @param announcedRecords file records that the messages so far have announced
   * @throws UnannouncedData when another begins; ChannelClosed when the connection broke
   */
  async nextMessage(announcedRecords = Infinity): Promise<Uint8Array | undefined> {
    for (;;) {
      const message = this.connection.readMessage();
      if (message !== undefined) return message;
      // Messages overtake file bytes, never the reverse: an announcement would be read by now.
      const isNoneDue = this.recordsRead >= announcedRecords;
      if (isNoneDue && this.connection.hasData()) throw new UnannouncedData();
      if (this.hasEnded()) return undefined;
      await waitIn(this.messageWaiters);
    }
  }

  /**
   * A slab for file bytes, at most 256 KiB, smaller than wanted when memory is short; waits while
   * there is none.
   * @throws ChannelClosed
   */
  acquireSlab(wantBytes: number): Promise<Slab> {
    if (this.reason !== undefined) return Promise.reject(new ChannelClosed(this.reason));
    return this.slabs.acquire(this.account, wantBytes);
  }

  /** Gives back a slab that was never handed to {@link sendData}. */
  releaseSlab(slab: Slab): void {
    this.slabs.release(slab);
  }

  /**
   * Hands over the slab and its first `length` bytes; resolves when there is room for more.
   * @throws ChannelClosed; the slab is given back in that case as well
   */
  async sendData(slab: Slab, length: number): Promise<void> {
    if (this.isClosed) this.slabs.release(slab);
    this.mustBeOpen();
    this.connection.sendData(slab, 0, length);
    while (this.connection.dataRoomBytes <= 0) {
      await waitIn(this.roomWaiters);
      this.mustBeOpen();
    }
  }

  /** Ends the current file record, early if `error` is not 0. A record may be empty. */
  endData(error = 0): void {
    if (this.reason === undefined) this.connection.endData(error);
  }

  /** Drops what is unsent of the current file record and ends it with `error`. */
  abandonData(error: number): void {
    if (this.reason === undefined) this.connection.abandonData(error);
  }

  /**
   * File bytes in order, or the end of a record; give each back with {@link releaseRun}.
   * Undefined: the peer has finished and no record is open.
   * @param minBytes fewer are returned only at the end of a record or when the window is small
   * @throws ChannelClosed when the connection ended in any other way
   */
  async nextRun(minBytes: number): Promise<DataRun | undefined> {
    for (;;) {
      const run = this.connection.readRun(minBytes);
      if (run !== undefined) {
        if (run.end) this.onRecordRead();
        return run;
      }
      if (this.hasEnded()) return undefined;
      await waitIn(this.runWaiters);
    }
  }

  /** The bytes are consumed: their slab goes back and the window opens. */
  releaseRun(run: DataRun): void {
    this.connection.releaseRun(run);
  }

  /** No more records from this side; the connection closes once everything is acknowledged. */
  finish(): void {
    if (this.reason === undefined) this.connection.finish();
  }

  /** Abandons what is unsent and closes with `code` (wire/codes.ts ERROR). */
  abort(code: number): void {
    if (this.reason === undefined) this.connection.abort(code);
  }

  /**
   * For a process about to exit: resolves when the connection is closed or CLOSE has been sent
   * twice, so that no exit waits out the quiet period.
   */
  linger(): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(limit);
        this.driver.offTurnEnd(look);
        resolve();
      };
      const look = (): void => {
        if (this.reason !== undefined || this.connection.closeSent >= LINGER_COPIES) done();
      };
      const limit = setTimeout(done, LINGER_LIMIT_MS);
      this.driver.onTurnEnd(look);
      void this.closed.then(done);
      look();
    });
  }

  /** The driver's part: what happened to the connection. */
  onEvent(event: ConnectionEvent): void {
    switch (event.kind) {
      case 'established':
        return;
      case 'message':
        fire(this.messageWaiters);
        return;
      case 'readable':
        fire(this.runWaiters);
        fire(this.messageWaiters);
        return;
      case 'writable':
        fire(this.roomWaiters);
        return;
      case 'peerFinished':
        this.peerFinished = true;
        fire(this.messageWaiters);
        fire(this.runWaiters);
        return;
      case 'closed':
        this.onClosed(event.reason);
        return;
    }
  }

  /** The driver's part: also called when the socket goes away under a live connection. */
  onClosed(reason: CloseReason): void {
    if (this.reason !== undefined) return;
    this.reason = reason;
    this.slabs.cancel(this.account, new ChannelClosed(reason));
    fire(this.messageWaiters);
    fire(this.runWaiters);
    fire(this.roomWaiters);
    this.resolveClosed(reason);
  }

  /** Whoever waits for a message looks whether another record stands behind the last one due. */
  private onRecordRead(): void {
    this.recordsRead += 1;
    fire(this.messageWaiters);
  }

  private async sendAfter(earlier: Promise<void> | undefined, bytes: Uint8Array): Promise<void> {
    await earlier;
    for (;;) {
      this.mustBeOpen();
      if (this.connection.sendMessage(bytes)) return;
      await waitIn(this.roomWaiters);
    }
  }

  private mustBeOpen(): void {
    if (this.reason !== undefined) throw new ChannelClosed(this.reason);
  }

  /** True when nothing more can come because the peer said so; throws when it broke off. */
  private hasEnded(): boolean {
    if (this.peerFinished) return true;
    if (this.reason === undefined) return false;
    if (this.reason.kind === 'finished') return true;
    throw new ChannelClosed(this.reason);
  }
}

function waitIn(waiters: Waiters): Promise<void> {
  return new Promise((resolve) => {
    waiters.push(resolve);
  });
}

function fire(waiters: Waiters): void {
  if (waiters.length === 0) return;
  for (const wake of waiters.splice(0)) wake();
}
