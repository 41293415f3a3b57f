/** Seeded transfers in the simulator, ten times as many as in every test run and more. */
import { addToBatch, emptyBatch, formatBatch, rareTallies } from '../../src/sim/batch.ts';
import { runSeed } from '../../src/sim/run-seed.ts';

export const about = '[FIRST SEEDS]: 10^5 seeded transfers, 25,000 seeds from 0 by default';

const DEFAULT_SEEDS = 25_000;
const REPORT_EVERY = 1_000;
const LEAST_SHARE = 0.01;

export function run(args: readonly string[]): boolean {
  const first = Number(args[0] ?? 0);
  const end = first + Number(args[1] ?? DEFAULT_SEEDS);
  const batch = emptyBatch();
  let failed = 0;
  for (let seed = first; seed < end; seed += 1) {
    const result = runSeed(seed);
    addToBatch(batch, result);
    if (!result.ok) {
      failed += 1;
      console.log(result.failure);
    }
    if (batch.seeds % REPORT_EVERY === 0) console.log(`${batch.seeds} seeds, ${failed} failed`);
  }
  console.log(formatBatch(batch));
  // Large transfers are one seed in a hundred by design; their share wavers around that.
  const rare = rareTallies(batch, LEAST_SHARE).filter((name) => name !== 'large');
  if (rare.length > 0) console.log(`struck in less than 1 % of the seeds: ${rare.join(', ')}`);
  return failed === 0 && rare.length === 0;
}
