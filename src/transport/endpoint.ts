/**
 * Many connections on one UDP port. Decodes once, routes by destination port, and does work only
 * where something changed: a ready queue and a deadline heap, never a scan over all connections.
 */
import { DeadlineHeap } from '../util/deadline-heap.ts';
import { Fifo } from '../util/fifo.ts';
import { type DropReason, ERROR, noDrops } from '../wire/codes.ts';
import { prettyPrint } from '../wire/pretty-print.ts';
import { decodeSegment, SegmentView } from '../wire/segment.ts';
import { Acceptor } from './acceptor.ts';
import type { ConnectionConfig, EndpointConfig } from './config.ts';
import { Connection } from './connection.ts';
import { FairQueue } from './fair-queue.ts';
import { PortTable } from './port-table.ts';
import { QuietEntry } from './quiet.ts';
import { earlyPool, type SharedResources } from './shared-resources.ts';
import type { Handshake } from './protection.ts';
import { Strangers } from './strangers.ts';
import type { ConnectionEvent, EndpointStats, PeerAddress, TransmitSlot } from './types.ts';

export interface EndpointEvent {
  readonly connection: Connection;
  readonly event: ConnectionEvent;
}

export class Endpoint {
  private readonly table = new PortTable();
  private readonly heap = new DeadlineHeap<Connection | QuietEntry>();
  private readonly ready = new FairQueue<Connection>();
  private readonly eventful = new Fifo<Connection>();
  private readonly strangers: Strangers;
  private readonly segment = new SegmentView();
  private readonly shared: SharedResources;
  private readonly acceptor: Acceptor;
  private readonly drops = noDrops();
  private readonly counters = {
    datagramsReceived: 0,
    datagramsSent: 0,
    opened: 0,
    accepted: 0,
    moves: 0,
    steps: 0,
  };
  private nextId = 1;
  private nowMs = 0;
  private readonly config: EndpointConfig;

  constructor(config: EndpointConfig) {
    this.config = config;
    this.shared = {
      random: config.random,
      protection: config.protection,
      resetTokens: config.accepts ? config.resetTokens : undefined,
      trace: config.trace,
      pathLimitBytes: config.pathLimitBytes,
      receivePool: config.receivePool,
      sendPool: config.sendPool,
      earlyPool: earlyPool(config.earlyPoolBytes),
      initialSeq: config.initialSeq,
      initialTxn: config.initialTxn,
    };
    this.strangers = new Strangers(config.accepts ? config.resetTokens : undefined);
    this.acceptor = new Acceptor(config, this.table, {
      create: (nowMs, peer, settings, handshake) => {
        this.counters.accepted += 1;
        return this.create(nowMs, peer, settings, false, handshake);
      },
      touch: (connection) => this.touch(connection),
      answer: (peer, bytes, length) => this.strangers.push(peer, bytes, length),
    });
  }

  get connectionCount(): number {
    return this.table.connectionCount;
  }

  get quietCount(): number {
    return this.table.quietCount;
  }

  connections(): Iterable<Connection> {
    return this.table.connections();
  }

  stats(): EndpointStats {
    return {
      ...this.counters,
      ...this.acceptor.counters,
      halfOpen: this.acceptor.halfOpenCount,
      ...this.strangers.counters,
      drops: { ...this.drops },
      heapMoves: this.heap.moves,
      earlyBytes: this.shared.earlyPool.usedBytes,
    };
  }

  /** P-HDR-07: takes the segments of one datagram one by one; its bytes are borrowed. */
  handleDatagram(nowMs: number, peer: PeerAddress, datagram: Uint8Array): void {
    this.nowMs = nowMs;
    this.counters.datagramsReceived += 1;
    const { checksumCoversPayload, version } = this.config.protection;
    const segment = this.segment;
    const end = datagram.length;
    let at = 0;
    let firstBytes = 0;
    while (at < end || at === 0) {
      const reason = decodeSegment(datagram, at, end, checksumCoversPayload, version, segment);
      if (reason !== undefined) {
        this.drop(nowMs, reason);
        // P-HDR-06: where the next would begin is known only of datagrams that a kernel merged.
        if (firstBytes === 0) return;
        at += firstBytes;
        continue;
      }
      if (at === 0) firstBytes = segment.payloadEnd;
      at = segment.payloadEnd;
      const outcome = this.route(nowMs, peer);
      if (outcome !== undefined) this.drop(nowMs, outcome);
    }
  }

  private drop(nowMs: number, reason: DropReason): void {
    this.drops[reason] += 1;
    if (this.config.trace.enabled) this.config.trace.record(nowMs, 0, { kind: 'dropped', reason });
  }

  private route(nowMs: number, peer: PeerAddress): DropReason | undefined {
    const segment = this.segment;
    // P-PORT-01: only a refusal, which has no connection behind it, comes from port 0.
    const isSyn = segment.destinationPort === 0;
    const isRefusal = !isSyn && (segment.error !== ERROR.NONE || segment.cookieAt >= 0);
    if (segment.sourcePort === 0 && !isRefusal) return 'port';
    if (isSyn) {
      return this.acceptor.handle(nowMs, peer, segment);
    }
    const entry = this.table.find(segment.destinationPort);
    if (entry === undefined) {
      this.strangers.onUnknown(nowMs, peer, segment);
      return 'unknownConnection';
    }
    // P-PORT-03: the source port must match; it is learnt from the SYN-ACK.
    if (entry.remotePort !== 0 && entry.remotePort !== segment.sourcePort) return 'port';
    const isElsewhere = entry.peer !== peer;
    if (isElsewhere && (entry instanceof QuietEntry || !entry.mayMove)) return 'address';
    if (this.config.trace.enabled) this.traceSegment(nowMs, entry);
    if (entry instanceof QuietEntry) {
      const answer = entry.answer(nowMs, segment.closeStage);
      if (answer !== undefined) this.strangers.push(peer, answer);
      return undefined;
    }
    this.counters.steps += 1;
    const outcome = entry.handleSegment(nowMs, segment, peer);
    if (isElsewhere && entry.peer === peer) this.counters.moves += 1;
    if (entry.state !== 'opening') this.acceptor.onSettled(entry);
    this.touch(entry);
    return outcome;
  }

  private traceSegment(nowMs: number, entry: Connection | QuietEntry): void {
    const id = entry instanceof Connection ? entry.id : 0;
    this.config.trace.record(nowMs, id, { kind: 'received', segment: prettyPrint(this.segment) });
  }

  /** Opens a connection to `peer`; its SYN leaves with the next transmit. */
  connect(nowMs: number, peer: PeerAddress, overrides: Partial<ConnectionConfig> = {}): Connection {
    this.nowMs = nowMs;
    const config = { ...this.config.connection, ...overrides };
    const connection = this.create(nowMs, peer, config, true);
    this.counters.opened += 1;
    this.touch(connection);
    return connection;
  }

  private create(
    nowMs: number,
    peer: PeerAddress,
    config: ConnectionConfig,
    initiator: boolean,
    handshake?: Handshake,
  ): Connection {
    const localPort = this.table.freePort(this.config.random);
    const place = { id: this.nextId, localPort, wake: this.onWake, handshake };
    this.nextId += 1;
    const connection = new Connection(nowMs, place, initiator, peer, config, this.shared);
    this.table.add(connection);
    return connection;
  }

  private readonly onWake = (connection: Connection): void => {
    this.touch(connection);
    this.config.wake();
  };

  /** Something changed at `connection`: it may have output, events, another deadline. */
  private touch(connection: Connection): void {
    if (connection.isReady) return;
    const { peer } = connection;
    this.ready.push(peer.source ?? peer.address, connection);
  }

  /** Lets every connection whose deadline has passed act on it. */
  handleTimeout(nowMs: number): void {
    this.nowMs = nowMs;
    for (;;) {
      const entry = this.heap.peek();
      if (entry === undefined || entry.deadlineMs > nowMs) return;
      this.heap.remove(entry);
      this.counters.steps += 1;
      if (entry instanceof QuietEntry) {
        this.table.removeQuiet(entry);
      } else {
        entry.handleTimeout(nowMs);
        this.touch(entry);
      }
    }
  }

  /**
   * Writes the next datagram into `slot`; false when nobody has anything to say. P-FAIR-01: who
   * comes next is decided by bytes, between sources and then between the connections of one.
   */
  pollTransmit(nowMs: number, slot: TransmitSlot): boolean {
    this.nowMs = nowMs;
    if (this.strangers.poll(slot)) {
      this.counters.datagramsSent += 1;
      return true;
    }
    for (;;) {
      const connection = this.ready.peek();
      if (connection === undefined) return false;
      if (connection.pollTransmit(nowMs, slot)) {
        this.counters.datagramsSent += 1;
        if (this.config.trace.enabled) this.traceSent(nowMs, connection, slot);
        this.ready.sent(slot.length);
        return true;
      }
      this.settle(nowMs, connection);
    }
  }

  private traceSent(nowMs: number, connection: Connection, slot: TransmitSlot): void {
    const { checksumCoversPayload, version } = this.config.protection;
    decodeSegment(slot.buffer, 0, slot.length, checksumCoversPayload, version, this.segment);
    const segment = prettyPrint(this.segment);
    this.config.trace.record(nowMs, connection.id, { kind: 'sent', segment });
  }

  /** Whose turn it is has nothing more to send: note its deadline and its events. */
  private settle(nowMs: number, connection: Connection): void {
    this.counters.steps += 1;
    const deadlineMs = connection.nextTimeout();
    if (deadlineMs <= nowMs && !connection.isLate) {
      // What has just come in (a shorter round trip, say) may move a deadline into the past.
      connection.isLate = true;
      connection.handleTimeout(nowMs);
      return;
    }
    connection.isLate = false;
    this.ready.shift();
    if (!connection.hasEvents) {
      connection.hasEvents = true;
      this.eventful.push(connection);
    }
    if (!connection.isGone) {
      this.heap.update(connection, deadlineMs);
      return;
    }
    this.heap.remove(connection);
    this.acceptor.onSettled(connection);
    if (!this.table.remove(connection)) return;
    connection.release();
    this.rest(nowMs, connection);
  }

  /** P-CLOSE-05: the ports of a closed connection rest for three timeouts. */
  private rest(nowMs: number, connection: Connection): void {
    if (connection.remotePort === 0) return;
    const entry = new QuietEntry(connection, connection.synKey);
    this.table.addQuiet(entry);
    this.heap.update(entry, nowMs + connection.quietMs);
  }

  pollEvent(): EndpointEvent | undefined {
    for (;;) {
      const connection = this.eventful.peek();
      if (connection === undefined) return undefined;
      const event = connection.pollEvent();
      if (event !== undefined) return { connection, event };
      connection.hasEvents = false;
      this.eventful.shift();
    }
  }

  nextTimeout(): number {
    if (!this.ready.isEmpty || this.strangers.isWaiting) return this.nowMs;
    return this.heap.peek()?.deadlineMs ?? Infinity;
  }
}
