/** One segment of every kind, built by what builds them in earnest, for the golden file. */
import { Opening } from '../../../src/transport/opening.ts';
import { plainProtection } from '../../../src/transport/protection.ts';
import { PASS_THROUGH, toyMac } from '../../../src/transport/seal.ts';
import type { PeerAddress } from '../../../src/transport/types.ts';
import { SegmentWriter } from '../../../src/transport/segment-writer.ts';
import { Strangers } from '../../../src/transport/strangers.ts';
import { AckBlock } from '../../../src/wire/ack-block.ts';
import { ERROR, FLAG, WIRE_VERSION } from '../../../src/wire/codes.ts';
import { defaultParameters, type Parameters } from '../../../src/wire/parameters.ts';
import { SegmentView } from '../../../src/wire/segment.ts';
import { commonOptions, lenOption, naiveSegment, txnOption } from './naive.ts';

export interface Vector {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Whether the checksum leaves the payload out. */
  readonly isSealed: boolean;
  /** Whether its options stand as no writer of ours puts them. */
  readonly isForeign: boolean;
}

const TWO_32 = 2 ** 32;
/** Numbers inside are unbounded; on the wire this sequence and these transmissions wrap. */
const SEQ = 0xfffffffe;
const TXN = 3 * TWO_32 - 1;
const PEER_SEQ = 0x10203040;

const PARAMETERS: Parameters = {
  ...defaultParameters(),
  segmentBytes: 1500,
  windowSegments: 5705,
  creditBytes: 8_388_608,
};

const PEER: PeerAddress = { key: 'a', address: 'a', port: 1, family: 4 };

const PLAIN = plainProtection(PASS_THROUGH, WIRE_VERSION);

/** 1, 2, 3 … */
function series(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i + 1);
}

function writerOf(sealer = PASS_THROUGH): SegmentWriter {
  const writer = new SegmentWriter(sealer);
  writer.sourcePort = 4711;
  writer.destinationPort = 10_000;
  writer.ack = PEER_SEQ;
  writer.windowSegments = 4096;
  return writer;
}

function ours(name: string, write: (buffer: Uint8Array) => number): Vector {
  // Noise, so that a byte nobody wrote shows.
  const buffer = new Uint8Array(2048).fill(0xee);
  const length = write(buffer);
  return { name, bytes: buffer.slice(0, length), isSealed: false, isForeign: false };
}

function foreign(name: string, bytes: Uint8Array): Vector {
  return { name, bytes, isSealed: false, isForeign: true };
}

function handshake(name: string, build: (opening: Opening, buffer: Uint8Array) => void): Vector {
  return ours(name, (buffer) => {
    const writer = writerOf();
    const isSyn = name === 'syn';
    if (isSyn) Object.assign(writer, { destinationPort: 0, ack: 0, windowSegments: 0 });
    const opening = new Opening(
      !name.startsWith('syn-ack'),
      writer,
      PLAIN.begin(true),
      WIRE_VERSION,
      1,
    );
    build(opening, buffer);
    const slot = { buffer, length: 0, peer: PEER };
    if (name.startsWith('syn-ack')) opening.onSyn();
    opening.poll(0, slot);
    return slot.length;
  });
}

function openings(): Vector[] {
  const first = { flags: FLAG.OP | FLAG.END, payload: Uint8Array.of(0xa1, 0x62, 0x6f, 0x70) };
  return [
    handshake('syn', (opening, buffer) => opening.buildSyn(buffer, SEQ, TXN, PARAMETERS)),
    handshake('syn-ack', (opening, buffer) => opening.buildSynAck(buffer, SEQ, TXN, PARAMETERS)),
    ours('syn-ack-busy', (buffer) => {
      const writer = writerOf();
      Object.assign(writer, { sourcePort: 0, windowSegments: 0 });
      return writer.refusal(buffer, ERROR.BUSY, undefined);
    }),
    ours('syn-ack-cookie', (buffer) => {
      const writer = writerOf();
      Object.assign(writer, { sourcePort: 0, windowSegments: 0 });
      return writer.refusal(buffer, ERROR.NONE, series(20));
    }),
    handshake('third', (opening, buffer) =>
      opening.buildThird(buffer, SEQ, TXN, PARAMETERS, undefined, 200, 1000),
    ),
    handshake('third-with-operation', (opening, buffer) => {
      const endless = { ...PARAMETERS, patienceMs: 0, ackEverySegments: 16, maxAckDelayMs: 5 };
      opening.buildThird(buffer, SEQ, TXN + 1, endless, first, 200, 1000);
    }),
  ];
}

function stream(
  name: string,
  flags: number,
  length: number,
  options: { error?: number; part?: readonly [number, number]; isSealed?: boolean } = {},
): Vector {
  const { error = 0, part = [0, 0] as const, isSealed = false } = options;
  const vector = ours(name, (buffer) => {
    const bytes = Uint8Array.from({ length: length + 5 }, (_, i) => (i * 37 + 11) & 255);
    const writer = writerOf(isSealed ? toyMac(42) : PASS_THROUGH);
    return writer.stream(buffer, SEQ + 1, flags, error, TXN + 5, bytes, 5, length, ...part);
  });
  return { ...vector, isSealed };
}

function streams(): Vector[] {
  return [
    stream('op', FLAG.OP, 64),
    stream('op-end', FLAG.OP | FLAG.END, 13),
    stream('dat', FLAG.DAT, 128),
    stream('dat-odd', FLAG.DAT, 127),
    stream('dat-end', FLAG.DAT | FLAG.END, 1),
    stream('dat-end-empty', FLAG.DAT | FLAG.END, 0),
    stream('dat-end-error', FLAG.DAT | FLAG.END, 3, { error: ERROR.SOURCE_CHANGED }),
    stream('dat-part-first', FLAG.DAT, 96, { part: [0, 128] }),
    stream('dat-part-last', FLAG.DAT, 32, { part: [96, 128] }),
    stream('dat-sealed', FLAG.DAT, 16, { isSealed: true }),
  ];
}

function ack(name: string, change: (block: AckBlock) => void): Vector {
  return ours(name, (buffer) => {
    const block = new AckBlock();
    change(block);
    return writerOf().acknowledgement(buffer, SEQ + 4, TXN + 6, block);
  });
}

function acknowledgements(): Vector[] {
  return [
    ack('ack-nothing-received', (block) => {
      block.credit = 8_388_608;
    }),
    ack('ack', (block) => {
      Object.assign(block, { echo: 0xabc, delayMs: 0.4, credit: 65_536, tmapWords: 2 });
      block.tmap.set([0xffffff00, 0x1fff]);
    }),
    ack('ack-with-sack', (block) => {
      const words = { tmapWords: 1, sackWords: 3 };
      Object.assign(block, { echo: 5, delayMs: 25, credit: 2 ** 33, ...words });
      block.sackStart = 0xffffffe0;
      block.tmap.set([0x3d]);
      block.sack.set([0x80000000, 0xfffffffe, 0x7]);
    }),
    ack('ack-largest', (block) => {
      const words = { tmapWords: 64, sackWords: 32 };
      Object.assign(block, { echo: 0xffffffff, delayMs: 1e6, credit: 0, sackStart: 64, ...words });
      block.tmap.set(Array.from({ length: 64 }, (_, i) => (i * 0x9e3779b1) >>> 0));
      block.sack.set(Array.from({ length: 32 }, (_, i) => (i * 0x85ebca6b) >>> 0));
    }),
  ];
}

function controls(): Vector[] {
  const close = (name: string, stage: number, flags: number, error = 0): Vector =>
    ours(name, (buffer) => writerOf().close(buffer, SEQ + 3, TXN + 7, stage, flags, error));
  return [
    ours('probe', (buffer) => writerOf().probe(buffer, SEQ + 3, TXN + 7)),
    ours('probe-shut-window', (buffer) => {
      const writer = writerOf();
      writer.windowSegments = 0;
      return writer.probe(buffer, SEQ + 3, TXN + 7);
    }),
    ours('probe-widest-window', (buffer) => {
      const writer = writerOf();
      writer.windowSegments = 2 ** 24 + 5;
      return writer.probe(buffer, SEQ + 3, TXN + 7);
    }),
    ours('probe-of-path', (buffer) => writerOf().probe(buffer, SEQ + 3, TXN + 7, 128)),
    close('close-1', 1, FLAG.CNT | FLAG.FIN),
    close('close-1-abort', 1, FLAG.CNT | FLAG.FIN, ERROR.CANCELLED),
    close('close-2', 2, FLAG.CNT | FLAG.FIN | FLAG.ACK),
    close('close-3', 3, FLAG.CNT),
    close('close-4', 4, FLAG.CNT | FLAG.ACK),
    ours('challenge-question', (buffer) =>
      writerOf().challenge(buffer, SEQ + 3, TXN + 8, series(8), false, series(16)),
    ),
    ours('challenge-answer', (buffer) =>
      writerOf().challenge(buffer, SEQ + 3, TXN + 9, series(8), true, undefined),
    ),
    ours('reset', (buffer) => {
      const segment = new SegmentView();
      Object.assign(segment, { sourcePort: 4711, destinationPort: 10_000, payloadEnd: 45 });
      const strangers = new Strangers({ make: () => series(16) });
      strangers.onUnknown(0, PEER, segment);
      const slot = { buffer, length: 0, peer: PEER };
      strangers.poll(slot);
      return slot.length;
    }),
  ];
}

function foreigners(): Vector[] {
  const unknown = [99, 5, 1, 2, 3];
  const token = [7, 18, ...Array.from({ length: 16 }, (_, i) => 0xf0 + i)];
  const options = [0, ...unknown, ...lenOption(2), 0, 0, 0, ...txnOption(9), 9, 2, 10, 3, 0];
  return [
    foreign(
      'unknown-options-and-padding',
      naiveSegment({ flags: FLAG.DAT, options, payload: [1, 2] }),
    ),
    foreign('no-transmission-number', naiveSegment({ flags: FLAG.ACK, options: lenOption(0) })),
    foreign(
      'longest-header',
      naiveSegment({
        flags: FLAG.ACK,
        options: [...commonOptions(7, 0), ...Array<number>(220).fill(0)],
      }),
    ),
    foreign(
      'reset-otherwise',
      naiveSegment({ flags: FLAG.CNT, options: [...lenOption(0), ...token] }),
    ),
    foreign(
      'foreign-versions',
      naiveSegment({ flags: FLAG.CNT | FLAG.SYN, options: [...lenOption(0), 5, 4, 7, 9] }),
    ),
    foreign(
      'parameters-unknown',
      naiveSegment({
        flags: FLAG.CNT | FLAG.SYN | FLAG.ACK,
        options: commonOptions(1, 15),
        payload: [200, 0, 1, 5, 1, 0, 2, 5, 220, 99, 0, 0, 0, 7, 7],
      }),
    ),
  ];
}

export function allVectors(): Vector[] {
  return [...openings(), ...streams(), ...acknowledgements(), ...controls(), ...foreigners()];
}
