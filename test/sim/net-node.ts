/** One endpoint of `net.ts` with an application: it answers `get N` by N bytes, and counts. */
import type { ConnectionConfig, EndpointConfig } from '../../src/transport/config.ts';
import { DEFAULT_CONNECTION_CONFIG } from '../../src/transport/config.ts';
import type { Connection } from '../../src/transport/connection.ts';
import { Endpoint } from '../../src/transport/endpoint.ts';
import { NO_TRACE } from '../../src/transport/trace.ts';
import type { Protection } from '../../src/transport/protection.ts';
import type { CloseReason, PeerAddress, TransmitSlot } from '../../src/transport/types.ts';
import { SeededRandom } from '../../src/util/random.ts';
import { SlabPool } from '../../src/util/slab.ts';
import { MAX_DATAGRAM_BYTES } from '../../src/wire/layout.ts';

const PIECE_BYTES = 65_536;
/** File bytes by their place; the length is prime, so a shift never goes unseen. */
const PATTERN = Uint8Array.from({ length: 65_521 }, (_, i) => (i * 31 + (i >> 8) * 7) & 0xff);

/** What one connection said and heard. */
export class Talk {
  readonly connection: Connection;
  readonly messages: string[] = [];
  receivedBytes = 0;
  recordsEnded = 0;
  isIntact = true;
  closed: CloseReason | undefined;
  /** Bytes of file still to be sent. */
  private leftBytes = 0;
  private sentBytes = 0;
  private readonly pool: SlabPool;

  constructor(connection: Connection, pool: SlabPool) {
    this.connection = connection;
    this.pool = pool;
    connection.userData = this;
  }

  say(message: string): void {
    this.connection.sendMessage(new TextEncoder().encode(message));
  }

  /** Sends a file of `bytes`. */
  post(bytes: number): void {
    this.leftBytes = bytes;
    this.sentBytes = 0;
    this.fill();
  }

  /** Gives the connection what it has room for; true when something was given. */
  fill(): boolean {
    const { connection } = this;
    const before = this.leftBytes;
    while (this.leftBytes > 0 && connection.dataRoomBytes >= PIECE_BYTES) {
      const length = Math.min(PIECE_BYTES, this.leftBytes);
      const slab = this.pool.acquire(length);
      if (slab === undefined) break;
      for (let i = 0; i < length;) {
        const at = (this.sentBytes + i) % PATTERN.length;
        const piece = PATTERN.subarray(at, at + length - i);
        slab.bytes.set(piece, i);
        i += piece.length;
      }
      connection.sendData(slab, 0, length);
      this.sentBytes += length;
      this.leftBytes -= length;
      if (this.leftBytes === 0) connection.endData();
    }
    return this.leftBytes !== before;
  }

  read(): void {
    const { connection } = this;
    for (let next = connection.readMessage(); next; next = connection.readMessage()) {
      const message = new TextDecoder().decode(next);
      this.messages.push(message);
      if (message.startsWith('get ')) this.post(Number(message.slice(4)));
    }
    for (let run = connection.readRun(1); run; run = connection.readRun(1)) {
      const bytes = run.slab.bytes.subarray(0, run.length);
      for (let i = 0; i < bytes.length; i += 1) {
        if (bytes[i] !== PATTERN[(this.receivedBytes + i) % PATTERN.length]) this.isIntact = false;
      }
      this.receivedBytes += run.length;
      if (run.end) this.recordsEnded += 1;
      connection.releaseRun(run);
    }
  }
}

export type NodeConfig = Partial<EndpointConfig> & Pick<EndpointConfig, 'protection'>;

export class Node {
  readonly address: PeerAddress;
  readonly protection: Protection;
  readonly host: number;
  readonly endpoint: Endpoint;
  readonly talks: Talk[] = [];
  private readonly pool = new SlabPool(67_108_864);
  private readonly slot: TransmitSlot;

  constructor(address: PeerAddress, host: number, config: NodeConfig) {
    this.address = address;
    this.host = host;
    this.protection = config.protection;
    this.slot = { buffer: new Uint8Array(MAX_DATAGRAM_BYTES), length: 0, peer: address };
    this.endpoint = new Endpoint({
      accepts: true,
      maxConnections: 10_000,
      maxPatienceMs: 120_000,
      random: new SeededRandom(host),
      earlyPoolBytes: 16_777_216,
      trace: NO_TRACE,
      wake: () => undefined,
      sendPool: this.pool,
      receivePool: new SlabPool(67_108_864),
      ...config,
      connection: { ...DEFAULT_CONNECTION_CONFIG, ...config.connection },
    });
  }

  get newest(): Talk {
    return this.talks.at(-1)!;
  }

  connect(nowMs: number, to: Node, overrides: Partial<ConnectionConfig> = {}): Talk {
    const connection = this.endpoint.connect(nowMs, to.address, overrides);
    const talk = new Talk(connection, this.pool);
    this.talks.push(talk);
    return talk;
  }

  /** Drops that were counted, without the zeros. */
  drops(): Record<string, number> {
    const { drops } = this.endpoint.stats();
    return Object.fromEntries(Object.entries(drops).filter(([, count]) => count > 0));
  }

  /** Everything that can be done now. */
  work(nowMs: number, send: (to: PeerAddress, bytes: Uint8Array) => void): void {
    const { endpoint, slot } = this;
    if (endpoint.nextTimeout() <= nowMs) endpoint.handleTimeout(nowMs);
    for (let isBusy = true; isBusy;) {
      isBusy = false;
      while (endpoint.pollTransmit(nowMs, slot)) {
        isBusy = true;
        send(slot.peer, slot.buffer.slice(0, slot.length));
      }
      for (let next = endpoint.pollEvent(); next; next = endpoint.pollEvent()) {
        isBusy = true;
        const { connection, event } = next;
        let talk = connection.userData as Talk | undefined;
        if (talk === undefined) this.talks.push((talk = new Talk(connection, this.pool)));
        if (event.kind === 'closed') talk.closed = event.reason;
        talk.read();
      }
      for (const talk of this.talks) if (talk.fill()) isBusy = true;
    }
  }
}
