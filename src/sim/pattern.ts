/**
 * File bytes that anyone can recompute: byte `position` of the file with a given seed.
 *
 * One random table whose length is a prime is read from a place that depends on the seed. A byte
 * that went astray by any number of whole segments, or into another file, is therefore noticed.
 */
import { SeededRandom } from '../util/random.ts';

const PERIOD_BYTES = 65_521;
const TABLE_BYTES = 2 * PERIOD_BYTES;
const TABLE = buildTable();
/** The table from each of its first four bytes on, in words: whatever a run's place, one fits. */
const WORDS = [0, 1, 2, 3].map((shift) => {
  const words = new Int32Array(TABLE_BYTES >>> 2);
  new Uint8Array(words.buffer).set(TABLE.subarray(shift, shift + (words.length << 2) - 4));
  return words;
});

function buildTable(): Uint8Array {
  const random = new SeededRandom(65_521);
  const table = new Uint8Array(TABLE_BYTES);
  for (let i = 0; i < PERIOD_BYTES; i += 1) table[i] = random.uint32() >>> 24;
  table.copyWithin(PERIOD_BYTES, 0, PERIOD_BYTES);
  return table;
}

function startOf(seed: number, position: number): number {
  return (((seed >>> 0) % PERIOD_BYTES) + (position % PERIOD_BYTES)) % PERIOD_BYTES;
}

/** Writes bytes `[position, position + length)` of file `seed` to `target` at `offset`. */
export function fillPattern(
  target: Uint8Array,
  offset: number,
  length: number,
  seed: number,
  position: number,
): void {
  for (let done = 0; done < length;) {
    const start = startOf(seed, position + done);
    const run = Math.min(length - done, TABLE_BYTES - start);
    target.set(TABLE.subarray(start, start + run), offset + done);
    done += run;
  }
}

/** The first of `length` bytes from `bytes[0]` that is not the file's; -1 when all are. */
export function findMismatch(
  bytes: Uint8Array,
  length: number,
  seed: number,
  position: number,
): number {
  for (let done = 0; done < length;) {
    const start = startOf(seed, position + done);
    const run = Math.min(length - done, TABLE_BYTES - start);
    for (let i = countEqualWords(bytes, done, run, start); i < run; i += 1) {
      if (bytes[done + i] !== TABLE[start + i]) return done + i;
    }
    done += run;
  }
  return -1;
}

/** How many of `length` bytes from `at` on are sure to be those of the table; whole words only. */
function countEqualWords(bytes: Uint8Array, at: number, length: number, start: number): number {
  const byteOffset = bytes.byteOffset + at;
  if ((byteOffset & 3) !== 0) return 0;
  const words = WORDS[start & 3]!;
  const first = start >>> 2;
  // The last word of a shifted table is not filled.
  const count = Math.min(length >>> 2, words.length - 1 - first);
  const seen = new Int32Array(bytes.buffer, byteOffset, count);
  let equal = 0;
  while (equal < count && seen[equal] === words[first + equal]) equal += 1;
  return equal << 2;
}
