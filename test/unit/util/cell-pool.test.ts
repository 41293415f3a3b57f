import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CELL_CLASSES_BYTES, CellPool } from '../../../src/util/cell-pool.ts';

const [SMALL, MIDDLE, LARGE] = CELL_CLASSES_BYTES;

/** What lies in `cell`, its first `length` bytes. */
function contents(pool: CellPool, classIndex: number, cell: number, length: number): number[] {
  const start = pool.startOf(classIndex, cell);
  return [...pool.pageOf(classIndex, cell).subarray(start, start + length)];
}

describe('CellPool', () => {
  it('has three sizes and finds the smallest that fits', () => {
    const pool = new CellPool(1);
    expect([...CELL_CLASSES_BYTES]).toEqual([1536, 9216, 65_536]);
    const sizes = [0, 1536, 1537, 9216, 9217, 65_536];
    expect(sizes.map((size) => pool.classFor(size))).toEqual([0, 0, 1, 1, 2, 2]);
    expect(() => pool.classFor(65_537)).toThrow('invariant broken');
  });

  it('stores a range of bytes and gives it back', () => {
    const pool = new CellPool(10 * SMALL);
    const cell = pool.store(0, Uint8Array.of(9, 1, 2, 3, 9), 1, 4);
    expect(contents(pool, 0, cell, 3)).toEqual([1, 2, 3]);
    pool.writeAt(0, cell, 2, Uint8Array.of(7, 8, 9), 1, 3);
    expect(contents(pool, 0, cell, 4)).toEqual([1, 2, 8, 9]);
    expect(pool.usedBytes).toBe(SMALL);
    pool.free(0, cell);
    expect(pool.usedBytes).toBe(0);
  });

  it('is used up at its cap, counted, and not before', () => {
    const pool = new CellPool(2 * SMALL + MIDDLE);
    expect(pool.capBytes).toBe(2 * SMALL + MIDDLE);
    expect(pool.take(2)).toBe(-1);
    const cells = [pool.take(0), pool.take(1), pool.take(0)];
    expect(Math.min(...cells)).toBeGreaterThanOrEqual(0);
    expect([pool.usedBytes, pool.refusals]).toEqual([pool.capBytes, 1]);
    expect(pool.store(0, new Uint8Array(1), 0, 1)).toBe(-1);
    expect([pool.usedBytes, pool.refusals]).toEqual([pool.capBytes, 2]);
    pool.free(1, cells[1]!);
    expect(pool.usedBytes).toBe(2 * SMALL);
    expect(pool.take(0)).toBeGreaterThanOrEqual(0);
  });

  it('fills pages of 192 KiB and starts another', () => {
    const pool = new CellPool(10 * LARGE);
    const cells = Array.from({ length: 4 }, () => pool.take(2));
    expect(cells).toEqual([0, 1, 2, 3]);
    expect(cells.map((cell) => pool.startOf(2, cell))).toEqual([0, LARGE, 2 * LARGE, 0]);
    expect(pool.pageOf(2, 0) === pool.pageOf(2, 2)).toBe(true);
    expect(pool.pageOf(2, 3) === pool.pageOf(2, 2)).toBe(false);
    expect(pool.pageOf(2, 0)).toHaveLength(3 * LARGE);
  });

  it('gives memory back to the collector once nothing is in use, but for a page each', () => {
    const pool = new CellPool(1e9);
    const first = pool.pageOf(2, pool.take(2));
    const cells = Array.from({ length: 5 }, () => pool.take(2));
    const small = pool.take(0);
    expect(pool.pageOf(2, 3)).toBeDefined();
    for (const cell of [0, ...cells]) pool.free(2, cell);
    expect(pool.pageOf(2, 3)).toBeDefined();
    pool.free(0, small);
    expect(pool.pageOf(2, 0) === first).toBe(true);
    expect(pool.pageOf(2, 3)).toBeUndefined();
    expect(Array.from({ length: 4 }, () => pool.take(2))).toEqual([0, 1, 2, 3]);
    expect(pool.take(0)).toBe(0);
    expect(pool.take(1)).toBe(0);
  });

  it('never lends a cell twice, nor lets one write into another', () => {
    const operation = fc.record({
      classIndex: fc.nat({ max: 2 }),
      length: fc.nat({ max: 40 }),
      isFree: fc.boolean(),
      pick: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const pool = new CellPool(20 * LARGE);
        const held: { classIndex: number; cell: number; bytes: Uint8Array }[] = [];
        operations.forEach(({ classIndex, length, isFree, pick }, round) => {
          if (isFree && held.length > 0) {
            const [gone] = held.splice(pick % held.length, 1);
            pool.free(gone!.classIndex, gone!.cell);
          } else {
            // The bytes at the very end of a cell are where a neighbour would begin.
            const bytes = new Uint8Array(CELL_CLASSES_BYTES[classIndex]! - length).fill(round + 1);
            const cell = pool.store(classIndex, bytes, 0, bytes.length);
            if (cell >= 0) held.push({ classIndex, cell, bytes });
          }
          const used = held.map((entry) => CELL_CLASSES_BYTES[entry.classIndex]!);
          expect(pool.usedBytes).toBe(used.reduce((sum, size) => sum + size, 0));
        });
        const places = new Set(held.map(({ classIndex, cell }) => `${classIndex}/${cell}`));
        expect(places.size).toBe(held.length);
        for (const { classIndex, cell, bytes } of held) {
          const start = pool.startOf(classIndex, cell);
          const page = pool.pageOf(classIndex, cell);
          const found = page.subarray(start, start + bytes.length);
          expect(found.length).toBe(bytes.length);
          expect(found.every((byte) => byte === bytes[0])).toBe(true);
        }
      }),
    );
  });
});
