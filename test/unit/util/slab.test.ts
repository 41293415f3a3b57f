import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FITTED_STEP_BYTES,
  type Slab,
  SLAB_CLASSES_BYTES,
  SLAB_MAX_BYTES,
  SlabAccount,
  SlabPool,
} from '../../../src/util/slab.ts';

const SMALL = 16_384;
const MIDDLE = 65_536;
const LARGE = 262_144;

describe('SlabPool', () => {
  it('gives the smallest class that holds what is wanted', () => {
    const pool = new SlabPool(10 * LARGE);
    const sizeOf = (wantBytes: number): number => pool.acquire(wantBytes)!.bytes.length;
    expect([...SLAB_CLASSES_BYTES, SLAB_MAX_BYTES]).toEqual([SMALL, MIDDLE, LARGE, LARGE]);
    expect([sizeOf(0), sizeOf(1), sizeOf(SMALL)]).toEqual([SMALL, SMALL, SMALL]);
    expect([sizeOf(SMALL + 1), sizeOf(MIDDLE)]).toEqual([MIDDLE, MIDDLE]);
    expect([sizeOf(MIDDLE + 1), sizeOf(LARGE)]).toEqual([LARGE, LARGE]);
    expect(() => pool.acquire(LARGE + 1)).toThrow('invariant broken');
  });

  it('lends up to its cap and counts what it refuses', () => {
    const pool = new SlabPool(SMALL + MIDDLE);
    const first = pool.acquire(1)!;
    expect([pool.usedBytes, pool.freeBytes, pool.capBytes]).toEqual([SMALL, MIDDLE, 81_920]);
    expect(pool.acquire(MIDDLE + 1)).toBeUndefined();
    expect(pool.acquire(MIDDLE)).toBeDefined();
    expect([pool.usedBytes, pool.freeBytes, pool.refusals]).toEqual([81_920, 0, 1]);
    expect(pool.acquire(0)).toBeUndefined();
    pool.release(first);
    expect([pool.usedBytes, pool.freeBytes, pool.refusals]).toEqual([MIDDLE, SMALL, 2]);
  });

  it('takes a slab back when the last holder lets go, and lends it again', () => {
    const pool = new SlabPool(LARGE);
    const slab = pool.acquire(1)!;
    pool.retain(slab);
    expect(slab.refs).toBe(2);
    pool.release(slab);
    expect([slab.refs, pool.usedBytes]).toEqual([1, SMALL]);
    pool.release(slab);
    expect([slab.refs, pool.usedBytes]).toEqual([0, 0]);
    expect(() => pool.release(slab)).toThrow('invariant broken');
    expect(() => pool.retain(slab)).toThrow('invariant broken');
    expect(pool.acquire(MIDDLE)).not.toBe(slab);
    expect(pool.acquire(2)).toBe(slab);
    expect([slab.refs, pool.usedBytes]).toEqual([1, SMALL + MIDDLE]);
  });

  it('keeps no more for reuse than its idle cap', () => {
    const pool = new SlabPool(4 * SMALL, { idleCapBytes: 2 * SMALL });
    const slabs = [1, 2, 3, 4].map(() => pool.acquire(1)!);
    for (const slab of slabs) pool.release(slab);
    const again = [1, 2, 3, 4].map(() => pool.acquire(1)!);
    expect(again.filter((slab) => slabs.includes(slab))).toEqual([slabs[1], slabs[0]]);
    // What was lent again is idle no longer: there is room to keep as many as before.
    for (const slab of again) pool.release(slab);
    const third = [1, 2, 3, 4].map(() => pool.acquire(1)!);
    expect(third.filter((slab) => again.includes(slab))).toHaveLength(2);
  });

  it('keeps at most 32 MiB for reuse unless told otherwise', () => {
    const pool = new SlabPool(48 * 1_048_576);
    const slabs = Array.from({ length: 192 }, () => pool.acquire(LARGE)!);
    const known = new Set(slabs);
    for (const slab of slabs) pool.release(slab);
    const again = Array.from({ length: 192 }, () => pool.acquire(LARGE)!);
    expect(again.filter((slab) => known.has(slab))).toHaveLength(128);
  });

  it('copies what would fill less than half of a slab, and charges for the copy', () => {
    const pool = new SlabPool(LARGE);
    const account = new SlabAccount();
    const slab = pool.acquire(1, account)!;
    slab.bytes.set([1, 2, 3]);
    const copy = pool.fitted(slab, 3);
    expect([...copy.bytes.subarray(0, 4)]).toEqual([1, 2, 3, 0]);
    expect([copy.bytes.length, copy.refs, slab.refs]).toEqual([FITTED_STEP_BYTES, 1, 0]);
    expect([pool.usedBytes, account.heldBytes]).toEqual([FITTED_STEP_BYTES, FITTED_STEP_BYTES]);
    pool.release(copy);
    expect([pool.usedBytes, account.heldBytes]).toEqual([0, 0]);
    const half = pool.acquire(1, account)!;
    expect(half).toBe(slab);
    expect(pool.fitted(half, SMALL / 2 + 1)).toBe(half);
    expect(pool.fitted(half, SMALL / 2).bytes).toHaveLength(SMALL / 2);
  });

  it('lends nobody more than is left for all others', () => {
    const pool = new SlabPool(8 * SMALL);
    const [one, two] = [new SlabAccount(), new SlabAccount()];
    const taken = (account: SlabAccount): number => {
      let count = 0;
      while (pool.acquire(1, account) !== undefined) count += 1;
      return count;
    };
    expect([taken(one), taken(two), taken(one)]).toEqual([4, 2, 0]);
    expect([one.heldBytes, two.heldBytes, pool.freeBytes]).toEqual([
      4 * SMALL,
      2 * SMALL,
      2 * SMALL,
    ]);
  });

  it('lends a smaller slab rather than none, but none that is too small', () => {
    const pool = new SlabPool(MIDDLE + SMALL);
    const some = (leastBytes: number): number | undefined =>
      pool.acquireSome(LARGE, leastBytes, new SlabAccount())?.bytes.length;
    expect([some(1), some(SMALL + 1), some(SMALL), some(1)]).toEqual([
      MIDDLE,
      undefined,
      SMALL,
      undefined,
    ]);
    expect(pool.refusals).toBe(2);
  });

  it('has a reserve for each account that the others cannot use up', () => {
    const pool = new SlabPool(LARGE, { reserveBytes: MIDDLE });
    while (pool.acquire(1) !== undefined);
    expect(pool.freeBytes).toBe(0);
    const accounts = Array.from({ length: 100 }, () => new SlabAccount());
    const slabs = accounts.map((account) => pool.acquireSome(LARGE, 1, account)!);
    expect(slabs.map(({ bytes }) => bytes.length)).toEqual(accounts.map(() => MIDDLE));
    for (const account of accounts) expect(pool.acquireSome(1, 1, account)).toBeUndefined();
    expect([pool.freeBytes, pool.usedBytes]).toEqual([0, LARGE + 100 * MIDDLE]);
    for (const slab of slabs) pool.release(slab);
    expect([pool.freeBytes, pool.usedBytes]).toEqual([0, LARGE]);
  });

  it('does what a ledger does', () => {
    const operation = fc.record({
      kind: fc.constantFrom('acquire', 'retain', 'release' as const),
      wantBytes: fc.nat({ max: LARGE }),
      pick: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 100 }), (operations) => {
        const pool = new SlabPool(3 * LARGE, { idleCapBytes: LARGE });
        const held: Slab[] = [];
        const used = (): number =>
          [...new Set(held)].reduce((sum, slab) => sum + slab.bytes.length, 0);
        for (const { kind, wantBytes, pick } of operations) {
          if (kind === 'acquire') {
            const slab = pool.acquire(wantBytes);
            if (slab === undefined) expect(used() + wantBytes).toBeGreaterThan(2 * LARGE);
            else {
              expect([slab.refs, held.includes(slab)]).toEqual([1, false]);
              expect(slab.bytes.length).toBeGreaterThanOrEqual(wantBytes);
              held.push(slab);
            }
          } else if (held.length > 0) {
            const slab = held[pick % held.length]!;
            if (kind === 'retain') {
              pool.retain(slab);
              held.push(slab);
            } else {
              pool.release(slab);
              held.splice(pick % held.length, 1);
            }
            expect(slab.refs).toBe(held.filter((entry) => entry === slab).length);
          }
          expect(pool.usedBytes).toBe(used());
          expect(pool.usedBytes).toBeLessThanOrEqual(pool.capBytes);
          expect(pool.freeBytes).toBe(pool.capBytes - used());
        }
      }),
    );
  });
});
