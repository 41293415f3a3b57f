import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../src/util/random.ts';

const MASK = 0xffff_ffffn;

function rotl(x: bigint, k: bigint): bigint {
  return ((x << k) | (x >> (32n - k))) & MASK;
}

/** xoshiro128** 1.1 as its authors wrote it, in unbounded integers. */
function* naiveXoshiro(state: bigint[]): Generator<number> {
  const s = [...state] as [bigint, bigint, bigint, bigint];
  for (;;) {
    yield Number((rotl((s[1] * 5n) & MASK, 7n) * 9n) & MASK);
    const t = (s[1] << 9n) & MASK;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 11n);
  }
}

/** splitmix32 over the two halves of the seed, in unbounded integers. */
function naiveState(seed: number): bigint[] {
  const whole = BigInt(seed);
  let x = (whole & MASK) ^ (((whole >> 32n) * 0x9e3779b1n) & MASK);
  return Array.from({ length: 4 }, () => {
    x = (x + 0x9e3779b9n) & MASK;
    let z = x;
    z = ((z ^ (z >> 16n)) * 0x21f0aaadn) & MASK;
    z = ((z ^ (z >> 15n)) * 0x735a2d97n) & MASK;
    return z ^ (z >> 15n);
  });
}

function draws(random: SeededRandom, count: number): number[] {
  return Array.from({ length: count }, () => random.uint32());
}

describe('SeededRandom', () => {
  it('is xoshiro128** seeded by splitmix32', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (seed) => {
        const naive = naiveXoshiro(naiveState(seed));
        const expected = Array.from({ length: 20 }, () => naive.next().value as number);
        expect(draws(new SeededRandom(seed), 20)).toEqual(expected);
      }),
    );
  });

  it('gives the same numbers on every machine, for ever', () => {
    expect(draws(new SeededRandom(1), 4)).toEqual([393288148, 2174103013, 3814759091, 2092745082]);
    expect(draws(SeededRandom.named(1, 'link'), 4)).toEqual([
      737448519, 2191562789, 3180989903, 3196821361,
    ]);
  });

  it('seeds above 2^32 are seeds of their own', () => {
    const firsts = [1, 2 ** 32 + 1, 2 ** 33 + 1, 2 ** 45 + 1].map((seed) =>
      new SeededRandom(seed).uint32(),
    );
    expect(new Set(firsts).size).toBe(4);
  });

  it('names make independent generators', () => {
    const names = ['', 'a', 'b', 'ab', 'ba', 'link', 'disk'];
    const firsts = names.flatMap((name) =>
      [1, 2].map((seed) => SeededRandom.named(seed, name).uint32()),
    );
    expect(new Set(firsts).size).toBe(firsts.length);
    expect(draws(SeededRandom.named(7, 'x'), 3)).toEqual(draws(SeededRandom.named(7, 'x'), 3));
  });

  it('float is the draw over 2^32, below 1', () => {
    const random = new SeededRandom(5);
    for (const draw of draws(new SeededRandom(5), 1000)) {
      expect(random.float()).toBe(draw / 2 ** 32);
    }
  });

  it('integer stays within its bounds, both included', () => {
    const random = new SeededRandom(6);
    const seen = new Set(Array.from({ length: 300 }, () => random.integer(-2, 3)));
    expect([...seen].sort((a, b) => a - b)).toEqual([-2, -1, 0, 1, 2, 3]);
    expect(random.integer(9, 9)).toBe(9);
    for (let i = 0; i < 1000; i += 1) {
      const wide = random.integer(0, 0xffff_ffff);
      expect(Number.isInteger(wide) && wide >= 0 && wide <= 0xffff_ffff).toBe(true);
    }
  });

  it('chance is never at 0, always at 1, about half at a half', () => {
    const random = new SeededRandom(8);
    const share = (p: number): number =>
      Array.from({ length: 4000 }, () => random.chance(p)).filter(Boolean).length / 4000;
    expect([share(0), share(-1), share(1)]).toEqual([0, 0, 1]);
    expect(share(0.5)).toBeGreaterThan(0.46);
    expect(share(0.5)).toBeLessThan(0.54);
    const before = new SeededRandom(9);
    before.chance(0);
    // What cannot happen costs no draw, so switching a fault off does not shift the others.
    expect(before.uint32()).toBe(new SeededRandom(9).uint32());
  });
});
