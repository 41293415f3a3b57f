/**
 * Seeded randomness: the only source of chance in the protocol and the simulator.
 * Generator: xoshiro128** seeded by splitmix32, both small and well studied; not for secrets.
 */

export interface Random {
  /** A uniform integer in [0, 2^32). */
  uint32(): number;
  /** A uniform float in [0, 1). */
  float(): number;
  /** A uniform integer in [low, high], both included; `high - low` below 2^32. */
  integer(low: number, high: number): number;
  /** True with probability `p`. */
  chance(p: number): boolean;
}

export class SeededRandom implements Random {
  private readonly s = new Uint32Array(4);

  /** @param seed any number; equal seeds give equal sequences on every machine. */
  constructor(seed: number) {
    let x = seed >>> 0;
    // A seed above 2^32 must not alias its low half.
    x = (x ^ Math.imul(Math.floor(seed / 0x1_0000_0000) >>> 0, 0x9e3779b1)) >>> 0;
    for (let i = 0; i < 4; i += 1) {
      x = (x + 0x9e3779b9) >>> 0;
      let z = x;
      z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
      this.s[i] = (z ^ (z >>> 15)) >>> 0;
    }
  }

  /** An independent generator for `name`, so that a new draw here does not shift draws there. */
  static named(seed: number, name: string): SeededRandom {
    let hash = 0x811c9dc5;
    for (let i = 0; i < name.length; i += 1) {
      hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
    }
    return new SeededRandom((seed >>> 0) + (hash >>> 0) * 0x1_0000);
  }

  uint32(): number {
    const s = this.s;
    const s1 = s[1]!;
    const product = Math.imul(s1, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const t = s1 << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s1;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    const s3 = s[3]!;
    s[3] = (s3 << 11) | (s3 >>> 21);
    return result;
  }

  float(): number {
    return this.uint32() / 0x1_0000_0000;
  }

  integer(low: number, high: number): number {
    return low + Math.floor(this.float() * (high - low + 1));
  }

  chance(p: number): boolean {
    return p > 0 && this.float() < p;
  }
}
