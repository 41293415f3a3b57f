/**
 * One conversation: routes what the world reports to the parts, and pulls what they have to say.
 * Sans-IO: time comes in as an argument, nothing here reads a clock, draws a number or does I/O.
 */
import type { Slab } from '../util/slab.ts';
import { type DropReason, ERROR } from '../wire/codes.ts';
import type { Parameters } from '../wire/parameters.ts';
import type { SegmentView } from '../wire/segment.ts';
import type { ConnectionConfig } from './config.ts';
import { nextEvent } from './connection-events.ts';
import { giveUp } from './connection-end.ts';
import { ConnectionParts } from './connection-parts.ts';
import { rest } from './connection-rest.ts';
import { readStats } from './connection-stats.ts';
import type { PeerIdentity } from './protection.ts';
import { ReceivePipeline } from './receive-pipeline.ts';
import { auditSendWindow } from './send-window-audit.ts';
import type { ConnectionPlace, SharedResources } from './shared-resources.ts';
import { TransmitPipeline } from './transmit-pipeline.ts';
import type {
  ConnectionEvent,
  ConnectionState,
  ConnectionStats,
  DataRun,
  PeerAddress,
  TransmitSlot,
} from './types.ts';

/** How soon delivery is tried again after the slab pool was used up by others. */
const MEMORY_RETRY_MS = 20;

export class Connection {
  readonly id: number;
  readonly config: ConnectionConfig;
  readonly initiator: boolean;
  readonly localPort: number;
  /** For the driver. */
  userData: unknown;
  /** For the endpoint's heap and queues. */
  deadlineMs = Infinity;
  heapIndex = -1;
  isReady = false;
  creditBytes = 0;
  synKey = '';
  isLate = false;
  hasEvents = false;
  private retryAtMs = Infinity;
  private readonly parts: ConnectionParts;
  private readonly receiving: ReceivePipeline;
  private readonly transmitting: TransmitPipeline;
  private readonly wake: (connection: Connection) => void;

  constructor(
    nowMs: number,
    place: ConnectionPlace,
    initiator: boolean,
    peer: PeerAddress,
    config: ConnectionConfig,
    shared: SharedResources,
  ) {
    this.id = place.id;
    this.localPort = place.localPort;
    this.wake = place.wake;
    this.initiator = initiator;
    this.config = config;
    const handshake = place.handshake ?? shared.protection.begin(initiator);
    this.parts = new ConnectionParts(nowMs, place.id, initiator, peer, config, shared, handshake);
    this.parts.writer.sourcePort = place.localPort;
    this.receiving = new ReceivePipeline(this.parts);
    this.transmitting = new TransmitPipeline(this.parts);
  }

  /** The endpoint has read a SYN: the responder knows the initiator from the start. */
  acceptSyn(segment: SegmentView, parameters: Parameters): void {
    this.parts.writer.destinationPort = segment.sourcePort;
    this.parts.meet(segment.seq, segment.txn, parameters);
    this.parts.opening.onSyn();
  }

  /** The same SYN again: a half-open connection answers it (P-OPEN-04) and has patience anew. */
  repeatSyn(nowMs: number): void {
    if (this.parts.opening.isDone) return; // anybody may repeat it, so it proves nothing
    this.parts.opening.onSyn();
    this.parts.liveness.onReceived(nowMs);
  }

  /** Where the peer is now. */
  get peer(): PeerAddress {
    return this.parts.peer;
  }

  /** Whether a segment from elsewhere may be this peer's, which has moved (P-MOVE-01). */
  get mayMove(): boolean {
    return !this.initiator && this.parts.opening.isDone && this.parts.shared.protection.allowsMoves;
  }

  /** Who the peer proved to be; undefined without keys, or before it has. */
  get identity(): PeerIdentity | undefined {
    return this.parts.handshake.identity;
  }

  /** What the peer said in its third message about who it is. */
  get login(): Uint8Array | undefined {
    return this.parts.login;
  }

  /** The peer's port; 0 while it is not known. */
  get remotePort(): number {
    return this.parts.writer.destinationPort;
  }

  handleSegment(nowMs: number, segment: SegmentView, from: PeerAddress): DropReason | undefined {
    return this.receiving.handle(nowMs, segment, from);
  }

  handleTimeout(nowMs: number): void {
    const { parts } = this;
    if (parts.isGone) return;
    const outcome = parts.liveness.handleTimeout(nowMs);
    if (outcome !== undefined) return giveUp(parts, outcome);
    if (nowMs >= this.retryAtMs) {
      this.retryAtMs = Infinity;
      this.drainReceive(nowMs);
    }
    parts.recovery.handleTimeout(nowMs);
    parts.sizes.onTimeout(nowMs);
    parts.peerWindow.handleTimeout(nowMs);
  }

  /** Early segments that waited for memory; tried again until the pool has some. */
  private drainReceive(nowMs: number): void {
    const { receive, tracker } = this.parts;
    if (receive === undefined || this.parts.reason !== undefined) return;
    const before = receive.rcvNxt;
    const result = receive.drain();
    // What was told as kept is in order only now: the peer waits to hear it.
    if (receive.rcvNxt > before) tracker?.demand();
    if (result === 'P-MSG-01') this.parts.violate(result);
    if (receive.isStalled) this.retryAtMs = nowMs + MEMORY_RETRY_MS;
  }

  /** Writes the next datagram into `slot`; false when there is none. */
  pollTransmit(nowMs: number, slot: TransmitSlot): boolean {
    const { parts } = this;
    if (parts.receive?.isStalled === true && this.retryAtMs === Infinity) {
      this.retryAtMs = nowMs + MEMORY_RETRY_MS;
    }
    if (!parts.isGone && this.transmitting.poll(nowMs, slot)) return true;
    if (!parts.isGone && parts.closing.isComplete) {
      parts.end({ kind: 'finished' }, undefined);
      parts.isGone = true;
    }
    // No timer tells of it: a connection at rest is heard of with every keep-alive.
    if (parts.liveness.isAtRest(nowMs)) rest(parts, this.receiving);
    return false;
  }

  /** Absolute time of the earliest timer; Infinity for never. */
  nextTimeout(): number {
    const { parts } = this;
    if (parts.isGone) return Infinity;
    let earliest = Math.min(parts.liveness.nextTimeout(), this.retryAtMs);
    if (!parts.opening.isDone) earliest = Math.min(earliest, parts.opening.nextTimeout());
    if (!parts.isEstablished) return earliest;
    return Math.min(
      earliest,
      parts.recovery.nextTimeout(),
      parts.peerWindow.nextTimeout(),
      parts.tracker!.nextTimeout(),
      parts.closing.nextTimeout(),
      parts.path.pacedUntilMs,
    );
  }

  /** The next thing the application should know; `closed` is the last. */
  pollEvent(): ConnectionEvent | undefined {
    return nextEvent(this.parts);
  }

  /** Queues one op record of 1 … 16,384 bytes (copied); false when the queue is full. */
  sendMessage(bytes: Uint8Array): boolean {
    if (!this.canSend) return false;
    const isQueued = this.parts.queue.pushMessage(bytes);
    this.wake(this);
    return isQueued;
  }

  /** Bytes of file data the send queue takes now. */
  get dataRoomBytes(): number {
    return this.canSend ? this.parts.queue.roomBytes : 0;
  }

  private get canSend(): boolean {
    return this.parts.reason === undefined && !this.parts.closing.isWanted;
  }

  /** Appends to the current dat record; takes over one reference of `slab`. */
  sendData(slab: Slab, offset: number, length: number): void {
    if (this.canSend) this.parts.queue.pushData(slab, offset, length);
    else this.parts.shared.sendPool.release(slab);
    this.wake(this);
  }

  /** Ends the current dat record, early with an `error` code. */
  endData(error = 0): void {
    if (this.canSend) this.parts.queue.endData(error);
    this.wake(this);
  }

  /** Drops the unsent rest of the current dat record and ends it with `error`. */
  abandonData(error: number): void {
    if (this.canSend) this.parts.queue.abandonData(error);
    this.wake(this);
  }

  readMessage(): Uint8Array | undefined {
    const message = this.parts.inbox.readMessage();
    if (message !== undefined) this.wake(this);
    return message;
  }

  /** In-order file bytes, once `minBytes` wait or the record has ended. */
  readRun(minBytes: number): DataRun | undefined {
    const run = this.parts.inbox.readRun(minBytes);
    if (run !== undefined && this.parts.isClosedNews) this.wake(this);
    return run;
  }

  /** Whether file bytes or a record's end wait; if not, `readable` tells of the first. */
  hasData(): boolean {
    return this.parts.inbox.hasData();
  }

  /** The run's bytes are dealt with: its slab goes back, the window opens. */
  releaseRun(run: DataRun): void {
    this.parts.inbox.releaseRun(run);
    const { receive } = this.parts;
    if (receive?.isStalled === true) this.retryAtMs = -Infinity;
    this.wake(this);
  }

  /** No more records from us; the closing begins once everything is acknowledged. */
  finish(): void {
    if (this.parts.reason === undefined) this.parts.closing.want(ERROR.NONE);
    this.wake(this);
  }

  /** Abandons what is unsent and closes with `code`. */
  abort(code: number): void {
    // What came before an orderly end, and nobody wants to read any more.
    if (this.parts.isGone) this.parts.inbox.clear();
    if (this.parts.reason === undefined) {
      this.parts.end({ kind: 'aborted', by: 'local', code }, code);
    }
    this.wake(this);
  }

  /** Closing messages 1 or 3 sent so far: at two, a client process may exit. */
  get closeSent(): number {
    return this.parts.closing.finsSent;
  }

  get state(): ConnectionState {
    const { parts } = this;
    if (parts.isGone) return 'closed';
    if (parts.closing.isWanted || parts.reason !== undefined) return 'closing';
    return parts.isEstablished ? 'established' : 'opening';
  }

  stats(): ConnectionStats {
    return readStats(this.parts, this.state);
  }

  /** For the endpoint: whether the connection can be forgotten, and what its ports then repeat. */
  get isGone(): boolean {
    return this.parts.isGone;
  }

  get lastAnswer(): Uint8Array | undefined {
    return this.transmitting.lastAnswer;
  }

  get quietMs(): number {
    return 3 * this.parts.recovery.rtoMs;
  }

  /** A half-open connection makes room for another: nothing is said. */
  forget(): void {
    this.parts.end({ kind: 'timedOut', phase: 'opening', advice: ERROR.NONE }, undefined);
  }

  release(): void {
    this.parts.release();
  }

  /** Costly check of derived state, for the simulator; undefined when all is well. */
  audit(): string | undefined {
    return auditSendWindow(this.parts.window);
  }
}
