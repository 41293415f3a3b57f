/** The price of bytes to values and back: header, options, ack block, checksum. */
import { Bench, type FnReturnedObject } from 'tinybench';
import { AckBlock, readAckBlock, writeAckBlock } from '../src/wire/ack-block.ts';
import { checksum } from '../src/wire/checksum.ts';
import { FLAG, WIRE_VERSION } from '../src/wire/codes.ts';
import { STREAM_HEADER_BYTES } from '../src/wire/layout.ts';
import { decodeSegment, SegmentView } from '../src/wire/segment.ts';
import {
  finishSegment,
  type HeaderFields,
  writeCommonOptions,
  writeHeader,
  writePart,
} from '../src/wire/segment-write.ts';

const SEGMENT_BYTES = 1400;
/** One operation is shorter than a look at the clock: this many share one. */
const BATCH = 1000;

export const bench = new Bench({ time: 500, warmupTime: 100 });

/** Every result goes in here, so that no operation can be left out as useless. */
let sink = 0;

function add(name: string, operation: (round: number) => number): void {
  bench.add(name, (): FnReturnedObject => {
    const startMs = bench.now();
    for (let round = 0; round < BATCH; round += 1) sink += operation(round);
    const elapsedMs = bench.now() - startMs;
    return { overriddenDuration: elapsedMs / BATCH, overriddenIterationCost: elapsedMs };
  });
}

const fields: HeaderFields = {
  sourcePort: 4711,
  destinationPort: 10_000,
  seq: 0,
  ack: 77,
  flags: FLAG.DAT | FLAG.ACK,
  error: 0,
  window: 4096,
};

/** A segment of `SEGMENT_BYTES` at `start`, as it leaves unsealed or sealed. */
function segmentAt(bytes: Uint8Array, start: number, isSealed: boolean): void {
  bytes.fill(0x5a, start, start + SEGMENT_BYTES);
  writeCommonOptions(bytes, start, 99, SEGMENT_BYTES - STREAM_HEADER_BYTES);
  writeHeader(bytes, start, fields, STREAM_HEADER_BYTES);
  finishSegment(bytes, start, start + (isSealed ? STREAM_HEADER_BYTES : SEGMENT_BYTES));
}

function addSegments(): void {
  const bytes = new Uint8Array(2048);
  add('encode header and options, sum them', (round) => {
    fields.seq = round;
    writeCommonOptions(bytes, 0, round, 1368);
    writeHeader(bytes, 0, fields, STREAM_HEADER_BYTES);
    finishSegment(bytes, 0, STREAM_HEADER_BYTES);
    return bytes[15]!;
  });
  add('encode with PART', (round) => {
    fields.seq = round;
    writeCommonOptions(bytes, 0, round, 1168);
    writeHeader(bytes, 0, fields, writePart(bytes, 0, 0, 1368));
    finishSegment(bytes, 0, STREAM_HEADER_BYTES + 8);
    return bytes[15]!;
  });
  for (const isSealed of [true, false]) {
    const datagram = new Uint8Array(2048);
    const view = new SegmentView();
    segmentAt(datagram, 0, isSealed);
    const covered = isSealed ? 'header and options' : '1,400 bytes';
    add(`decode a segment, sum over ${covered}`, () => {
      const drop = decodeSegment(datagram, 0, SEGMENT_BYTES, !isSealed, WIRE_VERSION, view);
      return drop === undefined ? view.txn : NaN;
    });
  }
}

function addAckBlocks(): void {
  for (const [tmapWords, sackWords] of [
    [2, 0],
    [2, 16],
    [64, 32],
  ] as const) {
    const bytes = new Uint8Array(512);
    const block = new AckBlock();
    Object.assign(block, { echo: 99, delayMs: 0.4, credit: 8_388_608, tmapWords, sackWords });
    block.tmap.fill(0xffff_ffff);
    block.sack.fill(0xffff_fffe);
    const size = `${tmapWords} + ${sackWords} words`;
    add(`write an ack block of ${size}`, () => writeAckBlock(bytes, 0, block));
    const length = writeAckBlock(bytes, 0, block);
    add(`read an ack block of ${size}`, () =>
      readAckBlock(bytes, 0, length, block) ? block.echo : NaN,
    );
  }
}

function addChecksums(): void {
  const bytes = new Uint8Array(2048).fill(0x5a);
  add('checksum of 1,400 bytes', () => checksum(bytes, 0, SEGMENT_BYTES));
  add('checksum of 1,400 bytes, unaligned', () => checksum(bytes, 1, SEGMENT_BYTES + 1));
  add('checksum of a header of 32 bytes', () => checksum(bytes, 0, STREAM_HEADER_BYTES));
}

addSegments();
addAckBlocks();
addChecksums();

/** No bound on time; but a decoder that refused its segment would have been quick for nothing. */
export function verdict(): boolean {
  return Number.isFinite(sink);
}
