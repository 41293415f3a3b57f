/** A whole acceptor under SYNs of many sources: bounded, and never louder than who calls it. */
import { MAX_HALF_OPEN, MAX_HALF_OPEN_PER_SOURCE } from '../../../src/transport/acceptor.ts';
import { AT, COOKIE_BYTES, HEADER_BYTES, SYN_BYTES } from '../../../src/wire/layout.ts';
import { cookieRange } from '../../../src/wire/segment.ts';
import { finishSegment } from '../../../src/wire/segment-write.ts';
import { noiseOf } from '../../sim/sealed.ts';
import { Station, peerAddress } from '../../unit/transport/station.ts';
import { ByteReader } from '../byte-reader.ts';
import { MAX_CONNECTIONS, Side } from '../endpoint-side.ts';
import { demand, type Target } from '../target.ts';

const MOST_SYNS = 200;
const SOURCES = Array.from({ length: 200 }, (_, i) => peerAddress(i + 2));
const TIMES_MS = [0, 1, 50, 500, 1_000, 5_000, 11_000, 61_000];

/** An honest SYN, as a client endpoint writes it. */
const SYN = honestSyn();
const COOKIE_AT = cookieRange(SYN)!.from;

function honestSyn(): Uint8Array {
  const bytes = new Uint8Array(65_507);
  const slot = { buffer: bytes, length: 0, peer: SOURCES[0]! };
  const { endpoint } = new Station({ endpoint: { protection: noiseOf(2), accepts: false } });
  endpoint.connect(0, SOURCES[0]!);
  endpoint.pollTransmit(0, slot);
  return bytes.slice(0, slot.length);
}

class Gate {
  nowMs = 0;
  readonly side: Side;
  private readonly bytesIn = new Map<string, number>();
  private readonly bytesOut = new Map<string, number>();
  /** The last cookie that each source was given. */
  private readonly cookies = new Map<string, Uint8Array>();
  private syns = 0;

  constructor(cookieDemand: 'load' | 'always') {
    this.side = new Side({
      protection: noiseOf(1),
      accepts: true,
      seed: 1,
      first: undefined,
      cookieDemand,
      isSealed: true,
      isHonest: false,
      send: (bytes, { key }) => {
        this.bytesOut.set(key, (this.bytesOut.get(key) ?? 0) + bytes.length);
        const isWithin = this.bytesOut.get(key)! <= (this.bytesIn.get(key) ?? 0);
        demand(isWithin, 'an answer is louder than the question');
        const range = cookieRange(bytes);
        if (range !== undefined) this.cookies.set(key, bytes.slice(range.from, range.to));
      },
    });
  }

  hear(index: number, bytes: Uint8Array): void {
    const peer = SOURCES[index % SOURCES.length]!;
    this.bytesIn.set(peer.key, (this.bytesIn.get(peer.key) ?? 0) + bytes.length);
    this.side.handle(this.nowMs, peer, bytes);
  }

  /** A SYN of source `index`, which shows its cookie if it has one and `isShowing`. */
  syn(index: number, port: number, isShowing: boolean, edit: (syn: Uint8Array) => void): void {
    if (this.syns >= MOST_SYNS) return;
    this.syns += 1;
    const bytes = SYN.slice();
    bytes[AT.SOURCE_PORT + 1] = port;
    bytes[AT.SEQ] = index;
    const cookie = this.cookies.get(SOURCES[index % SOURCES.length]!.key);
    if (isShowing && cookie?.length === COOKIE_BYTES) bytes.set(cookie, COOKIE_AT);
    edit(bytes);
    const headerLength = bytes[AT.HEADER_LENGTH]!;
    if (headerLength >= HEADER_BYTES) finishSegment(bytes, 0, bytes.length);
    this.hear(index, bytes);
  }

  rest(): void {
    this.side.drain(this.nowMs);
    const { halfOpen, accepted } = this.side.endpoint.stats();
    const perSource = MAX_HALF_OPEN_PER_SOURCE * SOURCES.length;
    demand(halfOpen <= Math.min(MAX_HALF_OPEN, perSource, accepted), 'too many half-open');
    demand(this.side.endpoint.connectionCount <= MAX_CONNECTIONS, 'too many connections');
    const isQuiet = [...this.side.apps.values()].every(({ isEstablished }) => !isEstablished);
    demand(isQuiet, 'a connection without a key');
  }

  advance(ms: number): void {
    this.nowMs += ms;
    this.side.handleTimeout(this.nowMs);
    this.rest();
    demand(this.side.endpoint.nextTimeout() > this.nowMs, 'a deadline stays behind');
  }
}

function step(gate: Gate, reader: ByteReader): void {
  const opcode = reader.byte();
  const index = reader.byte();
  switch (opcode % 6) {
    case 0:
      gate.syn(index, 1 + (reader.byte() % 8), (opcode & 64) !== 0, () => undefined);
      break;
    case 1: {
      const edits = reader.byte() % 6;
      gate.syn(index, 1, (opcode & 64) !== 0, (bytes) => {
        for (let i = 0; i < edits; i += 1) bytes[reader.uint16() % 160]! ^= reader.byte();
      });
      break;
    }
    case 2:
      for (let i = reader.byte() % 32; i > 0; i -= 1) {
        gate.syn(index + i, 1, (opcode & 64) !== 0, () => undefined);
      }
      break;
    case 3:
      gate.advance(TIMES_MS[index % TIMES_MS.length]!);
      break;
    case 4:
      gate.hear(index, reader.take(reader.byte()));
      break;
    default: {
      // The same SYN, but of another length.
      const length = (SYN_BYTES - 100 + reader.byte()) % (SYN.length + 1);
      gate.hear(index, SYN.slice(0, length));
    }
  }
  if ((opcode & 128) === 0) gate.rest();
}

function run(bytes: Uint8Array): void {
  const reader = new ByteReader(bytes);
  const gate = new Gate((reader.byte() & 1) === 1 ? 'always' : 'load');
  while (!reader.isDone) step(gate, reader);
  gate.rest();
  for (const connection of gate.side.endpoint.connections()) connection.abort(1);
  gate.side.allowedSteps += 8 * MAX_CONNECTIONS;
  gate.rest();
  gate.advance(600_000);
  demand(gate.side.endpoint.connectionCount === 0, 'a half-open entry stays behind');
}

export const target: Target = {
  run,
  seeds: [
    Uint8Array.of(0, 0, 1, 1, 3, 2, 64, 1, 1, 3, 4),
    Uint8Array.of(1, 0, 9, 1, 64, 9, 1, 3, 7),
    Uint8Array.of(0, 2, 1, 31, 2, 40, 31, 2, 90, 20, 66, 1, 31, 3, 6),
    Uint8Array.of(0, 1, 3, 2, 0, 40, 1, 0, 90, 7, 5, 1, 100),
  ],
  maxBytes: 160,
};
