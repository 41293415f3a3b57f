import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ACK_BLOCK_FIXED_BYTES,
  ACK_DELAY_UNIT_MS,
  AckBlock,
  MAX_SACK_WORDS,
  MAX_TMAP_WORDS,
  readAckBlock,
  writeAckBlock,
} from '../../../src/wire/ack-block.ts';

interface Values {
  readonly echo: number;
  readonly delayMs: number;
  readonly credit: number;
  readonly sackStart: number;
  readonly tmap: readonly number[];
  readonly sack: readonly number[];
}

const SAMPLE: Values = {
  echo: 0xa1b2c3d4,
  delayMs: 0x1234 * ACK_DELAY_UNIT_MS,
  credit: 0x00810203,
  sackStart: 0xffff_ffe0,
  tmap: [0x01020304, 0x80000001],
  sack: [0xfffefdfc],
};
const SAMPLE_HEX = 'a1b2c3d4 1234 02 01 00810203 ffffffe0 01020304 80000001 fffefdfc';

function blockOf(values: Values): AckBlock {
  const block = new AckBlock();
  block.echo = values.echo;
  block.delayMs = values.delayMs;
  block.credit = values.credit;
  block.sackStart = values.sackStart;
  block.tmapWords = values.tmap.length;
  block.sackWords = values.sack.length;
  block.tmap.set(values.tmap);
  block.sack.set(values.sack);
  return block;
}

function valuesOf(block: AckBlock): Values {
  const { echo, delayMs, credit, sackStart } = block;
  const tmap = [...block.tmap.subarray(0, block.tmapWords)];
  const sack = [...block.sack.subarray(0, block.sackWords)];
  return { echo, delayMs, credit, sackStart, tmap, sack };
}

/** The bytes of `values`, with `before` bytes in front that stay as they were. */
function written(values: Values, before = 0): Uint8Array {
  const bytes = new Uint8Array(before + 600).fill(0xee);
  const length = writeAckBlock(bytes, before, blockOf(values));
  expect(bytes.subarray(0, before)).toEqual(new Uint8Array(before).fill(0xee));
  expect(bytes.subarray(before + length)).toEqual(new Uint8Array(600 - length).fill(0xee));
  return bytes.slice(before, before + length);
}

function read(bytes: Uint8Array): Values | undefined {
  const block = new AckBlock();
  return readAckBlock(bytes, 0, bytes.length, block) ? valuesOf(block) : undefined;
}

describe('AckBlock', () => {
  it('has the layout of the specification', () => {
    expect(Buffer.from(written(SAMPLE)).toString('hex')).toBe(SAMPLE_HEX.replaceAll(' ', ''));
    expect(written(SAMPLE, 7)).toEqual(written(SAMPLE));
    expect(read(written(SAMPLE))).toEqual(SAMPLE);
  });

  it('is 16 bytes and 4 per word, at most 64 and 32 words', () => {
    expect([ACK_BLOCK_FIXED_BYTES, MAX_TMAP_WORDS, MAX_SACK_WORDS]).toEqual([16, 64, 32]);
    const empty = { ...SAMPLE, tmap: [], sack: [] };
    expect(written(empty)).toHaveLength(16);
    expect(read(written(empty))).toEqual(empty);
    const full = {
      ...SAMPLE,
      tmap: Array.from({ length: 64 }, (_, i) => i * 0x01010101),
      sack: Array.from({ length: 32 }, (_, i) => 0xffffffff - i),
    };
    expect(written(full)).toHaveLength(16 + 4 * 96);
    expect(read(written(full))).toEqual(full);
  });

  it('starts empty', () => {
    const block = new AckBlock();
    expect(valuesOf(block)).toEqual({
      echo: 0,
      delayMs: 0,
      credit: 0,
      sackStart: 0,
      tmap: [],
      sack: [],
    });
    expect([block.tmap.length, block.sack.length]).toEqual([64, 32]);
  });

  it('counts the delay in units of 16 µs, rounded, from 0 to 65,535', () => {
    const delayOf = (delayMs: number): number => {
      const bytes = written({ ...SAMPLE, delayMs });
      return bytes[4]! * 256 + bytes[5]!;
    };
    expect(delayOf(0)).toBe(0);
    expect(delayOf(-3)).toBe(0);
    expect(delayOf(0.016)).toBe(1);
    expect(delayOf(0.0239)).toBe(1);
    expect(delayOf(0.0241)).toBe(2);
    expect(delayOf(25)).toBe(1563);
    expect(delayOf(1048.56)).toBe(65_535);
    expect(delayOf(1048.6)).toBe(65_535);
    expect(delayOf(1e9)).toBe(65_535);
    expect(read(written({ ...SAMPLE, delayMs: 1e9 }))?.delayMs).toBeCloseTo(1048.56, 6);
  });

  it('saturates the credit at both ends', () => {
    const creditOf = (credit: number): number | undefined =>
      read(written({ ...SAMPLE, credit }))?.credit;
    expect(creditOf(0)).toBe(0);
    expect(creditOf(-1)).toBe(0);
    expect(creditOf(1)).toBe(1);
    expect(creditOf(2 ** 32 - 1)).toBe(2 ** 32 - 1);
    expect(creditOf(2 ** 32)).toBe(2 ** 32 - 1);
    expect(creditOf(2 ** 45)).toBe(2 ** 32 - 1);
  });

  it('is refused when it does not fill its range exactly', () => {
    const bytes = written(SAMPLE);
    const block = new AckBlock();
    for (let length = 0; length < bytes.length; length += 1) {
      expect(readAckBlock(bytes, 0, length, block)).toBe(false);
    }
    const longer = Uint8Array.from([...bytes, 0]);
    expect(readAckBlock(longer, 0, longer.length, block)).toBe(false);
    expect(readAckBlock(longer, 0, bytes.length, block)).toBe(true);
    expect(readAckBlock(new Uint8Array(16), 0, 15, block)).toBe(false);
    expect(readAckBlock(new Uint8Array(16), 0, 16, block)).toBe(true);
  });

  it('is refused with more words than either map may have', () => {
    const attempt = (tmapWords: number, sackWords: number): boolean => {
      const bytes = new Uint8Array(16 + 4 * (tmapWords + sackWords));
      bytes[6] = tmapWords;
      bytes[7] = sackWords;
      return readAckBlock(bytes, 0, bytes.length, new AckBlock());
    };
    expect(attempt(64, 32)).toBe(true);
    expect(attempt(65, 32)).toBe(false);
    expect(attempt(64, 33)).toBe(false);
    expect(attempt(65, 0)).toBe(false);
    expect(attempt(0, 33)).toBe(false);
    expect(attempt(255, 255)).toBe(false);
  });

  it('is refused when SACK does not start at a multiple of 32', () => {
    const bytes = written(SAMPLE);
    for (let low = 0; low < 256; low += 1) {
      bytes[15] = low;
      expect(readAckBlock(bytes, 0, bytes.length, new AckBlock())).toBe(low % 32 === 0);
    }
  });

  it('is read from the middle of a buffer', () => {
    const bytes = Uint8Array.from([9, 9, 9, ...written(SAMPLE), 9, 9]);
    const block = new AckBlock();
    expect(readAckBlock(bytes, 3, bytes.length - 2, block)).toBe(true);
    expect(valuesOf(block)).toEqual(SAMPLE);
  });

  it('decode after encode is the identity', () => {
    const word = fc.nat({ max: 0xffff_ffff });
    const values = fc.record({
      echo: word,
      delayMs: fc.nat({ max: 0xffff }).map((units) => units * ACK_DELAY_UNIT_MS),
      credit: word,
      sackStart: word.map((value) => value - (value % 32)),
      tmap: fc.array(word, { maxLength: MAX_TMAP_WORDS }),
      sack: fc.array(word, { maxLength: MAX_SACK_WORDS }),
    });
    fc.assert(
      fc.property(values, (sent) => {
        const bytes = written(sent);
        const received = read(bytes);
        expect(received).toEqual(sent);
        expect(written(received!)).toEqual(bytes);
      }),
    );
  });
});
