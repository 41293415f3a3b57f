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
    for (let i = 0; i < run; i += 1) {
      if (bytes[done + i] !== TABLE[start + i]) return done + i;
    }
    done += run;
  }
  return -1;
}
