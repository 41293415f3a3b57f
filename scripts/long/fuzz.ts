/** Coverage-guided fuzzing of one target, or of one after the other. */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { SeededRandom } from '../../src/util/random.ts';
import { readCorpus, writeCorpus, writeFailure } from '../../test/fuzz/corpus.ts';
import { Coverage } from '../../test/fuzz/coverage.ts';
import { fuzz } from '../../test/fuzz/loop.ts';
import { TARGETS } from '../../test/fuzz/targets.ts';

export const about =
  '[TARGET…] --seconds N --seed S: coverage-guided fuzzing, one target at a time';

const FOLDER = 'test/fuzz/corpus';
const DEFAULT_SECONDS = '60';
/** What is under test: the sources, not the tests. */
const isSource = (url: string): boolean => url.includes('/dist/src/');

/** @returns whether the target came through */
async function fuzzOne(
  name: string,
  seconds: number,
  seed: number,
  coverage: Coverage,
): Promise<boolean> {
  const load = TARGETS[name];
  if (load === undefined) throw new Error(`no target ${name}: ${Object.keys(TARGETS).join(' ')}`);
  const folder = join(FOLDER, name);
  const { target } = await load();
  const nowMs = (): number => performance.now();
  const endMs = nowMs() + 1_000 * seconds;
  const corpus = readCorpus(folder);
  const result = fuzz({
    target,
    corpus,
    random: SeededRandom.named(seed, name),
    coverage,
    goesOn: () => nowMs() < endMs,
    nowMs,
  });
  const { runs, features, found } = result;
  const kept = writeCorpus(folder, result.corpus);
  console.log(`${name}: ${runs} runs, ${features} features, ${kept} inputs kept`);
  if (found === undefined) return true;
  console.log(`${name}: ${found.error.stack ?? found.error.message}`);
  console.log(`${name}: kept as ${writeFailure(folder, found.input)}`);
  return false;
}

export async function run(args: readonly string[]): Promise<boolean> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { seconds: { type: 'string' }, seed: { type: 'string' } },
  });
  const names = positionals.length > 0 ? positionals : Object.keys(TARGETS);
  const seconds = Number(values.seconds ?? DEFAULT_SECONDS);
  const seed = Number(values.seed ?? 1);
  const coverage = new Coverage(isSource);
  // Before any target is loaded, and never anew: only code compiled since counts block by block.
  coverage.start();
  for (const name of names) if (!(await fuzzOne(name, seconds, seed, coverage))) return false;
  coverage.stop();
  return true;
}
