/** What CUBIC makes of whole links, in virtual time. */
import { describe, expect, it } from 'vitest';
import { GoodputRun, type GoodputOptions } from '../../src/sim/goodput.ts';

/** Room for four bandwidth-delay products in the queue and one on the way, at 300 ms. */
const ROOMY = {
  receiveWindowBytes: 134_217_728,
  receiveWindowSegments: 65_535,
  sendQueueBytes: 4_194_304,
} as const;

interface Reading {
  readonly megabitsPerSecond: number;
  readonly retransmittedShare: number;
  readonly timeouts: number;
}

/** Goodput between two moments of a transfer that is still running at the second. */
function measure(options: Partial<GoodputOptions>, fromMs: number, untilMs: number): Reading {
  const run = new GoodputRun({
    rateBitsPerSecond: 100_000_000,
    rttMs: 100,
    loss: 0,
    bytes: 1e9,
    controller: 'cubic',
    seed: 1,
    limitMs: untilMs,
    config: ROOMY,
    ...options,
  });
  run.advance(fromMs);
  const before = run.bytes;
  run.advance(untilMs);
  const bits = 8 * (run.bytes - before);
  const { sender, retransmittedShare } = run.result();
  const megabitsPerSecond = bits / 1_000 / (untilMs - fromMs);
  return { megabitsPerSecond, retransmittedShare, timeouts: sender.timeouts };
}

describe('P-CC-10 cubic fills a link that loses nothing', () => {
  it.each([
    [20, 0.25, 85],
    [20, 1, 94],
    [20, 4, 94],
    [100, 0.25, 85],
    [100, 1, 94],
    [100, 4, 94],
    [300, 0.25, 85],
    [300, 1, 90],
    [300, 4, 90],
  ])('%d ms of round trip, a queue of %d times what is on the way', (rttMs, share, least) => {
    const queueBytes = 12_500 * rttMs * share;
    const [fromMs, untilMs] = [1_000 + 20 * rttMs, 3_000 + 60 * rttMs];
    const reading = measure({ rttMs, queueBytes }, fromMs, untilMs);
    // Headers leave 95.7 of 100 Mbit/s.
    expect(reading.megabitsPerSecond).toBeGreaterThan(least);
    expect(reading.retransmittedShare).toBeLessThan(0.05);
    expect(reading.timeouts).toBe(0);
  });
});

describe('P-CC-12 cubic on a link that loses by chance', () => {
  it.each([
    // Loss rate and average window: RFC 9438 §5.1, 0.1 s. Chance is not as even as its model.
    [1e-2, 12, 120_000],
    [1e-3, 38, 160_000],
    [1e-4, 187, 80_000],
  ])('%d lost: a window of %d segments on average', (loss, window, untilMs) => {
    const options = { loss, rateBitsPerSecond: 200_000_000, queueBytes: 5_000_000 };
    const { megabitsPerSecond } = measure(options, untilMs / 4, untilMs);
    const expected = (window * 1368 * 8) / 1_000 / 100;
    expect(megabitsPerSecond / expected).toBeGreaterThan(0.6);
    expect(megabitsPerSecond / expected).toBeLessThan(1.6);
  });
});
