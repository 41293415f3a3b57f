import { describe, expect, it } from 'vitest';
import type { LinkOptions } from '../../src/sim/link.ts';
import { type Pair, buildPair, jobOf, open, planOf, runUntil } from './pair.ts';

const ROUGH: Partial<LinkOptions> = {
  delayMs: 10,
  loss: 0.3,
  duplicate: 0.3,
  duplicateLateMs: 2_000,
  reorder: 0.3,
  holdMs: 50,
};

function allClosed(pair: Pair): boolean {
  const parties = [...pair.client.parties, ...pair.server.parties];
  return pair.server.parties.length > 0 && parties.every((party) => party.closedBy !== undefined);
}

describe('closing', () => {
  it('ends in order when both sides close at the same moment, under loss and duplication', () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const pair = buildPair({ seed, up: ROUGH, down: ROUGH });
      const party = open(pair, planOf([jobOf('get', 5_000)], { closeMode: 'both' }));
      // The answering side is told to finish in the same instant as the asking one.
      expect(runUntil(pair, 600_000, () => party.isComplete)).toBe(true);
      pair.server.parties[0]!.connection.finish();
      party.connection.finish();
      pair.world.touch(pair.server);
      pair.world.touch(pair.client);
      expect(
        runUntil(pair, 600_000, () => allClosed(pair)),
        `seed ${seed}`,
      ).toBe(true);
      for (const { closedBy } of [party, pair.server.parties[0]!]) {
        expect(closedBy, `seed ${seed}`).toEqual({ kind: 'finished' });
      }
    }
  });

  it('leaves nothing behind: no port, timer or byte', () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const pair = buildPair({ seed, up: ROUGH, down: ROUGH });
      open(pair, planOf([jobOf('get', 50_000), jobOf('post', 50_000, 1)]));
      runUntil(pair, 3_600_000, () => false);
      expect(allClosed(pair), `seed ${seed}`).toBe(true);
      for (const { endpoint, sendPool, receivePool } of [pair.client, pair.server]) {
        const left = [endpoint.connectionCount, endpoint.quietCount, endpoint.nextTimeout()];
        expect(left, `seed ${seed}`).toEqual([0, 0, Infinity]);
        expect([sendPool.usedBytes, receivePool.usedBytes], `seed ${seed}`).toEqual([0, 0]);
      }
    }
  });
});
