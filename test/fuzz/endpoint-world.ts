/**
 * Two endpoints and a network that does what the bytes of an input say: a stream of opcodes. One
 * endpoint is a server; the other a client that is honest, or lies under seals of its own.
 *
 * Strangers may send anything from addresses of their own, copies included. Whatever happens:
 * nothing throws, work and memory are bounded, deadlines lie ahead, no address that has proved
 * nothing gets more than it sent, and under seals an honest application reads only what was sent.
 */
import { plainProtection, type Protection } from '../../src/transport/protection.ts';
import { PASS_THROUGH } from '../../src/transport/seal.ts';
import type { PeerAddress } from '../../src/transport/types.ts';
import { INSECURE_VERSION } from '../../src/wire/codes.ts';
import { noiseOf } from '../sim/sealed.ts';
import { peerAddress } from '../unit/transport/station.ts';
import type { ByteReader } from './byte-reader.ts';
import { Side } from './endpoint-side.ts';
import { Lies, lyingProtection } from './liar.ts';
import { demand } from './target.ts';

export const SERVER = peerAddress(1);
/** The client at home, then the client elsewhere, then strangers. */
export const SOURCES = [2, 3, 4, 5, 6].map((host) => peerAddress(host));
const STRANGERS_FROM = 2;
const MOST_QUEUED = 128;
const MOST_REMEMBERED = 64;
/** A challenge to an address that showed a copy of a true segment is this much longer than it. */
const CHALLENGE_SLACK_BYTES = 80;
/** Deadlines met in one advance. A quiet endpoint meets a few a second. */
const MOST_TURNS = 3_000;
/** All that can wait has ended by then. */
const END_MS = 600_000;
const FIRSTS = [undefined, 5, 0xffff_fff0, 2 ** 22 - 8] as const;

interface InFlight {
  readonly from: PeerAddress;
  readonly bytes: Uint8Array;
}

interface Ledger {
  bytesIn: number;
  bytesOut: number;
  datagramsIn: number;
  datagramsOut: number;
}

function shift<T>(queue: T[], item: T, most: number): void {
  queue.push(item);
  if (queue.length > most) queue.shift();
}

export class World {
  nowMs = 0;
  readonly server: Side;
  readonly client: Side;
  readonly lies = new Lies();
  readonly toServer: InFlight[] = [];
  readonly toClient: Uint8Array[] = [];
  /** What went over the wire lately, both ways. */
  readonly seen: Uint8Array[] = [];
  /** Where the client sends from. */
  home: PeerAddress = SOURCES[0]!;
  private readonly ledgers = new Map<PeerAddress, Ledger>();

  constructor(isSealed: boolean, reader: ByteReader) {
    const mode = reader.byte();
    const isLying = (mode & 1) === 1;
    const cookieDemand = (mode & 2) === 2 ? 'always' : 'load';
    const first = FIRSTS[(mode >> 2) & 3];
    const make = (seed: number): Protection =>
      isSealed ? noiseOf(seed) : plainProtection(PASS_THROUGH, INSECURE_VERSION);
    const isHonest = isSealed && !isLying;
    const common = { first, cookieDemand, isSealed, isHonest } as const;
    this.server = new Side({
      ...common,
      protection: make(1),
      accepts: true,
      seed: 1,
      send: (bytes, peer) => this.fromServer(bytes, peer),
    });
    const truth = make(2);
    this.client = new Side({
      ...common,
      protection: isLying ? lyingProtection(truth, this.lies) : truth,
      accepts: false,
      seed: 2,
      send: (bytes) => {
        shift(this.seen, bytes, MOST_REMEMBERED);
        shift(this.toServer, { from: this.home, bytes }, MOST_QUEUED);
      },
    });
  }

  private ledger(peer: PeerAddress): Ledger {
    let ledger = this.ledgers.get(peer);
    if (ledger === undefined) {
      ledger = { bytesIn: 0, bytesOut: 0, datagramsIn: 0, datagramsOut: 0 };
      this.ledgers.set(peer, ledger);
    }
    return ledger;
  }

  private fromServer(bytes: Uint8Array, peer: PeerAddress): void {
    const ledger = this.ledger(peer);
    ledger.bytesOut += bytes.length;
    ledger.datagramsOut += 1;
    shift(this.seen, bytes, MOST_REMEMBERED);
    // What goes to a stranger can still be brought to the client, by a copy out of `seen`.
    if (SOURCES.indexOf(peer) < STRANGERS_FROM) shift(this.toClient, bytes, MOST_QUEUED);
  }

  sendToServer(from: PeerAddress, bytes: Uint8Array): void {
    const ledger = this.ledger(from);
    ledger.bytesIn += bytes.length;
    ledger.datagramsIn += 1;
    this.server.handle(this.nowMs, from, bytes);
  }

  sendToClient(bytes: Uint8Array): void {
    this.client.handle(this.nowMs, SERVER, bytes);
  }

  /** Both endpoints act on what they have got. */
  rest(): void {
    this.server.drain(this.nowMs);
    this.client.drain(this.nowMs);
    this.checkStrangers();
  }

  /** Whoever has not proved its address gets no more than it sent, datagrams and bytes. */
  private checkStrangers(): void {
    const proved = new Set<PeerAddress>();
    for (const connection of this.server.endpoint.connections()) {
      if (connection.state !== 'opening') proved.add(connection.peer);
    }
    for (const stranger of SOURCES.slice(STRANGERS_FROM)) {
      const ledger = this.ledgers.get(stranger);
      if (ledger === undefined) continue;
      // Proof once given may have come with a copy of everything: this address counts no more.
      if (proved.has(stranger)) ledger.bytesIn = Infinity;
      if (ledger.bytesIn === Infinity) continue;
      const { bytesIn, bytesOut, datagramsIn, datagramsOut } = ledger;
      demand(datagramsOut <= datagramsIn, 'a stranger gets more datagrams than it sent');
      const mostBytes = bytesIn + CHALLENGE_SLACK_BYTES * Math.min(4, datagramsIn);
      demand(bytesOut <= mostBytes, () => `a stranger gets ${bytesOut} bytes for ${bytesIn}`);
    }
  }

  /** Lets time pass, stopping at each deadline on the way. */
  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    let turns = 0;
    for (;;) {
      const sides = [this.server, this.client];
      const nextMs = Math.min(...sides.map(({ endpoint }) => endpoint.nextTimeout()));
      if (nextMs > untilMs) break;
      turns += 1;
      demand(turns < MOST_TURNS, 'deadlines without end');
      this.nowMs = Math.max(this.nowMs, nextMs);
      for (const side of sides) {
        side.handleTimeout(this.nowMs);
        side.drain(this.nowMs);
        const { endpoint } = side;
        demand(endpoint.nextTimeout() > this.nowMs, 'a deadline stays behind');
      }
    }
    this.nowMs = untilMs;
    this.checkStrangers();
  }

  /** When all is silent everything ends, and nothing stays behind. */
  end(): void {
    for (const side of [this.server, this.client]) {
      side.audit();
      side.isReading = true;
      for (const connection of side.endpoint.connections()) {
        connection.abort(1);
        side.allowedSteps += 4;
      }
      for (const connection of side.apps.keys()) side.read(connection);
    }
    this.rest();
    this.advance(END_MS);
    for (const { endpoint, sendPool } of [this.server, this.client]) {
      const stats = endpoint.stats();
      const left = [endpoint.connectionCount, endpoint.quietCount, stats.halfOpen];
      demand(
        left.every((count) => count === 0),
        () => `left behind: ${left.join(' ')}`,
      );
      demand(endpoint.nextTimeout() === Infinity, 'a deadline without a connection');
      demand(sendPool.usedBytes === 0 && stats.earlyBytes === 0, 'memory stays lent');
    }
  }
}
