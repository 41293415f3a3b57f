import { describe, expect, it } from 'vitest';
import { runSeed } from '../../src/sim/run-seed.ts';
import { buildPair, jobOf, open, planOf, runUntil } from './pair.ts';
import { noiseOf, sealedHosts } from './sealed.ts';

const ROUGH = {
  delayMs: 10,
  loss: 0.1,
  duplicate: 0.1,
  duplicateLateMs: 2_000,
  reorder: 0.2,
  holdMs: 50,
  corrupt: 0.05,
  truncate: 0.01,
  extend: 0.01,
};

/** Seeds of the great simulator that run with real keys. */
const SEEDS = 300;

describe('a sealed connection in virtual time', () => {
  it('P-KEY-05 moves every byte of three hundred seeds through every fault of theirs', () => {
    const failures: string[] = [];
    for (let seed = 0; seed < SEEDS; seed += 1) {
      const { failure } = runSeed(seed, { protectionOf: (host) => noiseOf(1_000 * seed + host) });
      if (failure !== '') failures.push(failure);
    }
    expect(failures).toEqual([]);
  });

  it('moves files both ways through every fault, and leaves nothing behind', () => {
    for (let seed = 0; seed < 40; seed += 1) {
      const pair = buildPair({ seed, up: ROUGH, down: ROUGH, ...sealedHosts() });
      const party = open(pair, planOf([jobOf('get', 150_000), jobOf('post', 100_000, 1)]));
      runUntil(pair, 3_600_000, () => false);
      expect(party.isComplete, `seed ${seed}`).toBe(true);
      expect(party.closedBy, `seed ${seed}`).toEqual({ kind: 'finished' });
      for (const { endpoint } of [pair.client, pair.server]) {
        expect([endpoint.connectionCount, endpoint.quietCount]).toEqual([0, 0]);
      }
    }
  });
});
