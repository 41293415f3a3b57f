import { expect, it } from 'vitest';
import { simulateGoodput } from '../../src/sim/goodput.ts';

/**
 * A floor of 200 ms stood under the whole timeout. On a steady path of some 100 ms that was the
 * timeout, and segments timed out before RACK, whose evidence comes with the next flight, or the
 * tail probe could speak: dozens of times a minute, with a window of one segment after each. Above
 * 200 ms the timeout still came before the answer to the probe.
 */
it.each([
  [100, 1, [1, 3, 4, 6]],
  [120, 0, [1, 2, 3]],
  [150, 0, [1, 2, 3]],
  [300, 0, [1, 2, 3]],
  [600, 0, [1, 2, 3]],
])(
  'P-RTO-02 repairs one loss in 100 at %i ms, jitter %i ms, without a timeout',
  (rttMs, jitterMs, seeds) => {
    for (const seed of seeds) {
      const { sender } = simulateGoodput({
        rateBitsPerSecond: 100_000_000,
        rttMs,
        loss: 0.01,
        bytes: 16_777_216,
        controller: 'newreno',
        seed,
        limitMs: 300 * rttMs,
        config: { maxAckDelayMs: 1 },
        link: { jitterMs },
      });
      expect(sender.segmentsRetransmitted).toBeGreaterThan(10);
      expect([seed, sender.timeouts]).toEqual([seed, 0]);
    }
  },
);
