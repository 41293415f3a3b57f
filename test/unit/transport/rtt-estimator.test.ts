import { describe, expect, it } from 'vitest';
import { RttEstimator } from '../../../src/transport/rtt-estimator.ts';

describe('RttEstimator', () => {
  it('P-RTO-01 follows the worked numbers of RFC 6298 §2', () => {
    const rtt = new RttEstimator();
    expect([rtt.hasSample, rtt.rtoMs(25), rtt.backoffCapMs]).toEqual([false, 1000, 1000]);
    // §2.2: SRTT = R, RTTVAR = R/2.
    rtt.sample(400);
    expect([rtt.hasSample, rtt.srttMs, rtt.rttvarMs, rtt.minRttMs]).toEqual([true, 400, 200, 400]);
    expect(rtt.rtoMs(0)).toBe(400 + 4 * 200);
    // §2.3: RTTVAR = 3/4 RTTVAR + 1/4 |SRTT - R'|, with the old SRTT, which comes after.
    rtt.sample(240);
    expect(rtt.rttvarMs).toBe(0.75 * 200 + 0.25 * 160);
    expect(rtt.srttMs).toBe(0.875 * 400 + 0.125 * 240);
    expect(rtt.minRttMs).toBe(240);
    rtt.sample(500);
    expect(rtt.rttvarMs).toBe(0.75 * 190 + 0.25 * 120);
    expect([rtt.srttMs, rtt.minRttMs, rtt.latestMs]).toEqual([0.875 * 380 + 62.5, 240, 500]);
  });

  it('P-RTO-02 leaves a steady path 200 ms beyond the round trip and the agreed delay', () => {
    for (const rttMs of [0.05, 20, 99, 100]) {
      const rtt = new RttEstimator();
      for (let i = 0; i < 200; i += 1) rtt.sample(rttMs);
      expect(rtt.rtoMs(0)).toBeCloseTo(rttMs + 200, 6);
      expect(rtt.rtoMs(25)).toBeCloseTo(rttMs + 225, 6);
    }
  });

  it('P-RTO-02 leaves a long path the time for a tail probe and its answer', () => {
    const rtt = new RttEstimator();
    for (let i = 0; i < 200; i += 1) rtt.sample(600);
    expect(rtt.rtoMs(25)).toBeCloseTo(3 * 600 + 25, 6);
  });

  it('P-RTO-02 gives way to a variance that is larger', () => {
    const rtt = new RttEstimator();
    rtt.sample(98);
    expect(rtt.rtoMs(1)).toBe(98 + 200 + 1);
    const wide = new RttEstimator();
    wide.sample(102);
    expect(wide.rtoMs(1)).toBe(102 + 204 + 1);
  });

  it('P-RTO-03 limits a doubled interval to a second, or four round trips', () => {
    const rtt = new RttEstimator();
    rtt.sample(250);
    expect(rtt.backoffCapMs).toBe(1000);
    const long = new RttEstimator();
    long.sample(251);
    expect(long.backoffCapMs).toBe(1004);
  });
});
