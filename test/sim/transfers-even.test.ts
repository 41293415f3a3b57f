import { expect, it } from 'vitest';
import { expectSound, runShard } from './shard.ts';

it(
  'moves every byte of 5,000 seeded transfers through every fault, even seeds',
  { timeout: 600_000 },
  () => {
    const startMs = performance.now();
    expectSound(runShard(0));
    expect(performance.now() - startMs).toBeLessThan(180_000);
  },
);
