import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/util/random.ts';
import { MOST_CORPUS_BYTES, MOST_ENTRIES, readCorpus } from './corpus.ts';
import { attempt } from './loop.ts';
import { mutate } from './mutator.ts';
import { TARGETS } from './targets.ts';

const FOLDER = fileURLToPath(new URL('corpus', import.meta.url));

/** Random and mutated inputs a target, by what one costs; all targets together have 40 s. */
const RUNS: Readonly<Record<string, number>> = {
  acceptor: 150,
  'endpoint-plain': 400,
  'endpoint-sealed': 400,
  handshake: 800,
};
const DEFAULT_RUNS = 2_000;
/** A slow machine does less instead of failing. */
const MOST_MS = 4_000;

const names = Object.keys(TARGETS);
const nowMs = (): number => performance.now();

describe('fuzz targets', () => {
  it('each has a corpus of bearable size', () => {
    expect(readdirSync(FOLDER).sort()).toEqual([...names].sort());
    for (const name of names) {
      const corpus = readCorpus(join(FOLDER, name));
      const sum = corpus.reduce((bytes, input) => bytes + input.length, 0);
      expect([name, corpus.length > 0, corpus.length <= MOST_ENTRIES]).toEqual([name, true, true]);
      expect([name, sum <= MOST_CORPUS_BYTES]).toEqual([name, true]);
    }
  });

  it.each(names)(
    '%s holds for the corpus, for mutations of it and for random bytes',
    async (name) => {
      const { target } = await TARGETS[name]!();
      const corpus = [...target.seeds, ...readCorpus(join(FOLDER, name))];
      for (const input of corpus) {
        const found = attempt(target, input, nowMs);
        expect(found?.error, Buffer.from(input).toString('hex')).toBeUndefined();
      }
      const numRuns = RUNS[name] ?? DEFAULT_RUNS;
      const limits = { numRuns, interruptAfterTimeLimit: MOST_MS, markInterruptAsFailure: false };
      const index = fc.nat(corpus.length - 1);
      const mutated = fc.tuple(index, index, fc.nat()).map(([a, b, seed]) => {
        const random = new SeededRandom(seed);
        return mutate(corpus[a]!, corpus[b]!, random, target.maxBytes);
      });
      const random = fc.uint8Array({ maxLength: target.maxBytes });
      const input = fc.oneof({ arbitrary: mutated, weight: 3 }, { arbitrary: random, weight: 1 });
      fc.assert(
        fc.property(input, (bytes) => target.run(bytes)),
        limits,
      );
    },
  );
});
