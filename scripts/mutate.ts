/**
 * `npm run mutate -- [--sample N] [--seed S] [--only TEXT] [--jobs J]`: puts one fault at a time
 * into the wire code and the receive pipeline, and counts how many the tests notice.
 * Our own, because the known tool needs a copy of the tree and a minute before its first mutant.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { SeededRandom } from '../src/util/random.ts';
import { sourcesUnder } from './files.ts';
import { mutantsOf } from './mutation/mutants.ts';
import type { Mutant } from './mutation/mutants.ts';
import { inParallel, runTests } from './mutation/runner.ts';
import type { Verdict } from './mutation/runner.ts';

const REQUIRED_SHARE = 0.85;
const SLOWEST_MS = 60_000;

/** What is mutated beside the whole of src/wire: the way of a segment from arrival to the file. */
const RECEIVE_PIPELINE = [
  'src/transport/receive-window.ts',
  'src/transport/inbox.ts',
  'src/transport/part-store.ts',
  'src/transport/ack-tracker.ts',
  'src/transport/receive-pipeline.ts',
];

/** Which tests should notice a fault: file names from the left find them in the given folders. */
const TESTS: readonly (readonly [source: string, folders: readonly string[]])[] = [
  ['src/wire/', ['test/unit/wire', 'test/property/wire']],
  ['src/transport/', ['test/unit/transport', 'test/property/transport']],
];

/** Mass runs find by luck what a unit test should say, and take minutes. */
const MASS_RUNS = /(fuzz|million|mass)[^/]*\.test\.ts$/;

function testsUnder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.test.ts') && !MASS_RUNS.test(name))
    .map((name) => `${folder}/${name}`);
}

function testsFor(path: string): string[] {
  return TESTS.filter(([source]) => path.startsWith(source)).flatMap(([, folders]) =>
    folders.flatMap(testsUnder),
  );
}

/** The tests named like the file come first: they notice most, in a tenth of the time. */
async function judge(mutant: Mutant, timeoutMs: number): Promise<Verdict> {
  const all = testsFor(mutant.path);
  const name = mutant.path.split('/').at(-1)!.replace('.ts', '');
  const near = all.filter((test) => test.split('/').at(-1)!.startsWith(name));
  if (near.length > 0 && near.length < all.length) {
    const { verdict } = await runTests(near, mutant, timeoutMs);
    if (verdict !== 'survived') return verdict;
  }
  const rest = all.filter((test) => !near.includes(test));
  return (await runTests(rest.length > 0 ? rest : near, mutant, timeoutMs)).verdict;
}

function sampleOf(mutants: readonly Mutant[], size: number, seed: number): Mutant[] {
  const random = new SeededRandom(seed);
  const pool = [...mutants];
  const picked: Mutant[] = [];
  while (picked.length < size && pool.length > 0) {
    picked.push(...pool.splice(random.integer(0, pool.length - 1), 1));
  }
  return picked.sort((a, b) => a.path.localeCompare(b.path) || a.start - b.start);
}

/** Milliseconds that the healthy program takes, or undefined when its tests fail or are missing. */
async function baseline(paths: readonly string[]): Promise<number | undefined> {
  const tests = [...new Set(paths.flatMap(testsFor))];
  if (tests.length === 0) {
    console.error('there are no tests for these files yet: nothing could notice a fault');
    return undefined;
  }
  const start = performance.now();
  const { verdict, output } = await runTests(tests, undefined, SLOWEST_MS);
  if (verdict === 'survived') return performance.now() - start;
  console.error(output);
  console.error(`the tests do not pass on the healthy program: ${verdict}`);
  return undefined;
}

function report(verdicts: ReadonlyMap<Mutant, Verdict>): number {
  const count = (wanted: Verdict): number =>
    [...verdicts.values()].filter((verdict) => verdict === wanted).length;
  const noticed = count('killed') + count('timeout');
  const share = verdicts.size === 0 ? 0 : noticed / verdicts.size;
  for (const [mutant, verdict] of verdicts) {
    if (verdict === 'killed' || verdict === 'timeout') continue;
    console.log(`${verdict}: ${mutant.path}:${mutant.line} ${mutant.what}`);
  }
  console.log(
    `${verdicts.size} mutants: ${count('killed')} killed, ${count('timeout')} timed out, ` +
      `${count('survived') + count('no tests')} survived; ${(share * 100).toFixed(1)} % noticed ` +
      `(${REQUIRED_SHARE * 100} % required)`,
  );
  return share >= REQUIRED_SHARE ? 0 : 1;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      sample: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      only: { type: 'string', default: '' },
      jobs: { type: 'string', default: '2' },
    },
  });
  const paths = [...sourcesUnder('src/wire'), ...RECEIVE_PIPELINE].filter(
    (path) => existsSync(path) && path.includes(values.only),
  );
  const healthyMs = await baseline(paths);
  if (healthyMs === undefined) return 1;
  const all = paths.flatMap((path) => mutantsOf(path, readFileSync(path, 'utf8')));
  const sample = sampleOf(all, Number(values.sample), Number(values.seed));
  const timeoutMs = Math.min(SLOWEST_MS, 5_000 + 4 * healthyMs);
  console.log(
    `${sample.length} of ${all.length} mutants in ${paths.length} files, seed ${values.seed}; ` +
      `the healthy program takes ${(healthyMs / 1000).toFixed(1)} s`,
  );
  const verdicts = new Map<Mutant, Verdict>();
  await inParallel(sample, Number(values.jobs), async (mutant) => {
    verdicts.set(mutant, await judge(mutant, timeoutMs));
    if (verdicts.size % 20 === 0) console.log(`${verdicts.size} of ${sample.length} done`);
  });
  return report(verdicts);
}

process.exitCode = await main();
