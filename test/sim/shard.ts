import { expect } from 'vitest';
import {
  type BatchResult,
  addToBatch,
  emptyBatch,
  formatBatch,
  rareTallies,
} from '../../src/sim/batch.ts';
import { runSeed } from '../../src/sim/run-seed.ts';

/** Seeds of both shards together; more than 10,000 transfers. */
export const SEEDS = 2_800;
export const LEAST_TRANSFERS_A_SHARD = 5_000;
const SHARDS = 2;

/** Every second seed, so that the shards are alike and run side by side. */
export function runShard(shard: number): BatchResult {
  const batch = emptyBatch();
  for (let seed = shard; seed < SEEDS; seed += SHARDS) {
    addToBatch(batch, runSeed(seed));
    if (batch.failures.length >= 3) break;
  }
  process.stdout.write(`shard ${shard}: ${formatBatch(batch)}\n`);
  return batch;
}

export function expectSound(batch: BatchResult): void {
  expect(batch.failures.map(({ failure }) => failure)).toEqual([]);
  expect(batch.transfers).toBeGreaterThan(LEAST_TRANSFERS_A_SHARD);
  // Large transfers are one seed in a hundred by design, so their share wavers around that.
  expect(rareTallies(batch, 0.01).filter((name) => name !== 'large')).toEqual([]);
  expect(batch.struck.large / batch.seeds).toBeGreaterThan(0.005);
}
