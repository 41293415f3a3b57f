import { beforeEach, describe, expect, it } from 'vitest';
import { LossClassifier } from '../../../src/transport/congestion/loss-classifier.ts';

const SMSS = 1_000;
const LOSS = {
  nowMs: 0,
  bytes: SMSS,
  sentMs: 0,
  txInFlightBytes: 0,
  lostBytes: 0,
  priorDeliveredBytes: 0,
  isAppLimited: false,
  isTimeout: false,
  minRttMs: 0,
  latestRttMs: 0,
};

describe('LossClassifier', () => {
  let losses: LossClassifier;
  let delivered: number;
  beforeEach(() => {
    losses = new LossClassifier(true, SMSS);
    delivered = 0;
    for (const rttMs of [120, 100]) see(rttMs);
  });

  /** Sixteen round trips of this length. */
  function see(rttMs: number, nowMs = 0, minMs = 100): void {
    for (let i = 0; i < 16; i += 1) losses.onRtt(nowMs, rttMs, minMs);
  }

  /** A round of 100 segments, `lost` of them in runs of `run`. */
  function round(lost: number, told: { isSlow?: boolean; run?: number; bdp?: number } = {}): void {
    const { isSlow = false, run = 1, bdp = 100 } = told;
    losses.setSlow(isSlow, delivered);
    for (let i = 0; i < lost; i += 1) {
      losses.onLost({ ...LOSS, priorDeliveredBytes: delivered });
      if ((i + 1) % run === 0) losses.onAcked(0, delivered);
    }
    losses.onAcked((100 - lost) * SMSS, delivered);
    delivered += (100 - lost) * SMSS;
    losses.endRound(!isSlow, bdp * SMSS);
    losses.startRound();
  }

  const threshold = (segments: number): number => losses.threshold(segments * SMSS);

  it('P-CC-25 takes for the path’s own what is lost usually and when less is sent', () => {
    round(10);
    expect(losses.ownShare).toBe(0);
    round(8, { isSlow: true });
    expect(losses.ownShare).toBeCloseTo(0.1, 6);
  });

  it('P-CC-25 is not fooled by a policer, which loses nothing of less', () => {
    for (let i = 0; i < 5; i += 1) {
      round(12);
      round(0, { isSlow: true });
    }
    expect(losses.ownShare).toBe(0);
    expect(threshold(100)).toBe(0.02);
  });

  it('takes only what is left of a loss that sending less makes smaller', () => {
    round(12);
    for (let i = 0; i < 3; i += 1) round(6, { isSlow: true });
    expect(losses.ownShare).toBeCloseTo(0.06, 6);
  });

  it('P-CC-25 does not take for a difference what may be chance', () => {
    round(20);
    // A deviation of 100 segments at 0.2 is 0.04, and two thirds of 0.2 are 0.133.
    round(10, { isSlow: true });
    expect(losses.ownShare).toBeCloseTo(0.2, 6);
    round(7, { isSlow: true });
    expect(losses.ownShare).toBeCloseTo(0.085, 6);
  });

  it('P-CC-25 believes nothing of a path that loses nothing of a few that were sent slowly', () => {
    round(12);
    losses.setSlow(true, delivered);
    losses.onAcked(3 * SMSS, delivered);
    losses.endRound(false, 100 * SMSS);
    expect(losses.ownShare).toBe(0);
  });

  it('P-CC-28 knows nothing where more than a quarter is lost, and not by chance', () => {
    for (const isSlow of [false, true]) round(26, { isSlow });
    expect(losses.ownShare).toBe(0.26);
    for (const isSlow of [false, true, false, true]) round(40, { isSlow });
    expect(losses.ownShare).toBe(0);
  });

  describe('in Startup', () => {
    /** A round of 100 segments, `lost` of them. */
    function startupRound(lost: number, hasGrown: boolean): void {
      for (let i = 0; i < lost; i += 1) losses.onLost({ ...LOSS });
      losses.onAcked((100 - lost) * SMSS, 0);
      losses.onStartupRound(hasGrown);
    }

    function finish(): void {
      losses.startRound();
      losses.onStartupOver();
      losses.endRound(false, 100 * SMSS);
    }

    it('P-CC-25 learns from rounds behind which another one grew', () => {
      for (const lost of [10, 8, 30]) startupRound(lost, true);
      startupRound(60, false);
      expect(losses.ownShare).toBe(0);
      expect(losses.startupThreshold(Infinity)).toBeCloseTo(
        0.02 + 0.09 + 3 * Math.sqrt((0.09 * 0.91 * (2 * 1 - 1)) / 200),
        2,
      );
      finish();
      expect(losses.ownShare).toBeCloseTo(0.09, 6);
    });

    it('P-CC-25 learns nothing from rounds with a queue, or of more than a quarter', () => {
      see(113);
      for (const lost of [10, 10, 10]) startupRound(lost, true);
      see(100);
      expect(losses.startupThreshold(SMSS)).toBe(0.02);
      for (const lost of [30, 30, 30]) startupRound(lost, true);
      expect(losses.startupThreshold(SMSS)).toBe(0.02);
      finish();
      expect(losses.ownShare).toBe(0);
    });

    it('gives the draft’s mode no allowance', () => {
      losses = new LossClassifier(false, SMSS);
      for (const lost of [10, 10, 10]) startupRound(lost, true);
      expect(losses.startupThreshold(SMSS)).toBe(0.02);
      finish();
      expect([losses.ownShare, losses.threshold(SMSS)]).toEqual([0, 0.02]);
    });
  });

  it('forgets, so that a path may heal', () => {
    round(20);
    round(20, { isSlow: true });
    for (let i = 0; i < 60; i += 1) round(0, { isSlow: i % 2 === 0 });
    expect(losses.ownShare).toBeLessThan(0.005);
  });

  it('P-CC-28 knows nothing before a queue was seen, nor ten seconds after', () => {
    losses = new LossClassifier(true, SMSS);
    see(112, 0);
    for (const isSlow of [false, true]) round(10, { isSlow });
    expect([losses.ownShare, losses.hasSeenQueue]).toEqual([0, false]);
    see(119, 1_000);
    see(100, 1_000);
    round(10);
    expect(losses.ownShare).toBeCloseTo(0.1, 6);
    see(100, 11_001);
    round(10);
    expect([losses.ownShare, losses.hasSeenQueue]).toEqual([0, true]);
  });

  it('P-CC-28 forgets all when the smallest round trip was no empty queue after all', () => {
    for (const isSlow of [false, true]) round(10, { isSlow });
    see(88, 0, 88);
    round(10);
    expect(losses.ownShare).toBeCloseTo(0.1, 6);
    see(70, 0, 70);
    round(10);
    expect(losses.ownShare).toBe(0);
  });

  it('P-CC-28 knows nothing where little is on its way', () => {
    for (const isSlow of [false, true]) round(10, { isSlow, bdp: 15.9 });
    expect(losses.ownShare).toBe(0);
    round(10, { bdp: 16 });
    expect(losses.ownShare).toBeCloseTo(0.1, 6);
  });

  it('leaves out what was lost while a queue stood', () => {
    see(113);
    expect(losses.isQueueing).toBe(true);
    round(10);
    round(10, { isSlow: true });
    expect(losses.ownShare).toBe(0);
  });

  it('sees a queue by the smallest of sixteen round trips: 4 ms, an eighth, or the jitter', () => {
    const sees = (least: number, minMs: number): boolean => {
      losses = new LossClassifier(true, SMSS);
      see(least, 0, minMs);
      return losses.isQueueing;
    };
    expect([sees(14, 10), sees(14.1, 10)]).toEqual([false, true]);
    expect([sees(112.5, 100), sees(112.6, 100)]).toEqual([false, true]);
    losses.onRtt(0, 100, 100);
    expect(losses.isQueueing).toBe(false);
    for (let i = 0; i < 400; i += 1) losses.onRtt(0, i % 2 === 0 ? 114 : 134, 100);
    expect(losses.isQueueing).toBe(false); // 14 ms at a jitter of 20
    losses.onRtt(0, NaN, 100);
    expect(losses.isQueueing).toBe(false);
  });

  it('allows for chance: three deviations of the flight and of what is known', () => {
    round(10);
    round(10, { isSlow: true });
    // Share 0.1 of 100: sqrt(0.1 · 0.9 / 100) = 0.03, for the flight and for the estimate.
    expect(threshold(100)).toBeCloseTo(0.02 + 0.1 + 3 * Math.SQRT2 * 0.03, 6);
    expect(threshold(400)).toBeCloseTo(0.02 + 0.1 + 3 * Math.hypot(0.015, 0.03), 6);
  });

  it('allows for more where losses come in runs', () => {
    for (const isSlow of [false, true]) round(16, { isSlow, run: 8 });
    const deviation = Math.sqrt((0.16 * 0.84 * (2 * 8 - 1)) / 100);
    expect(threshold(100)).toBeCloseTo(0.02 + 0.16 + 3 * Math.SQRT2 * deviation, 6);
  });

  it('counts as carried what the path itself has lost, and no more', () => {
    for (const isSlow of [false, true]) round(20, { isSlow });
    expect(losses.carriedPerDelivered(80, 0)).toBe(1);
    expect(losses.carriedPerDelivered(80, 10)).toBeCloseTo(90 / 80, 6);
    expect(losses.carriedPerDelivered(80, 50)).toBeCloseTo(100 / 80, 6);
    expect(losses.carriedPerDelivered(0, 50)).toBe(1);
  });

  it('knows of no own loss in the mode of the draft', () => {
    losses = new LossClassifier(false, SMSS);
    for (const isSlow of [false, true]) round(20, { isSlow });
    expect([losses.ownShare, threshold(100)]).toEqual([0, 0.02]);
    expect(losses.carriedPerDelivered(80, 20)).toBe(1);
  });
});
