/** A million datagrams that no peer of ours would send: nothing throws, nothing piles up. */
import { expect, it } from 'vitest';
import { SeededRandom } from '../../../src/util/random.ts';
import { AckBlock, readAckBlock } from '../../../src/wire/ack-block.ts';
import { type DropReason, WIRE_VERSION } from '../../../src/wire/codes.ts';
import { defaultParameters, readParameters } from '../../../src/wire/parameters.ts';
import { prettyPrint } from '../../../src/wire/pretty-print.ts';
import { decodeSegment, SegmentView } from '../../../src/wire/segment.ts';
import { finishSegment } from '../../../src/wire/segment-write.ts';
import { allVectors } from './vectors.ts';

const DATAGRAMS = 1_000_000;
const LARGEST_BYTES = 1500;
const MAX_GROWTH_BYTES = 4_194_304;

/** Everything a receiver may do with a datagram before it knows whose it is. */
class Receiver {
  readonly outcomes = new Map<DropReason | undefined, number>();
  blocks = 0;
  lists = 0;
  private readonly view = new SegmentView();
  private readonly block = new AckBlock();

  take(datagram: Uint8Array, isCovered: boolean): void {
    const { view } = this;
    let at = 0;
    do {
      const drop = decodeSegment(datagram, at, datagram.length, isCovered, WIRE_VERSION, view);
      this.outcomes.set(drop, (this.outcomes.get(drop) ?? 0) + 1);
      if (drop !== undefined) return;
      this.read(datagram);
      // What decodes lies within the datagram, and the next one begins further on.
      const isWithin = view.payloadStart <= view.payloadEnd && view.payloadEnd <= datagram.length;
      if (!isWithin || view.payloadEnd <= at) throw new Error('a segment outside its datagram');
      at = view.payloadEnd;
    } while (at < datagram.length);
  }

  private read(datagram: Uint8Array): void {
    const { view, block } = this;
    const { payloadStart, payloadEnd } = view;
    const isBlock = readAckBlock(datagram, payloadStart, payloadEnd, block);
    if (isBlock) this.blocks += 1;
    const parameters = defaultParameters();
    if (readParameters(datagram, payloadStart, payloadEnd, parameters)) this.lists += 1;
    const { firstStart, firstEnd } = parameters;
    if (firstEnd > 0 && (firstStart <= payloadStart || firstEnd > payloadEnd)) {
      throw new Error('a first segment outside its message');
    }
    if (prettyPrint(view, isBlock ? block : undefined) === '') {
      throw new Error('a segment without a line');
    }
  }
}

const random = new SeededRandom(20_240_229);
const buffer = new Uint8Array(2 * LARGEST_BYTES);
const seeds = allVectors().filter(({ bytes }) => bytes.length <= LARGEST_BYTES);

function noise(): Uint8Array {
  const length = random.integer(0, 80);
  for (let at = 0; at < length; at += 4) {
    const word = random.uint32();
    for (let i = 0; i < 4; i += 1) buffer[at + i] = word >>> (8 * i);
  }
  // Half of them look like a header as far as its first checks go.
  if (random.chance(0.5)) {
    buffer[12] = 20 + (buffer[12]! & 63);
    buffer[13]! &= 0x7f;
  }
  return buffer.subarray(0, length);
}

/** A good datagram with a few bytes spoilt, most of them where the header is; cut or lengthened. */
function mutated(): { datagram: Uint8Array; isCovered: boolean } {
  const { bytes, isSealed } = seeds[random.integer(0, seeds.length - 1)]!;
  buffer.set(bytes);
  let length = bytes.length;
  for (let left = random.integer(0, 4); left > 0; left -= 1) {
    const reach = random.chance(0.7) ? Math.min(48, length) : length;
    const at = random.integer(0, reach - 1);
    if (random.chance(0.5)) buffer[at]! ^= 1 << random.integer(0, 7);
    else buffer[at] = random.uint32();
  }
  if (random.chance(0.1)) length = random.integer(0, length);
  else if (random.chance(0.1)) {
    const second = seeds[random.integer(0, seeds.length - 1)]!.bytes;
    buffer.set(second, length);
    length += second.length;
  }
  // With the sum put right, what is wrong must be found by looking.
  const headerLength = buffer[12]!;
  if (length >= 20 && random.chance(0.6)) {
    finishSegment(buffer, 0, isSealed ? Math.min(headerLength, length) : bytes.length);
  }
  return { datagram: buffer.subarray(0, length), isCovered: !isSealed };
}

function collectedHeapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

function run(receiver: Receiver, datagrams: number): void {
  for (let count = 0; count < datagrams; count += 1) {
    const isNoise = count % 4 === 0;
    const { datagram, isCovered } = isNoise ? { datagram: noise(), isCovered: true } : mutated();
    try {
      receiver.take(datagram, isCovered);
    } catch (error) {
      const hex = Buffer.from(datagram).toString('hex');
      throw new Error(`datagram ${count}: ${hex}`, { cause: error });
    }
  }
}

it('P-HDR-07 a million random and mutated datagrams: no throw, no growth', () => {
  const receiver = new Receiver();
  run(receiver, DATAGRAMS / 10);
  const beforeBytes = collectedHeapBytes();
  run(receiver, DATAGRAMS);
  expect(collectedHeapBytes() - beforeBytes).toBeLessThan(MAX_GROWTH_BYTES);
  // The million is worth its time only if it gets everywhere.
  const expected = ['short', 'headerLength', 'reservedFlag', 'flagCombination', 'option', 'length'];
  for (const reason of [...expected, 'checksum', undefined] as (DropReason | undefined)[]) {
    expect(receiver.outcomes.get(reason) ?? 0).toBeGreaterThan(DATAGRAMS / 200);
  }
  expect(receiver.blocks).toBeGreaterThan(DATAGRAMS / 200);
  expect(receiver.lists).toBeGreaterThan(DATAGRAMS / 200);
});
