import { describe, expect, it } from 'vitest';
import { buildPair, jobOf, open, planOf, runUntil } from './pair.ts';
import { sealedHosts } from './sealed.ts';

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

describe('a sealed connection in virtual time', () => {
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
