/**
 * Randomness for real connections: numbers that a stranger cannot guess.
 *
 * Initial segment numbers, virtual ports and skipped transmission numbers defend against blind
 * injection only while they are unpredictable, so every draw comes from the system's generator,
 * fetched in blocks because one call for each number would cost a microsecond.
 */
import { randomFillSync } from 'node:crypto';
import type { Random } from '../util/random.ts';

const BLOCK_WORDS = 2_048;

export class SystemRandom implements Random {
  private readonly block = new Uint32Array(BLOCK_WORDS);
  private next = BLOCK_WORDS;

  uint32(): number {
    if (this.next === BLOCK_WORDS) {
      randomFillSync(this.block);
      this.next = 0;
    }
    const value = this.block[this.next] ?? 0;
    // A number that was given out must not be read again from memory.
    this.block[this.next] = 0;
    this.next += 1;
    return value;
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
