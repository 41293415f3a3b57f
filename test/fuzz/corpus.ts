/** Inputs that are kept, one small file each, named by what they hold. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files and bytes that one target keeps; inputs that once failed are kept beyond that. */
export const MOST_ENTRIES = 200;
export const MOST_CORPUS_BYTES = 65_536;

const FAILED = 'failed-';

function nameOf(input: Uint8Array): string {
  return `${createHash('sha256').update(input).digest('hex').slice(0, 16)}.bin`;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

export function readCorpus(folder: string): Uint8Array[] {
  return namesIn(folder).map((name) => new Uint8Array(readFileSync(join(folder, name))));
}

/** The first inputs, as many as fit the limits. */
export function withinLimits(inputs: readonly Uint8Array[]): Uint8Array[] {
  let left = MOST_CORPUS_BYTES;
  return inputs.slice(0, MOST_ENTRIES).filter((input) => {
    left -= input.length;
    return left >= 0;
  });
}

/** Replaces what is kept, but for inputs that once failed. @returns entries written */
export function writeCorpus(folder: string, inputs: readonly Uint8Array[]): number {
  mkdirSync(folder, { recursive: true });
  const kept = withinLimits(inputs);
  const names = new Set(kept.map(nameOf));
  for (const name of namesIn(folder)) {
    if (!name.startsWith(FAILED) && !names.has(name)) rmSync(join(folder, name));
  }
  for (const input of kept) writeFileSync(join(folder, nameOf(input)), input);
  return kept.length;
}

/** Keeps an input that broke a property: every later test runs it. @returns its file */
export function writeFailure(folder: string, input: Uint8Array): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${FAILED}${nameOf(input)}`);
  writeFileSync(file, input);
  return file;
}
