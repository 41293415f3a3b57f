import { describe, expect, it } from 'vitest';
import { type Line, replaySeed } from '../../src/sim/replay.ts';
import { runSeed } from '../../src/sim/run-seed.ts';

const SEEDS = [3, 11, 42, 77, 196];

describe('a seed', () => {
  it('runs the same way every time, and unlike any other', () => {
    const hashes = SEEDS.map((seed) => runSeed(seed).traceHash);
    expect(SEEDS.map((seed) => runSeed(seed).traceHash)).toEqual(hashes);
    expect(new Set(hashes).size).toBe(SEEDS.length);
  });

  it('runs no differently while somebody looks', () => {
    for (const seed of SEEDS) {
      const lines: Line[] = [];
      const watched = replaySeed(seed, (line) => lines.push(line));
      expect(watched.traceHash).toBe(runSeed(seed).traceHash);
      expect(lines.filter(({ text }) => text.startsWith('->'))).toHaveLength(watched.datagrams);
      const times = lines.map(({ atMs }) => atMs);
      expect(times).toEqual(times.toSorted((a, b) => a - b));
    }
  });

  it('tells every segment in words', () => {
    const texts: string[] = [];
    replaySeed(3, ({ text }) => texts.push(text));
    for (const part of ['cnt+syn ', 'cnt+syn+ack', 'dat+', '[echo ', ' lost by ', 'close 1']) {
      expect(
        texts.some((text) => text.includes(part)),
        part,
      ).toBe(true);
    }
  });
});
