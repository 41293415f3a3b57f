import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CubicRun, SMSS } from './cubic-run.ts';

describe('CUBIC after a timeout', () => {
  it('P-RTO-04 starts again with one segment and seven tenths of the flight for threshold', () => {
    const run = new CubicRun();
    run.control.onRetransmissionTimeout(0, 20 * SMSS, false);
    expect([run.segments, run.threshold, run.control.phase]).toEqual([1, 14, 'slowStart']);
    run.ack(100, 1);
    run.control.onRetransmissionTimeout(200, 2 * SMSS, true);
    expect([run.segments, run.threshold]).toEqual([1, 14]);
    run.control.onRetransmissionTimeout(400, SMSS, false);
    expect([run.segments, run.threshold]).toEqual([1, 2]);
    run.control.onRecovered();
    expect(run.control.phase).toBe('slowStart');
  });

  it('slow start then ends at the threshold, whatever round trips do', () => {
    const run = new CubicRun();
    run.control.onRetransmissionTimeout(0, 1000 * SMSS, false);
    // A round of sixteen samples each: the round trip grows by a tenth of a second a round.
    for (let i = 0; i < 600; i += 1) {
      const rttMs = 100 * (1 + Math.floor(i / 16));
      run.ack(1, 1, { rttMs, ...(i % 16 > 0 && { rate: run.rateOf(0) }) });
    }
    expect([run.segments, run.control.phase]).toEqual([601, 'slowStart']);
    run.ack(1, 200);
    expect([run.segments, run.control.phase]).toEqual([700, 'congestionAvoidance']);
  });

  it('two segments are left by persistent congestion, and nothing of W_max', () => {
    const run = new CubicRun();
    run.lose(1000);
    run.control.onRecovered();
    run.growFor(1_000);
    run.control.onPersistentCongestion();
    expect([run.segments, run.threshold, run.control.phase]).toEqual([2, 700, 'slowStart']);
    run.ack(100, 698);
    run.growFor(1_000);
    // Without a W_max of 1000 the curve starts on its plateau.
    expect(run.segments).toBeLessThan(708);
    run.growFor(9_000);
    expect(Math.abs(run.segments - 1_100)).toBeLessThan(15);
    // What a timeout has left is not widened by it.
    run.control.onRetransmissionTimeout(0, 700 * SMSS, false);
    run.control.onPersistentCongestion();
    expect(run.segments).toBe(1);
  });
});

describe('P-CC-11 the first slow start', () => {
  const rise = (run: CubicRun): void => {
    // A round of 100 ms, then rounds of 130 ms; each is told in 16 acknowledgements.
    for (let round = 0; round < 9; round += 1) {
      const rttMs = round === 0 ? 100 : 130;
      const share = run.segments / 16;
      for (let i = 0; i < 16; i += 1) {
        run.ack(rttMs / 16, share, { rttMs, ...(i > 0 && { rate: run.rateOf(0) }) });
      }
    }
  };

  it('ends without a loss when the queue grows, and avoids from its plateau', () => {
    const run = new CubicRun();
    rise(run);
    expect(run.control.phase).toBe('congestionAvoidance');
    expect(run.threshold).toBeLessThan(run.segments);
    // Twice 32 segments in the first round, half of that again, five rounds of a quarter.
    expect(run.threshold).toBeGreaterThan(64);
    expect(run.threshold).toBeLessThan(512);
    const before = run.segments;
    run.growFor(1_000);
    expect(run.segments - before).toBeLessThan(12);
  });

  it('ends by a loss as well', () => {
    const run = new CubicRun();
    run.lose(64);
    run.control.onRecovered();
    const before = run.segments;
    rise(run);
    expect([run.control.phase, run.threshold]).toEqual(['congestionAvoidance', 44.8]);
    expect(run.segments - before).toBeLessThan(20);
  });
});

describe('P-CC-13 a spurious episode', () => {
  it.each([
    ['window, threshold, W_max, place on the curve', 100, 1000, 4_000],
    ['and its place in the friendly region', 10, 10, 40],
  ])('leaves everything as it was: %s', (_, rttMs, window, growMs) => {
    const [run, calm] = [new CubicRun(rttMs), new CubicRun(rttMs)];
    for (const one of [run, calm]) {
      one.lose(window);
      one.control.onRecovered();
      one.growFor(growMs);
    }
    run.control.onLossEpisode(run.nowMs, run.control.cwndBytes);
    run.control.onSpuriousEpisode();
    expect(run.segments).toBe(calm.segments);
    expect([run.threshold, run.control.phase]).toEqual([0.7 * window, 'congestionAvoidance']);
    for (const one of [run, calm]) one.growFor(20 * rttMs);
    expect(run.segments).toBeCloseTo(calm.segments, 6);
    // Recovery was over with the undo; its end is not told twice.
    run.control.onRecovered();
    expect(run.control.phase).toBe('congestionAvoidance');
  });

  it('goes on with the first slow start', () => {
    const run = new CubicRun();
    run.ack(100, 32);
    run.control.onLossEpisode(0, 64 * SMSS);
    run.control.onSpuriousEpisode();
    expect([run.segments, run.threshold, run.control.phase]).toEqual([64, Infinity, 'slowStart']);
  });

  it('takes back a timeout, and one within a recovery together with it', () => {
    const run = new CubicRun();
    run.ack(100, 368);
    run.control.onRetransmissionTimeout(0, 400 * SMSS, false);
    run.ack(100, 1);
    run.control.onRetransmissionTimeout(0, 2 * SMSS, true);
    run.control.onSpuriousEpisode();
    expect([run.segments, run.threshold]).toEqual([400, Infinity]);
    run.control.onLossEpisode(0, 400 * SMSS);
    run.control.onRetransmissionTimeout(0, 280 * SMSS, false);
    expect(run.segments).toBe(1);
    run.control.onSpuriousEpisode();
    expect([run.segments, run.threshold, run.control.phase]).toEqual([400, Infinity, 'slowStart']);
  });

  it('does not take back what has regrown beyond, nor the same episode twice', () => {
    const run = new CubicRun();
    run.lose(100);
    run.control.onRecovered();
    run.growFor(20_000);
    const { segments } = run;
    run.control.onSpuriousEpisode();
    expect([run.segments, run.threshold]).toEqual([segments, 70]);
    run.lose(100);
    run.control.onSpuriousEpisode();
    run.control.onRetransmissionTimeout(0, SMSS, true);
    run.control.onSpuriousEpisode();
    expect(run.segments).toBe(1);
    run.lose(200);
    run.control.onRecovered();
    run.control.onPersistentCongestion();
    run.control.onSpuriousEpisode();
    expect(run.segments).toBe(2);
  });
});

describe('CUBIC and the size of segments', () => {
  it('holds at least one, and counts on from where it is', () => {
    const run = new CubicRun();
    run.control.onRetransmissionTimeout(0, 0, false);
    run.control.onSegmentSize(9_000);
    expect([run.control.cwndBytes, run.control.ssthreshBytes]).toEqual([9_000, 18_000]);
    const grown = new CubicRun();
    grown.lose(1000);
    grown.control.onRecovered();
    grown.growFor(2_000);
    const before = grown.segments;
    grown.control.onSegmentSize(3_000);
    expect(grown.segments).toBe(before);
    // The way to W_max is 142 segments of 1,000 bytes, 47 of the new ones: K is 4.9 s.
    grown.growFor(4_920);
    expect(Math.abs(grown.segments - 1_000)).toBeLessThan(2);
  });

  it('takes nothing back that was counted in other segments', () => {
    const run = new CubicRun();
    run.lose(1000);
    run.control.onSegmentSize(9_000);
    run.control.onSpuriousEpisode();
    expect([run.segments, run.threshold, run.control.phase]).toEqual([
      700,
      700,
      'congestionAvoidance',
    ]);
  });
});

describe('CUBIC under anything', () => {
  const bytes = fc.integer({ min: 0, max: 100_000_000 });
  const event = fc.oneof(
    fc.tuple(fc.constant('ack'), fc.integer({ min: 0, max: 100_000 }), bytes, fc.boolean()),
    fc.tuple(fc.constant('loss'), fc.constant(0), bytes, fc.boolean()),
    fc.tuple(fc.constant('timeout'), fc.constant(0), bytes, fc.boolean()),
    fc.tuple(fc.constant('sent'), fc.integer({ min: 0, max: 1e9 }), bytes, fc.boolean()),
    fc.tuple(
      fc.constant('size'),
      fc.constant(0),
      fc.integer({ min: 576, max: 65_000 }),
      fc.boolean(),
    ),
    fc.tuple(
      fc.constantFrom('recovered', 'spurious', 'persistent'),
      fc.constant(0),
      fc.constant(0),
      fc.boolean(),
    ),
  );

  it('holds a finite window of at least one segment, in a phase that agrees with it', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), fc.integer({ min: 0, max: 2_000 }), play),
      { numRuns: 300 },
    );
  });

  function play(events: readonly (readonly [string, number, number, boolean])[], srttMs: number) {
    const run = new CubicRun(srttMs);
    const { control } = run;
    let [smss, deliveredBytes] = [SMSS, control.cwndBytes];
    for (const [kind, ms, count, flag] of events) {
      const before = control.cwndBytes;
      if (kind === 'ack') run.ack(ms, count / SMSS, { isCwndLimited: flag, rttMs: ms });
      if (kind === 'ack') deliveredBytes += count;
      if (kind === 'ack') expect(control.cwndBytes).toBeGreaterThanOrEqual(before);
      if (kind === 'loss') control.onLossEpisode(run.nowMs, Math.min(count, before));
      if (kind === 'timeout') control.onRetransmissionTimeout(run.nowMs, count, flag);
      if (kind === 'sent') run.wait(ms);
      if (kind === 'sent') control.onSent(run.nowMs, smss, flag ? 0 : smss);
      if (kind === 'size') control.onSegmentSize((smss = count));
      if (kind === 'recovered') control.onRecovered();
      if (kind === 'spurious') control.onSpuriousEpisode();
      if (kind === 'persistent') control.onPersistentCongestion();
      deliveredBytes = Math.max(deliveredBytes, kind === 'size' ? 2 * smss : 0);
      expect(control.cwndBytes).toBeGreaterThanOrEqual(smss);
      expect(control.cwndBytes).toBeLessThanOrEqual(deliveredBytes + 2 * smss);
      if (control.phase !== 'slowStart') expect(control.ssthreshBytes).toBeLessThan(Infinity);
      else expect(control.cwndBytes).toBeLessThanOrEqual(control.ssthreshBytes);
    }
  }

  it('P-CC-12 has the average window that RFC 9438 §5.1 computes for its losses', () => {
    // Loss rate, average window in segments: tables of §5.1 for 0.1 s and 0.01 s, C = 0.4.
    const rows: readonly (readonly [number, number, number])[] = [
      [100, 1e-2, 12],
      [100, 1e-3, 38],
      [100, 1e-4, 187],
      [100, 1e-5, 1054],
      [100, 1e-6, 5926],
      [10, 1e-3, 38],
      [10, 1e-4, 120],
      [10, 1e-5, 379],
    ];
    for (const [rttMs, loss, expected] of rows) {
      const share = averageWindow(rttMs, loss) / expected;
      expect(share).toBeGreaterThan(0.8);
      expect(share).toBeLessThan(1.25);
    }
  });

  /** One segment in 1 / `loss` is lost, exactly; recovery takes no time, as in the model. */
  function averageWindow(rttMs: number, loss: number): number {
    const run = new CubicRun(rttMs);
    run.lose(1.2 / Math.sqrt(loss));
    run.control.onRecovered();
    let [sent, rounds] = [0, 0];
    for (let losses = 0; losses < 30; losses += 1) {
      for (let left = 1 / loss; left > 1e-9;) {
        const window = run.segments;
        const segments = Math.min(left, window / 4);
        run.ack((rttMs * segments) / window, segments);
        left -= segments;
        if (losses < 15) continue; // the first window was a guess
        sent += segments;
        rounds += segments / window;
      }
      run.control.onLossEpisode(run.nowMs, run.control.cwndBytes);
      run.control.onRecovered();
    }
    return sent / rounds;
  }
});
