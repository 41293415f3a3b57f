import { describe, expect, it } from 'vitest';
import { ceilingMbps, PAYLOAD_SHARE } from '../../../../src/cli/bench/ceiling.ts';
import { PLAIN_LINK } from '../../../../src/cli/bench/link-spec.ts';

function ceiling(mbit: number, rttMs: number, loss: number, megabytes: number): number {
  const link = { ...PLAIN_LINK, rateBitsPerSecond: mbit * 1e6, rttMs, loss };
  return ceilingMbps(link, megabytes * 1e6) ?? NaN;
}

describe('the ceiling', () => {
  it('takes 0.95 of a full datagram for file', () => {
    expect(PAYLOAD_SHARE).toBeCloseTo(0.95, 2);
  });

  it.each([
    [100, 20, 0, 50, 93.2],
    [100, 20, 0.01, 50, 92.2],
    [100, 100, 0.01, 50, 81.3],
    [100, 100, 0.05, 50, 78.5],
    [20, 600, 0.01, 10, 9.5],
    [300, 50, 0.001, 200, 268],
    [1000, 10, 0, 200, 914],
    [20, 40, 0.2, 10, 14.9],
  ])('of %d Mbit/s, %d ms, loss %d, %d MB is %d Mbit/s', (mbit, rttMs, loss, size, expected) => {
    expect(Math.abs(ceiling(mbit, rttMs, loss, size) / expected - 1)).toBeLessThan(0.015);
  });

  it('is the start alone for a file that fits into the first flight', () => {
    // Two round trips, the flight itself, and one more: 3 x 100 ms and 10,000 bytes.
    expect(ceiling(1000, 100, 0, 0.01)).toBeCloseTo(0.08 / 0.3, 3);
  });

  it('is nothing where all is lost, and unknown without a rate', () => {
    expect(ceiling(100, 20, 1, 1)).toBe(0);
    expect(ceilingMbps({ ...PLAIN_LINK, rateBitsPerSecond: 0 }, 1e6)).toBeUndefined();
  });

  it('waits out the outages that come before the end', () => {
    const dark = [
      { fromMs: 100, toMs: 1_100 },
      { fromMs: 60_000, toMs: 90_000 },
    ];
    const link = { ...PLAIN_LINK, outages: dark };
    const seconds = (mbps: number | undefined): number => (10e6 * 8) / 1e6 / (mbps ?? NaN);
    const bright = seconds(ceilingMbps(PLAIN_LINK, 10e6));
    expect(seconds(ceilingMbps(link, 10e6)) - bright).toBeCloseTo(1, 6);
  });
});
