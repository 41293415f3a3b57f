/** One endpoint in a fuzzed world, with an application that checks what it is told. */
import { Cookies } from '../../src/crypto/cookie.ts';
import { resetToken } from '../../src/crypto/reset-token.ts';
import { DEFAULT_CONNECTION_CONFIG, type EndpointConfig } from '../../src/transport/config.ts';
import type { Connection } from '../../src/transport/connection.ts';
import { Endpoint, type EndpointEvent } from '../../src/transport/endpoint.ts';
import type { Protection } from '../../src/transport/protection.ts';
import { NO_TRACE } from '../../src/transport/trace.ts';
import type { PeerAddress, TransmitSlot } from '../../src/transport/types.ts';
import { SeededRandom } from '../../src/util/random.ts';
import { SlabPool } from '../../src/util/slab.ts';
import { MAX_DATAGRAM_BYTES } from '../../src/wire/layout.ts';
import { PRIMITIVES, secretOf } from '../sim/sealed.ts';
import { demand } from './target.ts';

export const MAX_CONNECTIONS = 12;
const EARLY_POOL_BYTES = 40_000;
/** One endpoint may hold this much more than its early pool for each connection. */
const EARLY_SLACK_BYTES = 8_192;
/** Datagrams in answer to one drain; a window is 40 segments, and there are few connections. */
const MOST_DATAGRAMS = 2_000;
const MOST_EVENTS = 2_000;
const DATA_SALT = 7;

const CONNECTION = {
  ...DEFAULT_CONNECTION_CONFIG,
  receiveWindowSegments: 40,
  receiveWindowBytes: 60_000,
  sendQueueBytes: 60_000,
  idleMs: 60_000,
};

export interface SideOptions {
  readonly protection: Protection;
  readonly accepts: boolean;
  readonly seed: number;
  readonly first: number | undefined;
  readonly cookieDemand: 'load' | 'always';
  readonly isSealed: boolean;
  readonly send: (bytes: Uint8Array, peer: PeerAddress) => void;
  /** False when the peer may say anything: then what comes is not checked. */
  readonly isHonest: boolean;
}

/** Byte `at` of the file that flows from an initiator (`way` 0) or a responder (1). */
export function fileByte(way: number, at: number): number {
  return (at * 31 + (at >> 8) * DATA_SALT + way * 101) & 0xff;
}

export function messageBytes(way: number, index: number): Uint8Array {
  const length = 3 + ((index * 977) % 3_000);
  const bytes = Uint8Array.from({ length }, (_, i) => (i * 13 + way) & 0xff);
  bytes[0] = way;
  bytes[1] = index >> 8;
  bytes[2] = index;
  return bytes;
}

/** What one connection's application has sent and read. */
interface App {
  messagesSent: number;
  dataSent: number;
  messagesRead: number;
  dataRead: number;
  isEstablished: boolean;
  isClosed: boolean;
  isAutoReading: boolean;
}

export class Side {
  readonly endpoint: Endpoint;
  readonly apps = new Map<Connection, App>();
  readonly sendPool = new SlabPool(1_048_576, { reserveBytes: 65_536 });
  readonly receivePool = new SlabPool(1_048_576, { reserveBytes: 65_536 });
  /** Upper bound of the steps that the input so far can explain. */
  allowedSteps = 100;
  isReading = true;
  private readonly slot: TransmitSlot;
  private readonly options: SideOptions;

  constructor(options: SideOptions) {
    this.options = options;
    const nobody = { key: '', address: '0.0.0.0', port: 1, family: 4 } as const;
    this.slot = { buffer: new Uint8Array(MAX_DATAGRAM_BYTES), length: 0, peer: nobody };
    this.endpoint = new Endpoint({
      accepts: options.accepts,
      maxConnections: MAX_CONNECTIONS,
      maxPatienceMs: 60_000,
      random: new SeededRandom(options.seed),
      protection: options.protection,
      receivePool: this.receivePool,
      sendPool: this.sendPool,
      earlyPoolBytes: EARLY_POOL_BYTES,
      connection: CONNECTION,
      ...(options.first === undefined
        ? {}
        : { initialSeq: options.first, initialTxn: options.first }),
      ...(options.isSealed && options.accepts ? stateless(options.cookieDemand) : {}),
      trace: NO_TRACE,
      wake: () => undefined,
    });
  }

  handle(nowMs: number, from: PeerAddress, bytes: Uint8Array): void {
    this.allowedSteps += 4 * (1 + Math.floor(bytes.length / 20));
    this.endpoint.handleDatagram(nowMs, from, bytes.slice());
  }

  handleTimeout(nowMs: number): void {
    const { connectionCount, quietCount } = this.endpoint;
    this.allowedSteps += 4 * (connectionCount + quietCount);
    this.endpoint.handleTimeout(nowMs);
  }

  /** Takes all that the endpoint has to send and to say. */
  drain(nowMs: number): void {
    let datagrams = 0;
    let events = 0;
    for (let isBusy = true; isBusy;) {
      isBusy = false;
      while (this.endpoint.pollTransmit(nowMs, this.slot)) {
        isBusy = true;
        datagrams += 1;
        this.allowedSteps += 2;
        demand(datagrams < MOST_DATAGRAMS, 'an endpoint sends without end');
        this.options.send(this.slot.buffer.slice(0, this.slot.length), this.slot.peer);
      }
      for (let next = this.endpoint.pollEvent(); next; next = this.endpoint.pollEvent()) {
        isBusy = true;
        events += 1;
        demand(events < MOST_EVENTS, 'an endpoint has news without end');
        this.onEvent(next);
      }
    }
    this.check();
  }

  appOf(connection: Connection): App {
    let app = this.apps.get(connection);
    if (app === undefined) {
      app = { messagesSent: 0, dataSent: 0, messagesRead: 0, dataRead: 0 } as App;
      Object.assign(app, { isEstablished: false, isClosed: false, isAutoReading: true });
      this.apps.set(connection, app);
    }
    return app;
  }

  private onEvent({ connection, event }: EndpointEvent): void {
    const app = this.appOf(connection);
    demand(!app.isClosed, () => `${event.kind} after closed`);
    if (event.kind === 'established') {
      demand(!app.isEstablished, 'established twice');
      app.isEstablished = true;
    } else if (event.kind !== 'closed' && event.kind !== 'writable') {
      demand(app.isEstablished, () => `${event.kind} before established`);
    }
    if (event.kind === 'closed') {
      app.isClosed = true;
      const { kind } = event.reason;
      const isBlaming = kind === 'violation' || kind === 'untrusted';
      demand(!isBlaming || !this.options.isHonest, () => `blames: ${JSON.stringify(event.reason)}`);
    }
    if (this.isReading) this.read(connection);
  }

  /** Reads all that waits, and compares it with what an honest peer sends. */
  read(connection: Connection): void {
    const app = this.appOf(connection);
    const way = connection.initiator ? 1 : 0;
    for (let next = connection.readMessage(); next; next = connection.readMessage()) {
      this.allowedSteps += 4;
      if (this.options.isHonest) {
        const wanted = messageBytes(way, app.messagesRead);
        demand(Buffer.compare(next, wanted) === 0, 'a message that nobody sent');
      }
      app.messagesRead += 1;
    }
    for (let run = connection.readRun(1); run; run = connection.readRun(1)) {
      this.allowedSteps += 8;
      for (let i = 0; i < run.length && this.options.isHonest; i += 1) {
        demand(run.slab.bytes[i] === fileByte(way, app.dataRead + i), 'bytes that nobody sent');
      }
      app.dataRead += run.length;
      connection.releaseRun(run);
    }
  }

  sendMessage(connection: Connection): void {
    const app = this.appOf(connection);
    this.allowedSteps += 4;
    const bytes = messageBytes(connection.initiator ? 0 : 1, app.messagesSent);
    if (connection.sendMessage(bytes)) app.messagesSent += 1;
  }

  sendData(connection: Connection, length: number): void {
    const app = this.appOf(connection);
    this.allowedSteps += 4;
    if (connection.dataRoomBytes < length || length === 0) return;
    const slab = this.sendPool.acquire(length);
    if (slab === undefined) return;
    const way = connection.initiator ? 0 : 1;
    for (let i = 0; i < length; i += 1) slab.bytes[i] = fileByte(way, app.dataSent + i);
    connection.sendData(slab, 0, length);
    app.dataSent += length;
  }

  /** Laws that hold at every rest. */
  check(): void {
    const { endpoint } = this;
    const stats = endpoint.stats();
    demand(endpoint.connectionCount <= MAX_CONNECTIONS + 8, 'too many connections');
    demand(stats.halfOpen <= endpoint.connectionCount, 'half-open entries without connections');
    const mostEarly = EARLY_POOL_BYTES + endpoint.connectionCount * EARLY_SLACK_BYTES;
    demand(stats.earlyBytes <= mostEarly, () => `${stats.earlyBytes} early bytes`);
    demand(stats.steps <= this.allowedSteps, () => `${stats.steps} of ${this.allowedSteps} steps`);
  }

  audit(): void {
    for (const connection of this.endpoint.connections()) {
      const fault = connection.audit();
      demand(fault === undefined, () => `audit: ${fault ?? ''}`);
    }
  }
}

function addressOf(peer: PeerAddress): Uint8Array {
  return Uint8Array.from(peer.address.split('.').map(Number));
}

/** Cookies and reset tokens, as a server has them. */
function stateless(
  cookieDemand: 'load' | 'always',
): Pick<EndpointConfig, 'cookies' | 'resetTokens' | 'cookieDemand'> {
  const maker = new Cookies(PRIMITIVES, 0, secretOf(3));
  return {
    cookieDemand,
    cookies: {
      make: (nowMs, peer, port) => maker.make(nowMs, addressOf(peer), peer.port, port),
      check: (nowMs, peer, port, shown) =>
        maker.check(nowMs, addressOf(peer), peer.port, port, shown),
    },
    resetTokens: {
      make: (peer, serverPort, clientPort) => {
        const place = { address: addressOf(peer), udpPort: peer.port, clientPort, serverPort };
        return resetToken(PRIMITIVES, secretOf(4), place);
      },
    },
  };
}
