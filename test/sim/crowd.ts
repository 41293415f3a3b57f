/**
 * One server and many clients without a network between them: every datagram arrives after the same
 * delay, and what the server may send is what it gets done in a millisecond. So what a test sees is
 * the endpoint's own choice of who comes next, and its own work.
 */
import { DEFAULT_CONNECTION_CONFIG, type ConnectionConfig } from '../../src/transport/config.ts';
import type { Connection } from '../../src/transport/connection.ts';
import { Endpoint } from '../../src/transport/endpoint.ts';
import { plainProtection } from '../../src/transport/protection.ts';
import { PASS_THROUGH } from '../../src/transport/seal.ts';
import { NO_TRACE } from '../../src/transport/trace.ts';
import type { PeerAddress, TransmitSlot } from '../../src/transport/types.ts';
import { Fifo } from '../../src/util/fifo.ts';
import { SeededRandom } from '../../src/util/random.ts';
import { SlabPool } from '../../src/util/slab.ts';
import { INSECURE_VERSION } from '../../src/wire/codes.ts';
import { MAX_DATAGRAM_BYTES } from '../../src/wire/layout.ts';

const PIECE_BYTES = 16_384;
const DELAY_MS = 5;

interface Flying {
  readonly atMs: number;
  readonly to: PeerAddress;
  readonly from: PeerAddress;
  readonly bytes: Uint8Array;
}

function addressOf(host: number): PeerAddress {
  const address = `192.0.2.${host}`;
  return { key: `${address}|10000`, address, port: 10_000, family: 4 };
}

/** What the server still has to send on one connection. */
interface Serving {
  readonly connection: Connection;
  leftBytes: number;
}

export interface CrowdOptions {
  /** Number of hosts, each a source of its own. */
  readonly hosts: number;
  /** Bytes of file that each client gets. */
  readonly fileBytes: number;
  /** Bytes that the server gets sent in a millisecond. */
  readonly serverBytesPerMs?: number;
  readonly config?: Partial<ConnectionConfig>;
  /** Memory for received bytes of one host. */
  readonly receivePoolBytes?: number;
  /** Bytes that one host reads in a millisecond, of its connections in turn. */
  readonly readBytesPerMs?: number;
}

export class Crowd {
  nowMs = 0;
  readonly server: Endpoint;
  readonly clients: readonly Endpoint[];
  /** File bytes that have come, by the number of the client's host. */
  readonly received: number[];
  /** And by connection. */
  readonly receivedBy = new Map<Connection, number>();
  private readonly options: CrowdOptions;
  private readonly flying = new Fifo<Flying>();
  private readonly serving = new Set<Serving>();
  private readonly sendPool = new SlabPool(1_073_741_824);
  private readonly serverAddress = addressOf(0);
  private readonly addresses: readonly PeerAddress[];
  private readonly hosts: ReadonlyMap<PeerAddress, Endpoint>;
  private readonly slot: TransmitSlot;
  private budgetBytes = 0;
  private readCredit = 0;
  private readonly readable: readonly Set<Connection>[];

  constructor(options: CrowdOptions) {
    this.options = options;
    this.slot = {
      buffer: new Uint8Array(MAX_DATAGRAM_BYTES),
      length: 0,
      peer: this.serverAddress,
    };
    this.server = this.endpoint(0);
    this.clients = Array.from({ length: options.hosts }, (_, i) => this.endpoint(i + 1));
    this.addresses = this.clients.map((_, i) => addressOf(i + 1));
    this.hosts = new Map(this.clients.map((client, i) => [this.addresses[i]!, client]));
    this.readable = this.clients.map(() => new Set());
    this.received = new Array<number>(options.hosts).fill(0);
  }

  private endpoint(host: number): Endpoint {
    return new Endpoint({
      accepts: host === 0,
      maxConnections: 40_000,
      maxPatienceMs: 120_000,
      random: new SeededRandom(host + 1),
      protection: plainProtection(PASS_THROUGH, INSECURE_VERSION),
      earlyPoolBytes: 268_435_456,
      trace: NO_TRACE,
      wake: () => undefined,
      sendPool: this.sendPool,
      receivePool: new SlabPool(this.options.receivePoolBytes ?? 1_073_741_824, {
        reserveBytes: 65_536,
      }),
      connection: { ...DEFAULT_CONNECTION_CONFIG, ...this.options.config },
    });
  }

  /** A client on host `host`, from 0; the server sends it a file as soon as it is there. */
  connect(host: number): Connection {
    return this.clients[host]!.connect(this.nowMs, this.serverAddress);
  }

  /** Lets `ms` pass, in steps of one. */
  run(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) this.step();
  }

  private step(): void {
    this.nowMs += 1;
    const { nowMs, flying, server } = this;
    for (let next = flying.peek(); next !== undefined && next.atMs <= nowMs; next = flying.peek()) {
      flying.shift();
      (this.hosts.get(next.to) ?? server).handleDatagram(nowMs, next.from, next.bytes);
    }
    for (let host = 0; host < this.clients.length; host += 1) this.workOf(host);
    if (server.nextTimeout() <= nowMs) server.handleTimeout(nowMs);
    this.serve();
    const rate = this.options.serverBytesPerMs ?? Infinity;
    this.budgetBytes = Math.min(rate, this.budgetBytes + rate);
    while (this.budgetBytes > 0 && server.pollTransmit(nowMs, this.slot)) {
      this.budgetBytes -= this.slot.length;
      this.fly(this.serverAddress);
    }
  }

  private fly(from: PeerAddress): void {
    const { slot } = this;
    const bytes = slot.buffer.slice(0, slot.length);
    this.flying.push({ atMs: this.nowMs + DELAY_MS, to: slot.peer, from, bytes });
  }

  private workOf(host: number): void {
    const client = this.clients[host]!;
    const { nowMs, slot } = this;
    if (client.nextTimeout() <= nowMs) client.handleTimeout(nowMs);
    for (let next = client.pollEvent(); next !== undefined; next = client.pollEvent()) {
      if (next.event.kind === 'readable') this.readable[host]!.add(next.connection);
    }
    this.read(host);
    while (client.pollTransmit(nowMs, slot)) this.fly(this.addresses[host]!);
  }

  /** One run of each connection in turn, as far as what may be read lasts. */
  private read(host: number): void {
    const rate = this.options.readBytesPerMs ?? Infinity;
    const readable = this.readable[host]!;
    this.readCredit = Math.min(rate, this.readCredit + rate);
    for (const connection of readable) {
      if (this.readCredit <= 0) return;
      readable.delete(connection);
      const run = connection.readRun(1);
      if (run === undefined) continue;
      readable.add(connection);
      this.readCredit -= run.length;
      this.received[host]! += run.length;
      this.receivedBy.set(connection, (this.receivedBy.get(connection) ?? 0) + run.length);
      connection.releaseRun(run);
    }
  }

  private serve(): void {
    const { server, serving } = this;
    for (let next = server.pollEvent(); next !== undefined; next = server.pollEvent()) {
      const { connection, event } = next;
      if (event.kind !== 'established') continue;
      serving.add({ connection, leftBytes: this.options.fileBytes });
    }
    for (const entry of serving) {
      this.fill(entry);
      if (entry.leftBytes === 0) serving.delete(entry);
    }
  }

  private fill(entry: Serving): void {
    const { connection } = entry;
    while (entry.leftBytes > 0 && connection.dataRoomBytes > 0) {
      const length = Math.min(PIECE_BYTES, entry.leftBytes);
      connection.sendData(this.sendPool.acquire(length)!, 0, length);
      entry.leftBytes -= length;
      if (entry.leftBytes === 0) connection.endData();
    }
  }
}
