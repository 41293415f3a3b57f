/** A ring of bits indexed by an increasing number; a window slides over it. */
import { assert } from './assert.ts';

export class BitRing {
  /** 32 bits each; bit `n & 31` of word `(n >>> 5) & wordMask`. */
  private words: Uint32Array;
  private wordMask: number;

  /** @param bits how many consecutive numbers are held at once; a power of two, at least 32 */
  constructor(bits: number) {
    assert(bits >= 32 && (bits & (bits - 1)) === 0, 'a bit ring holds a power of two of bits');
    this.words = new Uint32Array(bits >>> 5);
    this.wordMask = (bits >>> 5) - 1;
  }

  get capacity(): number {
    return this.words.length * 32;
  }

  /** Position of `n`'s word; `n` may exceed 2^32. */
  private at(n: number): number {
    return (n >>> 5) & this.wordMask;
  }

  has(n: number): boolean {
    return (this.words[this.at(n)]! & (1 << (n & 31))) !== 0;
  }

  set(n: number): void {
    this.words[this.at(n)]! |= 1 << (n & 31);
  }

  clear(n: number): void {
    this.words[this.at(n)]! &= ~(1 << (n & 31));
  }

  /** The aligned word that holds `n`. */
  word(n: number): number {
    return this.words[this.at(n)]!;
  }

  /**
   * Compares bitmaps word by word: a long map costs next to nothing where it says nothing new.
   * @param n first number of `words[0]`, a multiple of 32
   * @returns index of the first of `words[from … count)` with a bit the ring lacks, else `count`
   */
  firstNews(n: number, words: Uint32Array, from: number, count: number): number {
    const { words: own, wordMask } = this;
    const first = n >>> 5;
    for (let i = from; i < count; i += 1) {
      if ((words[i]! & ~own[(first + i) & wordMask]!) !== 0) return i;
    }
    return count;
  }

  clearWord(n: number): void {
    this.words[this.at(n)] = 0;
  }

  /** Doubles or more, keeping the bits of `[from, to)`. */
  grow(bits: number, from: number, to: number): void {
    const old = new BitRing(this.capacity);
    old.words.set(this.words);
    this.words = new Uint32Array(bits >>> 5);
    this.wordMask = (bits >>> 5) - 1;
    for (let n = from; n < to; n += 1) if (old.has(n)) this.set(n);
  }
}
