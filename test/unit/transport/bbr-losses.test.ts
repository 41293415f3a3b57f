import { beforeEach, describe, expect, it } from 'vitest';
import { BBR, BBR_TOLERANT } from '../../../src/transport/congestion/bbr-settings.ts';
import { BbrFeeder, SMSS } from './bbr-feeder.ts';

let feed: BbrFeeder;
const phase = (): string => feed.bbr.phase;
const pacing = (): number => feed.bbr.pacingBytesPerMs!;
const segments = (): number => feed.bbr.cwndBytes / SMSS;

/** Up, in a probe whose acknowledgements are being told. */
function goUp(): void {
  feed.settle();
  while (phase() !== 'probeBwUp') feed.round(10);
  feed.round(10);
}

/** A round in which `count` segments got lost, after one at the same rate. */
function loseInRound(count: number, rate: number, rttMs = 100): void {
  feed.round(10, { rate, rttMs });
  feed.lose(count);
  feed.round(10, { rate, rttMs });
}

describe('losses, in the mode of the draft', () => {
  beforeEach(() => {
    feed = new BbrFeeder(BBR);
  });

  it('lower the rate to what was delivered, by no more than 0.7, until the next probe', () => {
    feed.settle();
    loseInRound(1, 80);
    expect(pacing()).toBeCloseTo(80 * 0.99, 6);
    loseInRound(1, 50); // 0.7 · 80 = 56 is more than 50
    expect(pacing()).toBeCloseTo(56 * 0.99, 6);
    while (phase() !== 'probeBwRefill') feed.round(10, { rate: 50 });
    expect(pacing()).toBeCloseTo(100 * 0.99, 6);
  });

  it('end a probe when they are more than 2 % of what was in flight', () => {
    goUp();
    feed.lose(2, 100 * SMSS);
    expect(phase()).toBe('probeBwUp');
    // The third of a flight of 100: (0.02 · 99 − 2) / 0.98 = −0.02, so 98.98 segments were safe.
    feed.lose(1, 100 * SMSS);
    expect(phase()).toBe('probeBwDown');
  });

  it('set the lasting bound to the flight that was safe, or to 0.7 of what is wanted', () => {
    goUp();
    // The first of a flight of 20 is too much: 19 + (0.02 · 19 − 0) / 0.98 = 19.39 segments.
    feed.lose(1, 20 * SMSS);
    feed.round(10, { delivery: { lostBytes: SMSS, txInFlightBytes: 20 * SMSS } });
    expect(phase()).toBe('probeBwDown');
    expect(segments()).toBeCloseTo(19 + (0.02 * 19) / 0.98, 6);
    // Headroom: cruising leaves 15 % of it to others.
    const sample = { flightBytes: 5 * SMSS };
    feed.round(1, { sample, delivery: { lostBytes: SMSS, txInFlightBytes: SMSS } });
    expect(phase()).toBe('probeBwCruise');
    expect(segments()).toBeCloseTo(0.85 * (19 + (0.02 * 19) / 0.98), 6);
    feed = new BbrFeeder(BBR);
    goUp();
    feed.lose(1, 2 * SMSS); // less than 0.7 of ten segments
    feed.round(1, { delivery: { lostBytes: SMSS, txInFlightBytes: SMSS } });
    expect(segments()).toBeCloseTo(7, 6);
  });

  it('answer a timeout by one segment more than is in flight, and restore what there was', () => {
    feed.settle();
    const before = segments();
    feed.lose(3, 30 * SMSS, true);
    feed.bbr.onRetransmissionTimeout(feed.nowMs, 8 * SMSS);
    expect(segments()).toBe(8 - 3 + 1);
    feed.within();
    expect(segments()).toBe(7);
    feed.round(1, { rate: 100 });
    // Restored to thirty, of which the losses of the timeout take three tenths at most.
    expect(segments()).toBeCloseTo(0.7 * before, 6);
  });

  it('are taken back when they prove spurious: back to Startup', () => {
    for (const rate of [100, 200]) feed.round(20, { rate });
    for (let i = 0; i < 6; i += 1) {
      feed.lose(1);
      feed.within();
    }
    feed.bbr.onLossEpisode();
    feed.round(20, { rate: 400 });
    feed.round(20, { rate: 800 });
    expect(phase()).toBe('drain');
    feed.bbr.onSpuriousEpisode();
    expect(phase()).toBe('startup');
  });

  it('are taken back when they prove spurious: a probe is made anew', () => {
    goUp();
    const before = segments();
    feed.lose(3, 20 * SMSS);
    feed.bbr.onLossEpisode();
    feed.round(1, { delivery: { lostBytes: 3 * SMSS, txInFlightBytes: 20 * SMSS } });
    expect(phase()).toBe('probeBwDown');
    expect(segments()).toBeLessThan(before);
    feed.bbr.onSpuriousEpisode();
    expect(phase()).toBe('probeBwRefill');
    expect(segments()).toBeGreaterThanOrEqual(before);
  });

  it('keeps the bounds of a recovery that repaired something', () => {
    feed.settle();
    feed.lose(1);
    feed.bbr.onLossEpisode();
    loseInRound(1, 60);
    feed.bbr.onRecovered();
    feed.round(10, { rate: 60 });
    expect(pacing()).toBeCloseTo(70 * 0.99, 6);
  });

  it('P-CC-27 falls to four segments in an outage, and probes from half a window after it', () => {
    feed.settle();
    const before = segments();
    feed.lose(5, 30 * SMSS, true);
    feed.bbr.onRetransmissionTimeout(feed.nowMs, 5 * SMSS);
    expect(segments()).toBe(1);
    feed.bbr.onPersistentCongestion();
    expect(segments()).toBe(4);
    feed.round(1, { afterMs: 8_000, rttMs: 110 });
    expect(phase()).toBe('probeBwRefill');
    expect(segments()).toBeGreaterThanOrEqual(before / 2);
    expect(pacing()).toBeCloseTo(100 * 0.99, 6);
    feed.round(10);
    expect(phase()).toBe('probeBwUp');
  });
});

/** Round trips with a queue, and as many without. */
function seeQueue(): void {
  for (const rttMs of [130, 100]) for (let i = 0; i < 16; i += 1) feed.within({ rttMs });
}

describe('losses, in the tolerant mode', () => {
  it('P-CC-28 are congestion as in the draft where no queue was ever seen', () => {
    feed.settle();
    loseInRound(1, 80);
    expect(pacing()).toBeCloseTo(80 * 0.99, 6);
  });

  beforeEach(() => {
    feed = new BbrFeeder(BBR_TOLERANT);
  });

  it('P-CC-24 change nothing while they are few and no queue stands', () => {
    feed.settle();
    seeQueue();
    feed.round(60);
    feed.lose(1);
    feed.round(60);
    feed.round(60);
    expect(phase()).toBe('probeBwCruise');
    expect(pacing()).toBeCloseTo(100 * 0.99, 6);
  });

  it('P-CC-24 lower the rate as in the draft when a queue stands', () => {
    feed.settle();
    for (let i = 0; i < 16; i += 1) feed.within({ rttMs: 130 });
    loseInRound(1, 80, 130);
    expect(pacing()).toBeCloseTo(80 * 0.99, 6);
  });

  it('P-CC-24 that a queue made congestion are forgiven when as much gets lost without one', () => {
    feed.settle();
    for (let i = 0; i < 16; i += 1) feed.within({ rttMs: 130 });
    feed.round(10, { rate: 80, rttMs: 130 });
    feed.lose(1);
    feed.round(40, { rate: 80, rttMs: 130 });
    expect(pacing()).toBeCloseTo(80 * 0.99, 6);
    for (let i = 0; i < 16; i += 1) feed.within({ rttMs: 100 });
    feed.lose(1);
    feed.round(50, { rate: 80 });
    feed.round(50, { rate: 80 });
    expect(pacing()).toBeCloseTo(100 * 0.99, 6);
  });

  it('P-CC-24 that a queue made congestion are not forgiven when they go with it', () => {
    feed.settle();
    for (let i = 0; i < 16; i += 1) feed.within({ rttMs: 130 });
    feed.round(10, { rate: 80, rttMs: 130 });
    feed.lose(3);
    feed.round(40, { rate: 80, rttMs: 130 });
    for (let i = 0; i < 16; i += 1) feed.within({ rttMs: 100 });
    feed.lose(1);
    feed.round(50, { rate: 80 });
    feed.round(50, { rate: 80 });
    expect(pacing()).toBeCloseTo(80 * 0.99, 6);
  });

  it('P-CC-24 that are told of what left in Drain leave the rate alone', () => {
    feed.fill();
    expect(phase()).toBe('drain');
    feed.lose(2);
    feed.round(10, { rate: 100, rttMs: 130 });
    feed.lose(2);
    feed.round(10, { rate: 50, sample: { flightBytes: 5 * SMSS } });
    feed.lose(2);
    feed.round(10, { rate: 50 });
    feed.round(10, { rate: 100 });
    expect(pacing()).toBeGreaterThanOrEqual(100 * 0.9 * 0.99);
    // What left afterwards is judged as ever.
    for (let i = 0; i < 16; i += 1) feed.within({ rttMs: 130 });
    loseInRound(2, 80, 130);
    expect(pacing()).toBeCloseTo(80 * 0.99, 6);
  });

  it.each([
    [5, 100], // ten segments are what the model’s rate makes of its round trip
    [30, 70],
  ])('P-CC-24 with %d segments on their way leave a rate of %d', (flight, rate) => {
    feed.settle();
    seeQueue();
    const delivery = { txInFlightBytes: flight * SMSS };
    feed.round(10, { rate: 60, delivery });
    feed.lose(3);
    feed.round(10, { rate: 60, delivery });
    expect(pacing()).toBeCloseTo(0.75 * rate * 0.99, 6);
  });

  it('P-CC-24 are tried for a round at less, and forgiven when as much gets lost then', () => {
    feed.settle();
    seeQueue();
    loseInRound(2, 100);
    expect(phase()).toBe('probeBwCruise');
    expect(pacing()).toBeCloseTo(0.75 * 100 * 0.99, 6);
  });

  it('P-CC-24 that left before the trial are not judged again, and it costs one round', () => {
    feed.settle();
    seeQueue();
    loseInRound(2, 100);
    // What is told now was sent before less was sent; the rate is the old one again.
    feed.lose(3);
    feed.round(10);
    expect(pacing()).toBeCloseTo(100 * 0.99, 6);
    // Now the trial is told: as much was lost of less, so that is the path’s own.
    feed.lose(2);
    feed.round(10, { rate: 75 });
    feed.round(10, { rate: 75 });
    expect(pacing()).toBeCloseTo(100 * 0.99, 6);
  });

  it.each([
    [0, 'probeBwDown'],
    [1, 'startup'],
  ])('P-CC-24 with %d in twenty lost before the queue, Startup goes on to %s', (before, then) => {
    for (const rate of [50, 100, 200, 400, 800]) {
      for (let i = 0; i < before; i += 1) feed.lose(1);
      feed.round(20, { rate });
    }
    for (let i = 0; i < 16; i += 1) feed.within({ rttMs: 130 });
    for (let i = 0; i < 6; i += 1) {
      feed.lose(1);
      feed.within({ rttMs: 130 });
    }
    feed.round(60, { rate: 1_600, rttMs: 130 });
    feed.round(60, { rate: 3_200, rttMs: 130 });
    expect(phase()).toBe(then);
  });

  it('do not end Startup without a queue', () => {
    for (const isQueueing of [false, true]) {
      const rttMs = isQueueing ? 130 : 100;
      feed = new BbrFeeder(BBR_TOLERANT);
      for (const rate of [100, 200]) feed.round(20, { rate });
      for (let i = 0; i < 16; i += 1) feed.within({ rttMs });
      for (let i = 0; i < 6; i += 1) {
        feed.lose(1);
        feed.within({ rttMs });
      }
      feed.round(20, { rate: 400, rttMs });
      feed.round(20, { rate: 800, rttMs });
      expect(phase()).toBe(isQueueing ? 'drain' : 'startup');
    }
  });
});
