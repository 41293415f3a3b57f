import { describe, expect, it } from 'vitest';
import { buildPair, jobOf, open, planOf, runUntil } from './pair.ts';

/** An application that reads once and then looks away for this long. */
const STALL_MS = 20_000;

describe('a window that closes', () => {
  it('stops the sender, and opens again although updates are lost', () => {
    for (let seed = 0; seed < 40; seed += 1) {
      const pair = buildPair({
        seed,
        up: { delayMs: 10, loss: 0.4 },
        down: { delayMs: 10 },
        config: { receiveWindowBytes: 65_536, receiveWindowSegments: 64 },
      });
      const habits = { minReadBytes: 1, stallChance: 0.3, stallMs: STALL_MS, writeBytes: 65_536 };
      const party = open(pair, planOf([jobOf('get', 400_000)], { habits }));
      let mostBytes = 0;
      let closed = 0;
      const isDone = (): boolean => {
        const answering = pair.server.parties[0];
        mostBytes = Math.max(mostBytes, pair.client.receivePool.usedBytes);
        if (answering?.connection.stats().peerWindowSegments === 0) closed += 1;
        return party.isComplete;
      };
      expect(runUntil(pair, 86_400_000, isDone), `seed ${seed}`).toBe(true);
      expect(closed, `seed ${seed}`).toBeGreaterThan(0);
      // What the application holds, what waits in order, and one slab begun.
      expect(mostBytes).toBeLessThanOrEqual(65_536 + 3 * 262_144);
    }
  });
});
