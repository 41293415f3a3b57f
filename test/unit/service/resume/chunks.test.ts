import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  areRanges,
  bytesIn,
  CHUNK_BYTES,
  chunkCount,
  differingChunks,
  rangesOf,
  recordRanges,
} from '../../../../src/service/resume/chunks.ts';

const chunks = fc
  .uniqueArray(fc.nat(60), { maxLength: 60 })
  .map((all) => all.sort((a, b) => a - b));

describe('ranges of chunks', () => {
  it('hold every chunk, in order, and no more runs than allowed', () => {
    fc.assert(
      fc.property(chunks, fc.integer({ min: 1, max: 8 }), (wanted, most) => {
        const ranges = rangesOf(wanted, most);
        expect(ranges.length).toBeLessThanOrEqual(2 * most);
        expect(areRanges(ranges, 61)).toBe(true);
        const isIn = (chunk: number): boolean =>
          ranges.some((first, i) => i % 2 === 0 && first <= chunk && chunk <= ranges[i + 1]!);
        expect(wanted.every(isIn)).toBe(true);
      }),
    );
  });

  it('are exact when there is room', () => {
    expect(rangesOf([0, 1, 2, 5, 7, 8], 3)).toEqual([0, 2, 5, 5, 7, 8]);
    expect(rangesOf([0, 2, 4, 9], 2)).toEqual([0, 0, 2, 9]);
  });

  it('are refused when they overlap, go back, or leave the file', () => {
    expect(areRanges([0, 3, 3, 4], 9)).toBe(false);
    expect(areRanges([4, 3], 9)).toBe(false);
    expect(areRanges([5, 6, 0, 1], 9)).toBe(false);
    expect(areRanges([0, 9], 9)).toBe(false);
    expect(areRanges([], 0)).toBe(true);
  });

  it('of a record and of what is held make up the file', () => {
    fc.assert(
      fc.property(chunks, fc.nat(62 * CHUNK_BYTES), (wanted, sizeBytes) => {
        const held = Math.min(61, chunkCount(sizeBytes));
        const missing = wanted.filter((chunk) => chunk < held);
        const record = recordRanges(rangesOf(missing, 99), held, sizeBytes);
        const lengths = Array.from({ length: held }, (_, chunk) =>
          Math.min(CHUNK_BYTES, sizeBytes - chunk * CHUNK_BYTES),
        );
        const kept = lengths.filter((_, chunk) => !missing.includes(chunk));
        expect(bytesIn(record) + kept.reduce((sum, length) => sum + length, 0)).toBe(sizeBytes);
        expect(record.at(-1)?.end).toBe(sizeBytes);
      }),
    );
  });
});

describe('digests of chunks', () => {
  it('name the chunks that differ in any byte', () => {
    const mine = new Uint8Array(32 * 4);
    const theirs = new Uint8Array(32 * 4);
    theirs[32] = 1;
    theirs[127] = 1;
    expect(differingChunks(mine, theirs)).toEqual([1, 3]);
  });
});
