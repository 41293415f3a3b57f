/** What a measured row is, and the small sums that all of them need. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export type Print = (line: string) => void;

export interface Row {
  readonly name: string;
  readonly about: string;
  /** Measures and prints; answers whether every figure met its target. */
  run(print: Print): Promise<boolean>;
}

/** Both ends of every row keep their files in memory: the peers flush no more than that either. */
const MEMORY_FOLDER = '/dev/shm';
const BLOCK_BYTES = 16_777_216;

/** A folder in memory for the length of `work`. */
export async function withFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(MEMORY_FOLDER, 'lftp-rows-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file of `sizeBytes` that no compression and no sparse handling makes smaller. */
export function writeRandomFile(path: string, sizeBytes: number): void {
  const block = randomBytes(Math.min(BLOCK_BYTES, sizeBytes));
  const file = openSync(path, 'w');
  for (let at = 0; at < sizeBytes; at += BLOCK_BYTES) {
    // A count in each block, so that swapped blocks are noticed.
    if (block.length >= 8) block.writeDoubleLE(at, 0);
    writeSync(file, block, 0, Math.min(BLOCK_BYTES, sizeBytes - at));
  }
  closeSync(file);
}

export function filesEqual(left: string, right: string): boolean {
  return spawnSync('cmp', ['-s', left, right]).status === 0;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? NaN;
}

export function megabits(sizeBytes: number, seconds: number): number {
  return (sizeBytes * 8) / seconds / 1e6;
}

/** `value` in `width` columns with `digits` behind the point. */
export function cell(value: number, width: number, digits = 1): string {
  return value.toFixed(digits).padStart(width);
}
