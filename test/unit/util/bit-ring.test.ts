import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BitRing } from '../../../src/util/bit-ring.ts';

/** Numbers around which an index of 32 bits or a sign could go wrong. */
const bases = fc.constantFrom(0, 64, 2 ** 31 - 32, 2 ** 32 - 64, 2 ** 32, 5 * 2 ** 32 + 96);

/** The numbers in `[from, from + count)` that `ring` has. */
function members(ring: BitRing, from: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + i).filter((n) => ring.has(n));
}

describe('BitRing', () => {
  it('holds a power of two of bits, at least one word, or none', () => {
    for (const bits of [32, 64, 4096]) expect(new BitRing(bits).capacity).toBe(bits);
    for (const bits of [1, 16, 31, 33, 48, 96]) {
      expect(() => new BitRing(bits)).toThrow('invariant broken');
    }
  });

  it('costs nothing while it holds nothing', () => {
    const ring = new BitRing(0);
    expect([ring.capacity, ring.heldBytes]).toEqual([0, 0]);
    expect([
      ring.has(7),
      ring.word(2 ** 33),
      ring.firstNews(64, Uint32Array.of(0, 1), 0, 2),
    ]).toEqual([false, 0, 1]);
    ring.clearWord(64);
    ring.resize(64, 0, 0);
    ring.set(40);
    expect([ring.capacity, ring.heldBytes, ring.has(40), new BitRing(0).has(40)]).toEqual([
      64,
      8,
      true,
      false,
    ]);
    ring.resize(0, 0, 0);
    expect([ring.capacity, ring.has(40)]).toEqual([0, false]);
  });

  it('sets and clears single bits', () => {
    const ring = new BitRing(64);
    ring.set(31);
    ring.set(32);
    ring.set(32);
    expect(members(ring, 0, 64)).toEqual([31, 32]);
    ring.clear(31);
    ring.clear(31);
    expect(members(ring, 0, 64)).toEqual([32]);
  });

  it('comes round after its capacity', () => {
    const ring = new BitRing(64);
    ring.set(5);
    expect(ring.has(5 + 64)).toBe(true);
    expect(ring.has(5 + 32)).toBe(false);
    ring.clear(5 + 640);
    expect(ring.has(5)).toBe(false);
  });

  it('gives and clears aligned words, lowest number in the lowest bit', () => {
    const ring = new BitRing(128);
    for (const n of [32, 34, 63, 64]) ring.set(n);
    expect(ring.word(40)).toBe(0x80000005);
    expect(ring.word(64)).toBe(1);
    expect(ring.word(0)).toBe(0);
    ring.clearWord(63);
    expect([ring.word(32), ring.word(95)]).toEqual([0, 1]);
  });

  it('does what a set does, over a window that slides past 2^32', () => {
    const step = fc.record({
      kind: fc.constantFrom('set', 'clear', 'clearWord' as const),
      offset: fc.nat({ max: 127 }),
    });
    fc.assert(
      fc.property(bases, fc.array(step, { maxLength: 200 }), (base, steps) => {
        const ring = new BitRing(128);
        const model = new Set<number>();
        for (const { kind, offset } of steps) {
          const n = base + offset;
          const word = n - (n % 32);
          if (kind === 'set') ring.set(n);
          else if (kind === 'clear') ring.clear(n);
          else ring.clearWord(n);
          if (kind === 'set') model.add(n);
          else if (kind === 'clear') model.delete(n);
          else for (let i = 0; i < 32; i += 1) model.delete(word + i);
        }
        expect(members(ring, base, 128)).toEqual([...model].sort((a, b) => a - b));
        for (let n = base; n < base + 128; n += 32) {
          const bits = [...model].filter((m) => m >= n && m < n + 32).map((m) => 2 ** (m - n));
          expect(ring.word(n)).toBe(bits.reduce((sum, bit) => sum + bit, 0));
        }
      }),
    );
  });

  it('grows without losing the bits of the range it is told to keep', () => {
    const numbers = fc.uniqueArray(fc.nat({ max: 63 }), { maxLength: 64 });
    const factor = fc.constantFrom(2, 4, 32);
    fc.assert(
      fc.property(bases, numbers, fc.nat({ max: 64 }), factor, (base, offsets, kept, times) => {
        const ring = new BitRing(64);
        for (const offset of offsets) ring.set(base + offset);
        ring.resize(64 * times, base, base + kept);
        expect(ring.capacity).toBe(64 * times);
        const expected = offsets.filter((offset) => offset < kept).map((offset) => base + offset);
        expect(members(ring, base, 64 * times)).toEqual(expected.sort((a, b) => a - b));
      }),
    );
  });

  it('finds the first word of a bitmap with a bit it lacks', () => {
    const bits = fc.uniqueArray(fc.nat({ max: 127 }), { maxLength: 128 });
    const range = fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 4 }));
    fc.assert(
      fc.property(bases, bits, bits, range, (base, own, told, [from, count]) => {
        const ring = new BitRing(128);
        for (const offset of own) ring.set(base + offset);
        const words = new Uint32Array(4);
        for (const offset of told) words[offset >> 5]! |= 1 << (offset & 31);
        const news = told
          .filter((offset) => !own.includes(offset))
          .map((offset) => offset >> 5)
          .filter((word) => word >= from && word < count);
        expect(ring.firstNews(base, words, from, count)).toBe(Math.min(count, ...news));
      }),
    );
  });
});
