/** Runs tests against one mutant at a time, each in a process of its own that can be ended. */
import { spawn } from 'node:child_process';
import type { Mutant } from './mutants.ts';

export type Verdict = 'killed' | 'survived' | 'timeout' | 'no tests';

export interface Outcome {
  readonly verdict: Verdict;
  /** The end of what vitest printed. */
  readonly output: string;
}

/** The mutant travels to vitest.mutate.config.ts in this variable, as JSON. */
export const MUTANT_VARIABLE = 'MUTANT';

const VITEST = 'node_modules/vitest/vitest.mjs';
const NO_TESTS = /No test (suite )?(files? )?found/;

function verdictOf(code: number | null, timedOut: boolean, output: string): Verdict {
  if (timedOut) return 'timeout';
  if (NO_TESTS.test(output)) return 'no tests';
  return code === 0 ? 'survived' : 'killed';
}

/** One vitest run over `tests`; `mutant` undefined is the healthy program. */
export function runTests(
  tests: readonly string[],
  mutant: Mutant | undefined,
  timeoutMs: number,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [VITEST, 'run', '--config', 'vitest.mutate.config.ts', '--bail', '1', ...tests],
      {
        env: { ...process.env, [MUTANT_VARIABLE]: JSON.stringify(mutant ?? null) },
        stdio: ['ignore', 'pipe', 'pipe'],
        // A group of its own, so that a mutant that loops for ever takes its workers along.
        detached: true,
      },
    );
    let output = '';
    let timedOut = false;
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-20_000);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const endGroup = (): void => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    };
    const timer = setTimeout(() => {
      timedOut = true;
      endGroup();
    }, timeoutMs);
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      resolve({ verdict: verdictOf(code, timedOut, output), output });
    });
  });
}

/** Runs `work` over `items` with `jobs` at a time. */
export async function inParallel<T>(
  items: readonly T[],
  jobs: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  const lane = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: jobs }, lane));
}
