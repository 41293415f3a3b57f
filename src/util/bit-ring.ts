/** A ring of bits indexed by an increasing number; a window slides over it. */
import { assert } from './assert.ts';

/** Of all rings that hold nothing: nobody writes to it but zeros. */
const NOTHING = new Uint32Array(1);

export class BitRing {
  /** 32 bits each; bit `n & 31` of word `(n >>> 5) & wordMask`. */
  private words: Uint32Array;
  private wordMask: number;

  /**
   * @param bits how many consecutive numbers are held at once; a power of two, at least 32, or 0:
   *   every bit reads as clear then, and none may be set before it is resized
   */
  constructor(bits: number) {
    const isPower = bits === 0 || (bits >= 32 && (bits & (bits - 1)) === 0);
    assert(isPower, 'a bit ring holds a power of two of bits');
    this.words = bits === 0 ? NOTHING : new Uint32Array(bits >>> 5);
    this.wordMask = this.words.length - 1;
  }

  get capacity(): number {
    return this.words === NOTHING ? 0 : this.words.length * 32;
  }

  get heldBytes(): number {
    return this.capacity / 8;
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

  /** Holds `bits` from now on, and keeps the ones of `[from, to)`, which must fit. */
  resize(bits: number, from: number, to: number): void {
    assert(to - from <= bits, 'what is kept has room');
    const fresh = new BitRing(bits);
    for (let n = from; n < to; n += 1) if (this.has(n)) fresh.set(n);
    this.words = fresh.words;
    this.wordMask = fresh.wordMask;
  }
}
