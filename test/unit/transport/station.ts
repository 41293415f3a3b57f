/** One real endpoint in virtual time, with an application that reads whatever comes. */
import { WIRE_VERSION } from '../../../src/wire/codes.ts';
import { plainProtection } from '../../../src/transport/protection.ts';
import {
  type ConnectionConfig,
  DEFAULT_CONNECTION_CONFIG,
  type EndpointConfig,
} from '../../../src/transport/config.ts';
import type { Connection } from '../../../src/transport/connection.ts';
import { Endpoint } from '../../../src/transport/endpoint.ts';
import { PASS_THROUGH, type Sealer } from '../../../src/transport/seal.ts';
import { NO_TRACE, type TraceRecord, type TraceSink } from '../../../src/transport/trace.ts';
import type { CloseReason, PeerAddress, TransmitSlot } from '../../../src/transport/types.ts';
import { SeededRandom } from '../../../src/util/random.ts';
import { SlabPool } from '../../../src/util/slab.ts';
import { read, type Seen, SLOT_BYTES } from './segments.ts';

export function peerAddress(host: number, port = 10_000): PeerAddress {
  const address = `192.0.2.${host}`;
  return { key: `${address}|${port}`, address, port, family: 4 };
}

/** What one connection told its application. */
export class App {
  readonly events: string[] = [];
  readonly messages: string[] = [];
  /** Bytes of the dat records, ended ones first; `error` is undefined while a record is open. */
  readonly records: { bytes: Uint8Array; error: number | undefined }[] = [];
  closed: CloseReason | undefined;

  add(bytes: Uint8Array, end: boolean, error: number): void {
    let record = this.records.at(-1);
    if (record === undefined || record.error !== undefined) {
      record = { bytes: new Uint8Array(0), error: undefined };
      this.records.push(record);
    }
    const joined = new Uint8Array(record.bytes.length + bytes.length);
    joined.set(record.bytes);
    joined.set(bytes, record.bytes.length);
    record.bytes = joined;
    if (end) record.error = error;
  }
}

export interface StationOptions {
  endpoint?: Partial<EndpointConfig>;
  /** Protects segments in place of a pass-through. */
  sealer?: Sealer;
  connection?: Partial<ConnectionConfig>;
  /** Reads as soon as something comes; otherwise the test reads. */
  autoRead?: boolean;
  host?: number;
  tracing?: boolean;
}

export const FIRST_SEQ = 1000;
export const FIRST_TXN = 5000;

/** A window that leaves at once and counts losses: its arithmetic can be followed by hand. */
const DEFAULTS: ConnectionConfig = {
  ...DEFAULT_CONNECTION_CONFIG,
  controller: 'newreno',
  isPaced: false,
};

export class Station {
  nowMs = 0;
  readonly address: PeerAddress;
  readonly endpoint: Endpoint;
  readonly sendPool = new SlabPool(67_108_864);
  readonly receivePool: SlabPool;
  /** Everything ever sent. */
  readonly sent: Seen[] = [];
  readonly traced: TraceRecord[] = [];
  wakes = 0;
  autoRead: boolean;
  private readonly apps = new Map<Connection, App>();
  private readonly slot: TransmitSlot;
  private readonly sealer: Sealer;

  constructor(options: StationOptions = {}) {
    this.address = peerAddress(options.host ?? 1);
    this.sealer = options.sealer ?? PASS_THROUGH;
    this.autoRead = options.autoRead ?? true;
    this.receivePool = options.endpoint?.receivePool ?? new SlabPool(67_108_864);
    this.slot = { buffer: new Uint8Array(SLOT_BYTES), length: 0, peer: this.address };
    const trace: TraceSink = {
      enabled: true,
      record: (_nowMs, _id, record) => this.traced.push(record),
    };
    this.endpoint = new Endpoint({
      accepts: true,
      maxConnections: 100,
      maxPatienceMs: 120_000,
      random: new SeededRandom(options.host ?? 1),
      protection: plainProtection(this.sealer, WIRE_VERSION),
      earlyPoolBytes: 16_777_216,
      connection: { ...DEFAULTS, ...options.connection },
      initialSeq: FIRST_SEQ,
      initialTxn: FIRST_TXN,
      trace: options.tracing === true ? trace : NO_TRACE,
      wake: () => (this.wakes += 1),
      ...options.endpoint,
      sendPool: this.sendPool,
      receivePool: this.receivePool,
    });
  }

  /** Hands datagrams over as one batch, then takes what the endpoint answers. */
  feed(from: PeerAddress, ...datagrams: Uint8Array[]): Seen[] {
    for (const datagram of datagrams) {
      this.endpoint.handleDatagram(this.nowMs, from, datagram.slice());
    }
    return this.drain();
  }

  /** Takes what the endpoint has to send and to say. */
  drain(): Seen[] {
    const batch: Seen[] = [];
    let isBusy = true;
    while (isBusy) {
      isBusy = false;
      for (let next = this.next(); next; next = this.next()) {
        batch.push(next);
        isBusy = true;
      }
      for (let next = this.endpoint.pollEvent(); next; next = this.endpoint.pollEvent()) {
        isBusy = true;
        const app = this.appOf(next.connection);
        app.events.push(next.event.kind);
        if (next.event.kind === 'closed') app.closed = next.event.reason;
        if (this.autoRead && next.event.kind === 'message') this.readMessages(next.connection);
        if (this.autoRead && next.event.kind === 'readable') this.readRuns(next.connection);
      }
    }
    return batch;
  }

  /** Takes one datagram. */
  next(): Seen | undefined {
    if (!this.endpoint.pollTransmit(this.nowMs, this.slot)) return undefined;
    const datagram = this.slot.buffer.subarray(0, this.slot.length);
    const segment = read(this.nowMs, datagram, this.sealer);
    this.sent.push(segment);
    return segment;
  }

  readMessages(connection: Connection): void {
    const app = this.appOf(connection);
    for (let message = connection.readMessage(); message; message = connection.readMessage()) {
      app.messages.push(new TextDecoder().decode(message));
    }
  }

  /** Reads and gives back the file bytes that wait. */
  readRuns(connection: Connection): void {
    const app = this.appOf(connection);
    for (let run = connection.readRun(1); run; run = connection.readRun(1)) {
      app.add(run.slab.bytes.subarray(0, run.length), run.end, run.error);
      connection.releaseRun(run);
    }
  }

  /** Lets time pass, stopping at each deadline on the way; returns what was sent meanwhile. */
  advance(ms: number): Seen[] {
    const until = this.nowMs + ms;
    const batch: Seen[] = [];
    for (;;) {
      const next = this.endpoint.nextTimeout();
      if (next > until) break;
      this.nowMs = Math.max(this.nowMs, next);
      this.endpoint.handleTimeout(this.nowMs);
      batch.push(...this.drain());
      if (this.endpoint.nextTimeout() <= this.nowMs) throw new Error('a deadline stays behind');
    }
    this.nowMs = until;
    return batch;
  }

  appOf(connection: Connection): App {
    let app = this.apps.get(connection);
    if (app === undefined) this.apps.set(connection, (app = new App()));
    return app;
  }

  /** The connection that was opened or accepted last. */
  get newest(): Connection {
    const newest = [...this.endpoint.connections()].at(-1) ?? [...this.apps.keys()].at(-1);
    if (newest === undefined) throw new Error('no connection');
    return newest;
  }

  /** Queues file bytes, by way of a slab of the pool. */
  sendBytes(connection: Connection, bytes: Uint8Array): void {
    // Whole segments of 1,400 bytes, as a segment never spans two slabs.
    const mostBytes = 47 * 1368;
    for (let at = 0; at < bytes.length; at += mostBytes) {
      const piece = bytes.subarray(at, at + mostBytes);
      const slab = this.sendPool.acquire(piece.length)!;
      slab.bytes.set(piece);
      connection.sendData(slab, 0, piece.length);
    }
  }

  drops(): Record<string, number> {
    return Object.fromEntries(
      Object.entries(this.endpoint.stats().drops).filter(([, count]) => count > 0),
    );
  }
}
