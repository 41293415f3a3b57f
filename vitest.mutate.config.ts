import { readFileSync, realpathSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { applyMutant } from './scripts/mutation/mutants.ts';
import type { Mutant } from './scripts/mutation/mutants.ts';

const mutant = JSON.parse(process.env['MUTANT'] ?? 'null') as Mutant | null;

/** Tests against the tree with one fault in it; the fault lives only in this process's memory. */
export default defineConfig({
  plugins: [
    {
      name: 'mutant',
      enforce: 'pre',
      load(id) {
        if (mutant === null || id !== realpathSync(mutant.path)) return null;
        return applyMutant(readFileSync(id, 'utf8'), mutant);
      },
    },
  ],
  test: {
    include: ['test/{unit,property,golden}/**/*.test.ts'],
    pool: 'threads',
    // One worker for all files: starting one costs more than most of these tests.
    maxWorkers: 1,
    isolate: false,
    testTimeout: 30_000,
  },
});
