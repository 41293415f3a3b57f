import { beforeEach, describe, expect, it } from 'vitest';
import {
  MAX_PARTIAL_SEGMENTS,
  MAX_PIECES,
  type PartOutcome,
  PartStore,
} from '../../../src/transport/part-store.ts';
import { CellPool } from '../../../src/util/cell-pool.ts';
import { pattern } from './segments.ts';

const TOTAL = 1000;
const BYTES = pattern(TOTAL);

describe('PartStore', () => {
  let pool: CellPool;
  let parts: PartStore;
  beforeEach(() => {
    pool = new CellPool(1_000 * 1536);
    parts = new PartStore(pool);
  });

  const add = (from: number, to: number, seq = 1, total = TOTAL): PartOutcome =>
    parts.add(seq, false, from, total, BYTES, from, to);

  const whole = (seq = 1): Uint8Array => {
    const cell = parts.takeCell(seq);
    const start = pool.startOf(0, cell);
    const bytes = pool.pageOf(0, cell).slice(start, start + TOTAL);
    pool.free(0, cell);
    return bytes;
  };

  it.each([
    ['in order', [0, 400, 400, 700, 700, 1000]],
    ['backwards', [700, 1000, 400, 700, 0, 400]],
    ['overlapping', [0, 500, 300, 800, 600, 1000]],
    ['one inside another', [0, 900, 100, 200, 900, 1000]],
    ['one around others', [100, 200, 300, 400, 0, 1000]],
    ['a bridge over a gap', [0, 300, 600, 1000, 300, 600]],
    ['a bridge that overlaps both', [0, 300, 600, 1000, 200, 700]],
    ['repeated', [0, 600, 0, 600, 0, 300, 600, 1000]],
  ])('puts pieces together: %s', (_, cuts) => {
    for (let i = 0; i < cuts.length; i += 2) {
      const isLast = i + 2 === cuts.length;
      expect(add(cuts[i]!, cuts[i + 1]!)).toBe(isLast ? 'whole' : 'taken');
    }
    expect(whole()).toEqual(BYTES);
    expect(pool.usedBytes).toBe(0);
  });

  it('is not whole while the first, the last or a middle byte is missing', () => {
    expect(add(1, 1000)).toBe('taken');
    expect(add(0, 999, 2)).toBe('taken');
    expect([add(0, 500, 3), add(501, 1000, 3)]).toEqual(['taken', 'taken']);
    expect([add(0, 1), add(999, 1000, 2), add(500, 501, 3)]).toEqual(['whole', 'whole', 'whole']);
  });

  it('takes a whole segment in one piece', () => {
    expect(add(0, 1000)).toBe('whole');
  });

  it('refuses an empty piece, one beyond its total, and one of another total', () => {
    expect(add(5, 5)).toBe('part');
    expect(add(0, 10, 1, 9)).toBe('part');
    expect(pool.usedBytes).toBe(0);
    expect(add(0, 10, 1, 10)).toBe('whole');
    expect(add(0, 10, 2)).toBe('taken');
    expect(add(10, 20, 2, 999)).toBe('part');
    expect(add(10, 1000, 2)).toBe('whole');
  });

  it('reads the piece where it lies in the buffer', () => {
    const buffer = new Uint8Array(40).fill(9);
    buffer.set([1, 2, 3], 20);
    expect(parts.add(1, false, 0, 3, buffer, 20, 22)).toBe('taken');
    expect(parts.add(1, false, 2, 3, buffer, 22, 23)).toBe('whole');
    expect([...whole().subarray(0, 3)]).toEqual([1, 2, 3]);
  });

  it('holds pieces of at most 256 segments', () => {
    expect([MAX_PARTIAL_SEGMENTS, MAX_PIECES]).toEqual([256, 16]);
    for (let seq = 0; seq < MAX_PARTIAL_SEGMENTS; seq += 1) expect(add(0, 1, seq)).toBe('taken');
    expect(add(0, 1, 999)).toBe('noMemory');
    expect(add(1, 2, 0)).toBe('taken');
    parts.forget(5);
    expect(add(0, 1, 999)).toBe('taken');
  });

  it('holds at most 16 disjoint pieces of a segment, and loses none over the next', () => {
    for (let i = 0; i < MAX_PIECES; i += 1) expect(add(20 * i, 20 * i + 10)).toBe('taken');
    expect(add(900, 910)).toBe('part');
    expect(add(10, 20)).toBe('taken');
    expect(add(900, 910)).toBe('taken');
    expect(add(0, 1000)).toBe('whole');
    expect(whole()).toEqual(BYTES);
  });

  it('refuses when no cell is left', () => {
    const poor = new PartStore(new CellPool(1536));
    expect(poor.add(1, false, 0, TOTAL, BYTES, 0, 10)).toBe('taken');
    expect(poor.add(2, false, 0, TOTAL, BYTES, 0, 10)).toBe('noMemory');
    poor.forget(1);
    expect(poor.add(2, false, 0, TOTAL, BYTES, 0, 10)).toBe('taken');
  });

  it('takes the next in order whatever the memory', () => {
    const poor = new PartStore(new CellPool(1536));
    expect(poor.add(1, false, 0, TOTAL, BYTES, 0, 10)).toBe('taken');
    expect(poor.add(2, true, 0, TOTAL, BYTES, 0, 10)).toBe('taken');
    for (let seq = 0; seq < MAX_PARTIAL_SEGMENTS; seq += 1) add(0, 1, seq);
    expect(parts.add(999, true, 0, TOTAL, BYTES, 0, 10)).toBe('taken');
  });

  it('gives cells back', () => {
    add(0, 10, 1);
    add(0, 10, 2);
    add(0, 10, 3);
    parts.forget(2);
    parts.forget(2);
    parts.forget(77);
    expect(pool.usedBytes).toBe(2 * 1536);
    expect(add(0, 10, 2)).toBe('taken');
    parts.clear();
    expect(pool.usedBytes).toBe(0);
    parts.forget(1);
    expect(pool.usedBytes).toBe(0);
  });
});
