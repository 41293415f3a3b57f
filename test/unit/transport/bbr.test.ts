import { beforeEach, describe, expect, it } from 'vitest';
import { BBR, BBR_TOLERANT } from '../../../src/transport/congestion/bbr-settings.ts';
import { BbrFeeder, SMSS } from './bbr-feeder.ts';

/** The path of these tests carries 100 bytes per ms over 100 ms: ten segments fill it. */
const EMPTY = { sample: { flightBytes: 5 * SMSS } };

describe('BBR', () => {
  let feed: BbrFeeder;
  const phase = (): string => feed.bbr.phase;
  const pacing = (): number => feed.bbr.pacingBytesPerMs!;
  const segments = (): number => feed.bbr.cwndBytes / SMSS;
  beforeEach(() => {
    feed = new BbrFeeder();
  });

  it('P-CC-21 starts with 32 segments, spread by the first round trip', () => {
    expect(feed.bbr).toMatchObject({ name: 'bbr', phase: 'startup', cwndBytes: 32_000 });
    expect(feed.bbr.pacingBytesPerMs).toBeUndefined();
    expect([feed.bbr.isWindowBased, feed.bbr.ssthreshBytes]).toEqual([false, Infinity]);
    feed.round(1, { rate: 10 });
    expect(pacing()).toBeCloseTo((2.77 * 32_000) / 100, 6); // a rate of 10 does not lower it
    expect(segments()).toBe(33);
  });

  it('P-CC-20 paces Startup by 2.77, which only rises until the pipe was full', () => {
    feed.round(10, { rate: 1_000 });
    expect(pacing()).toBeCloseTo(2.77 * 1_000 * 0.99, 6);
    feed.round(10, { rate: 500 });
    expect(pacing()).toBeCloseTo(2.77 * 1_000 * 0.99, 6);
    expect(phase()).toBe('startup');
  });

  it('leaves Startup after three rounds that grew by less than a quarter', () => {
    feed.round(10);
    for (let i = 0; i < 2; i += 1) feed.round(10, { rate: 124 });
    feed.round(10, { rate: 125 }); // a quarter more than 100: counting begins again
    for (let i = 0; i < 2; i += 1) feed.round(10, { rate: 125 });
    expect(phase()).toBe('startup');
    feed.round(10, { rate: 125 });
    expect(phase()).toBe('drain');
    expect(pacing()).toBeCloseTo(0.5 * 125 * 0.99, 6);
  });

  it('P-CC-22 stays in Startup while the application limits rates, and takes higher ones', () => {
    const delivery = { isAppLimited: true };
    for (let i = 0; i < 10; i += 1) feed.round(10, { delivery });
    expect(phase()).toBe('startup');
    feed.round(10, { rate: 2_000, delivery });
    expect(pacing()).toBeCloseTo(2.77 * 2_000 * 0.99, 6);
  });

  it('leaves Startup by more than 2 % lost in six runs, and no sooner', () => {
    const lossyRound = (runs: number): void => {
      feed = new BbrFeeder();
      for (const rate of [100, 200]) feed.round(20, { rate });
      for (let i = 0; i < runs; i += 1) {
        feed.lose(1);
        feed.within();
      }
      feed.round(20, { rate: 400 });
      feed.round(20, { rate: 800 });
    };
    lossyRound(5);
    expect(phase()).toBe('startup');
    lossyRound(6);
    expect(phase()).toBe('drain');
  });

  it('drains at half the rate until no more is in flight than fills the path', () => {
    feed.fill();
    expect(phase()).toBe('drain');
    expect(pacing()).toBeCloseTo(0.5 * 100 * 0.99, 6);
    feed.round(10, { sample: { flightBytes: 10 * SMSS + 1 } });
    expect(phase()).toBe('drain');
    feed.round(10, { sample: { flightBytes: 10 * SMSS } });
    expect(phase()).toBe('probeBwCruise');
  });

  it('gives Drain up after three more rounds', () => {
    feed.fill();
    for (let i = 0; i < 3; i += 1) feed.round(10);
    expect(phase()).toBe('drain');
    feed.round(10);
    expect(phase()).toBe('probeBwDown');
    expect(pacing()).toBeCloseTo(0.9 * 100 * 0.99, 6);
  });

  it('goes around: cruise, refill, up until a plateau, down, and cruise', () => {
    feed.settle();
    expect(pacing()).toBeCloseTo(100 * 0.99, 6);
    // Ten segments fill the path: so many rounds pass for a NewReno beside it (the draft's T_reno).
    for (let i = 0; i < 9; i += 1) feed.round(10);
    expect(phase()).toBe('probeBwCruise');
    feed.round(10);
    expect(phase()).toBe('probeBwRefill');
    expect(pacing()).toBeCloseTo(100 * 0.99, 6);
    feed.round(10);
    expect(phase()).toBe('probeBwUp');
    expect(pacing()).toBeCloseTo(1.25 * 100 * 0.99, 6);
    for (let i = 0; i < 2; i += 1) feed.round(10);
    expect(phase()).toBe('probeBwUp');
    feed.round(10);
    expect(phase()).toBe('probeBwDown');
    feed.round(10, EMPTY);
    expect(phase()).toBe('probeBwCruise');
  });

  it('probes after two seconds where rounds are long', () => {
    feed.settle();
    feed.round(1, { afterMs: 1_999 });
    expect(phase()).toBe('probeBwCruise');
    feed.round(1, { afterMs: 2 });
    expect(phase()).toBe('probeBwRefill');
  });

  it('keeps 2 bandwidth-delay products and what comes at once in flight, 2.25 going up', () => {
    feed.settle();
    // Each round here is one acknowledgement of ten segments: all of it is aggregation.
    expect(segments()).toBeCloseTo(20 + 10, 6);
    for (let i = 0; i < 11; i += 1) feed.round(10);
    expect(phase()).toBe('probeBwUp');
    feed.round(10);
    expect(segments()).toBeCloseTo(22.5 + 10 + 2, 6);
  });

  it('remembers the largest rate of this cycle and the one before', () => {
    feed.round(10, { rate: 120 });
    feed.fill();
    feed.round(10, EMPTY);
    const cycle = (): void => {
      while (phase() !== 'probeBwUp') feed.round(10);
      while (phase() !== 'probeBwDown') feed.round(10);
      feed.round(10, EMPTY);
    };
    cycle();
    expect(pacing()).toBeCloseTo(120 * 0.99, 6);
    cycle();
    expect(pacing()).toBeCloseTo(100 * 0.99, 6);
  });

  it('goes with the first probe to where the path is faster', () => {
    feed.settle();
    while (phase() !== 'probeBwUp') feed.round(10);
    for (const rate of [125, 157, 197, 247]) feed.round(10, { rate });
    expect(phase()).toBe('probeBwUp');
    expect(pacing()).toBeCloseTo(1.25 * 247 * 0.99, 6);
  });

  it('follows the size of segments, and holds at least four', () => {
    feed.settle();
    feed.bbr.onRetransmissionTimeout(feed.nowMs, 0);
    expect(feed.bbr.cwndBytes).toBe(SMSS);
    feed.bbr.onSegmentSize(1_500);
    expect(feed.bbr.cwndBytes).toBe(6_000);
  });
});

describe.each([BBR, BBR_TOLERANT])('$name when little is to be sent', (settings) => {
  it('P-CC-23 restarts from idle at exactly the rate, and spares itself a ProbeRTT', () => {
    const feed = new BbrFeeder(settings);
    feed.settle();
    while (feed.bbr.phase !== 'probeBwUp') feed.round(10);
    expect(feed.bbr.pacingBytesPerMs).toBeCloseTo(125 * 0.99, 6);
    feed.nowMs += 20_000;
    feed.bbr.onSent(feed.nowMs, SMSS, SMSS, true);
    expect(feed.bbr.pacingBytesPerMs).toBeCloseTo(125 * 0.99, 6);
    feed.bbr.onSent(feed.nowMs, SMSS, 0, false);
    expect(feed.bbr.pacingBytesPerMs).toBeCloseTo(125 * 0.99, 6);
    feed.bbr.onSent(feed.nowMs, SMSS, 0, true);
    expect(feed.bbr.pacingBytesPerMs).toBeCloseTo(100 * 0.99, 6);
    feed.round(1, { rttMs: 150 });
    expect(feed.bbr.phase).not.toBe('probeRtt');
  });
});

describe('ProbeRTT', () => {
  let feed: BbrFeeder;
  const later = { rttMs: 120, sample: { flightBytes: 4 * SMSS } };
  beforeEach(() => {
    feed = new BbrFeeder();
    feed.settle();
  });

  it('comes five seconds after the smallest round trip was seen, with half of it in flight', () => {
    feed.round(1, { rttMs: 101, afterMs: 4_600 });
    expect(feed.bbr.phase).not.toBe('probeRtt');
    feed.round(1, { rttMs: 101, afterMs: 401 });
    expect(feed.bbr.phase).toBe('probeRtt');
    expect(feed.bbr.cwndBytes).toBe(5 * SMSS);
    expect(feed.bbr.pacingBytesPerMs).toBeCloseTo(99, 6);
  });

  it('lasts 200 ms and a round from when little is in flight, and ignores its rates', () => {
    feed.round(1, { rttMs: 120, afterMs: 5_200 });
    feed.round(1, { rttMs: 120, afterMs: 300 }); // still thirty segments in flight
    expect(feed.bbr.phase).toBe('probeRtt');
    feed.round(1, later);
    feed.within({ ...later, afterMs: 201 }); // time enough, but no round
    expect(feed.bbr.phase).toBe('probeRtt');
    feed.round(1, { ...later, rate: 20, afterMs: 1 });
    expect(feed.bbr.phase).toBe('probeBwCruise');
    expect(feed.bbr.pacingBytesPerMs).toBeCloseTo(99, 6);
    expect(feed.bbr.cwndBytes).toBeGreaterThan(20 * SMSS);
  });

  it('ends in Startup if the pipe was never full', () => {
    feed = new BbrFeeder();
    feed.round(10);
    feed.round(1, { afterMs: 5_001, rttMs: 120 });
    expect(feed.bbr.phase).toBe('probeRtt');
    feed.round(1, later);
    feed.round(1, { ...later, afterMs: 201 });
    expect(feed.bbr.phase).toBe('startup');
  });

  it('P-CC-26 waits in the tolerant Startup while round trips come near the least', () => {
    feed = new BbrFeeder(BBR_TOLERANT);
    const limited = { delivery: { isAppLimited: true } };
    feed.round(1, limited);
    for (let i = 0; i < 20; i += 1) feed.round(1, { ...limited, rttMs: 103, afterMs: 500 });
    expect(feed.bbr.phase).toBe('startup');
    for (let i = 0; i < 11; i += 1) feed.round(1, { ...limited, rttMs: 104, afterMs: 500 });
    expect(feed.bbr.phase).toBe('probeRtt');
  });
});
