import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/util/random.ts';
import {
  MOST_CORPUS_BYTES,
  MOST_ENTRIES,
  readCorpus,
  withinLimits,
  writeCorpus,
  writeFailure,
} from './corpus.ts';
import { Coverage } from './coverage.ts';
import { fuzz, type LoopResult, shorten, SLOW_MS } from './loop.ts';
import { mutate } from './mutator.ts';
import { DOORS } from './doors.ts';

/** Several times what guidance needs; chance alone would need some 10^10. */
const MOST_RUNS = 10_000;

/** Once in this process: what was compiled before counts by whole functions only. */
async function search(isGuided: boolean, seed: number): Promise<LoopResult> {
  const coverage = new Coverage((url) => url.includes('/test/fuzz/planted.ts'));
  coverage.start();
  const { target } = await import('./planted.ts');
  const result = fuzz({
    target,
    corpus: [],
    random: new SeededRandom(seed),
    coverage: isGuided ? coverage : undefined,
    goesOn: (runs) => runs < MOST_RUNS,
    nowMs: () => performance.now(),
  });
  coverage.stop();
  return result;
}

const isDoor = (byte: number | undefined, door: number): boolean => ((byte ?? 0) & 0xf0) === door;

describe('the coverage-guided loop', () => {
  it('finds a planted bug that pure chance does not, and shortens the input', async () => {
    const guided = await search(true, 1);
    expect(guided.found?.error.message).toBe('the planted bug');
    const opened = [...guided.found!.input].map((byte) => byte & 0xf0);
    expect(opened).toEqual([...DOORS]);
    // What led there was kept, and the failing input itself is no corpus.
    const opens = (input: Uint8Array): number =>
      DOORS.findIndex((door, i) => !isDoor(input[i], door));
    expect(guided.corpus.map(opens).sort().at(-1)).toBe(3);
    expect(guided.corpus.length).toBeLessThan(20);
    const blind = await search(false, 1);
    expect(blind.found).toBeUndefined();
    expect(blind.runs).toBe(MOST_RUNS);
  });

  it('takes a run that is too slow for a failure', () => {
    let nowMs = 0;
    const target = { run: () => void (nowMs += SLOW_MS + 1), seeds: [], maxBytes: 4 };
    const options = { target, corpus: [Uint8Array.of(1)], random: new SeededRandom(1) };
    const result = fuzz({
      ...options,
      coverage: undefined,
      goesOn: () => true,
      nowMs: () => nowMs,
    });
    expect(result.found?.error.message).toMatch(/^took \d+ ms$/);
  });
});

describe('shortening', () => {
  it('leaves what the failure needs, in its order', () => {
    const run = (bytes: Uint8Array): void => {
      const [first, last] = [bytes.indexOf(7), bytes.lastIndexOf(9)];
      if (first >= 0 && last > first) throw new Error('7 before 9');
    };
    const input = Uint8Array.from({ length: 300 }, (_, i) => (i * 5) & 15);
    const target = { run, seeds: [], maxBytes: 400 };
    const found = { input, error: new Error('7 before 9') };
    expect(shorten(target, found, () => 0).input).toEqual(Uint8Array.of(7, 9));
  });
});

describe('mutation', () => {
  it('gives the same for the same seed, other bytes for others, and no more than allowed', () => {
    const bytes = Uint8Array.from({ length: 40 }, (_, i) => i);
    const other = new Uint8Array(40).fill(200);
    const made = (seed: number): Uint8Array => mutate(bytes, other, new SeededRandom(seed), 64);
    const all = Array.from({ length: 500 }, (_, seed) => made(seed));
    expect(made(3)).toEqual(all[3]);
    expect(all.every((entry) => entry.length <= 64)).toBe(true);
    expect(new Set(all.map((entry) => Buffer.from(entry).toString('hex'))).size).toBeGreaterThan(
      450,
    );
    expect(all.some((entry) => entry.includes(200))).toBe(true);
    expect(bytes[5]).toBe(5);
  });

  it('can begin with nothing', () => {
    const nothing = new Uint8Array(0);
    for (let seed = 0; seed < 500; seed += 1) {
      expect(mutate(nothing, nothing, new SeededRandom(seed), 8).length).toBeLessThanOrEqual(8);
    }
  });
});

describe('the corpus on disk', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lftp-corpus-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it('replaces its entries and keeps what once failed', () => {
    writeCorpus(folder, [Uint8Array.of(1), Uint8Array.of(2)]);
    writeFailure(folder, Uint8Array.of(3));
    expect(writeCorpus(folder, [Uint8Array.of(2)])).toBe(1);
    const bytes = readCorpus(folder).map(([byte]) => byte);
    expect(bytes.sort()).toEqual([2, 3]);
    expect(readdirSync(folder)).toHaveLength(2);
    expect(readCorpus(join(folder, 'none'))).toEqual([]);
  });

  it('stays within its limits', () => {
    const many = Array.from({ length: 500 }, (_, i) => new Uint8Array(700).fill(i));
    const kept = withinLimits(many);
    expect(kept.length).toBeLessThanOrEqual(MOST_ENTRIES);
    const sum = kept.reduce((bytes, entry) => bytes + entry.length, 0);
    expect(sum).toBeLessThanOrEqual(MOST_CORPUS_BYTES);
    expect(kept.length).toBeGreaterThan(80);
  });
});
