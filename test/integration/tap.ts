/** A wire between clients and a server that somebody looks at: what an observer on the way sees. */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { FLAG, WIRE_VERSION } from '../../src/wire/codes.ts';
import { decodeSegment, SegmentView } from '../../src/wire/segment.ts';

const HOST = '127.0.0.1';

/** Payload of a sealed segment that says nothing. */
const TAG_BYTES = 16;

export type Way = 'up' | 'down';

export interface Passed {
  readonly way: Way;
  readonly bytes: Buffer;
  /** The segments inside, from their headers, which are in the clear. */
  readonly segments: readonly Heard[];
}

export interface Heard {
  readonly kind: 'syn' | 'synAck' | 'third' | 'probe' | 'op' | 'dat' | 'ack' | 'close' | 'reset';
  readonly seq: number;
}

export class Tap {
  /** Everything that passed, in order. */
  readonly passed: Passed[] = [];
  private readonly front = createSocket('udp4');
  private readonly backs = new Map<number, Socket>();
  private readonly serverPort: number;
  private readonly delayMs: number;
  private isClosed = false;

  private constructor(serverPort: number, delayMs: number) {
    this.serverPort = serverPort;
    this.delayMs = delayMs;
  }

  /** @param delayMs added on each way */
  static async open(serverPort: number, delayMs = 0): Promise<Tap> {
    const tap = new Tap(serverPort, delayMs);
    tap.front.on('message', (bytes, { port }) => {
      tap.note('up', bytes);
      tap.later(() => tap.backOf(port).send(bytes, tap.serverPort, HOST));
    });
    tap.front.bind(0, HOST);
    await once(tap.front, 'listening');
    return tap;
  }

  /** Where clients find the server through this wire. */
  get port(): number {
    return this.front.address().port;
  }

  /** What passed, without acknowledgements and repeats, in order: `up syn`, `down dat`. */
  get order(): readonly string[] {
    const seen = new Set<string>();
    const order: string[] = [];
    for (const { way, segments } of this.passed) {
      for (const { kind, seq } of segments) {
        const name = `${way} ${kind}`;
        if (kind === 'ack' || kind === 'probe' || seen.has(`${name} ${seq}`)) continue;
        seen.add(`${name} ${seq}`);
        order.push(name);
      }
    }
    return order;
  }

  /** All bytes that passed, datagram behind datagram. */
  get bytes(): Buffer {
    return Buffer.concat(this.passed.map(({ bytes }) => bytes));
  }

  /** Journeys there and back until the first byte of a file comes down. */
  get roundTripsToData(): number {
    const ways = this.order.map((name) => name.split(' ')[0]);
    const until = this.order.indexOf('down dat');
    return ways.slice(0, until).filter((way, i) => way === 'up' && ways[i - 1] !== 'up').length;
  }

  close(): void {
    this.isClosed = true;
    this.front.close();
    for (const back of this.backs.values()) back.close();
  }

  /** A port of its own for each client, as an address translator has. */
  private backOf(clientPort: number): Socket {
    const known = this.backs.get(clientPort);
    if (known !== undefined) return known;
    const back = createSocket('udp4');
    this.backs.set(clientPort, back);
    back.on('message', (bytes) => {
      this.note('down', bytes);
      this.later(() => this.front.send(bytes, clientPort, HOST));
    });
    // A server that is started anew has no port for a while.
    back.on('error', () => undefined);
    return back;
  }

  private later(send: () => void): void {
    if (this.delayMs === 0) return send();
    setTimeout(() => {
      if (!this.isClosed) send();
    }, this.delayMs);
  }

  private note(way: Way, bytes: Buffer): void {
    this.passed.push({ way, bytes, segments: segmentsIn(bytes) });
  }
}

function segmentsIn(bytes: Uint8Array): Heard[] {
  const heard: Heard[] = [];
  const view = new SegmentView();
  for (let at = 0; at < bytes.length; at = view.payloadEnd) {
    const problem = decodeSegment(bytes, at, bytes.length, false, WIRE_VERSION, view);
    // An unsealed payload is in the sum too, which these eyes leave out.
    if (problem !== undefined && problem !== 'checksum') break;
    heard.push({ kind: kindOf(view), seq: view.seq });
  }
  return heard;
}

function kindOf(view: SegmentView): Heard['kind'] {
  if (view.hasReset) return 'reset';
  if (view.has(FLAG.OP)) return 'op';
  if (view.has(FLAG.DAT)) return 'dat';
  if (!view.has(FLAG.CNT)) return 'ack';
  if (view.has(FLAG.SYN)) return view.has(FLAG.ACK) ? 'synAck' : 'syn';
  if (view.closeStage > 0) return 'close';
  return view.payloadBytes > TAG_BYTES ? 'third' : 'probe';
}
