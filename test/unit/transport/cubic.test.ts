import { beforeEach, describe, expect, it } from 'vitest';
import { Cubic } from '../../../src/transport/congestion/cubic.ts';
import { CubicRun, SMSS } from './cubic-run.ts';

describe('P-CC-10 CUBIC', () => {
  let run: CubicRun;
  let control: Cubic;
  beforeEach(() => {
    run = new CubicRun();
    ({ control } = run);
  });

  it('starts with 32 segments, no threshold, and leaves pacing to the window', () => {
    expect(control).toMatchObject({ name: 'cubic', phase: 'slowStart', cwndBytes: 32 * SMSS });
    expect(control.ssthreshBytes).toBe(Infinity);
    expect([control.pacingBytesPerMs, control.fixedTimeoutMs]).toEqual([undefined, undefined]);
    expect(new Cubic(SMSS, 10).cwndBytes).toBe(10 * SMSS);
  });

  it('grows by every acknowledged byte in slow start, however many are told at once', () => {
    run.ack(100, 1);
    run.ack(100, 31);
    expect(run.segments).toBe(64);
    run.ack(100, 500);
    expect([run.segments, control.phase]).toEqual([564, 'slowStart']);
  });

  it('reduces to seven tenths of the flight once, and remembers the window before it', () => {
    run.lose(100);
    expect([run.segments, run.threshold, control.phase]).toEqual([70, 70, 'fastRecovery']);
    control.onRecovered();
    // W_max is 100, not 70 or 49: K is the cube root of 30 / 0.4.
    run.growFor(4_217);
    expect(run.segments).toBeCloseTo(100, 0);
    control.onRecovered();
    expect(control.phase).toBe('congestionAvoidance');
  });

  it('counts the loss by what was in flight where the window was not full', () => {
    run.lose(100, 40);
    expect([run.segments, run.threshold]).toEqual([28, 28]);
    run.lose(2, 1);
    expect([run.segments, run.threshold]).toEqual([2, 2]);
  });

  it.each([
    // t, W(t) = 0.4 (t - K)^3 + 1000 with K = cbrt(300 / 0.4) = 9.0856
    [2_000, 857.7],
    [5_000, 972.7],
    [9_086, 1000],
    [12_000, 1009.9],
    [15_000, 1082.7],
  ])('follows W(t): %d ms after a loss at 1000 segments it has %d', (afterMs, expected) => {
    run.lose(1000);
    control.onRecovered();
    run.growFor(afterMs);
    // The window is always on its way to where the curve is one round trip later.
    expect(Math.abs(run.segments - expected)).toBeLessThan(8);
  });

  it('aims at where the curve is a round trip later', () => {
    run.lose(1000);
    control.onRecovered();
    for (let i = 0; i <= 50; i += 1) run.ack(100 * Math.sign(i), 1e-6);
    run.ack(0, run.segments);
    // W(5.1 s); W(5 s) is 972.7.
    expect(run.segments).toBeCloseTo(974.7, 1);
  });

  it('takes no step beyond half the window per round trip, however late it comes', () => {
    run.lose(1000);
    control.onRecovered();
    run.ack(100, 10);
    const before = run.segments;
    run.ack(3_600_000, before);
    expect(run.segments).toBeCloseTo(1.5 * before, 6);
    // And not further than the target, if more is acknowledged than a window.
    run.ack(100, 10 * run.segments);
    expect(run.segments).toBeCloseTo(1.5 ** 2 * before, 6);
  });

  it('does not shrink towards a target below the window', () => {
    run.lose(1000);
    control.onRecovered();
    run.growFor(1_000);
    const before = run.segments;
    run.srttMs = 1; // the curve one round trip on is now below what was reached
    run.ack(0, 1);
    expect(run.segments).toBeGreaterThanOrEqual(before);
  });

  it('does not shrink to the friendly window, where that is ahead of the curve only', () => {
    const run = new CubicRun(1_000);
    run.lose(100);
    run.control.onRecovered();
    run.ack(0, 1);
    // W(1 s) is 86.7 and W(2 s), where a round trip of a second takes the window, 95.6.
    run.ack(1_000, run.segments);
    expect(run.segments).toBeCloseTo(95.6, 1);
    run.srttMs = 0;
    for (let i = 0; i < 40; i += 1) run.ack(0, run.segments);
    expect(run.segments).toBeCloseTo(95.6, 1);
  });
});

describe('P-CC-12 the friendly region', () => {
  it('adds 9/17 of a segment per window until the window before the loss, then one', () => {
    const run = new CubicRun(10);
    run.lose(10);
    run.control.onRecovered();
    // W_est: 7 + 3 * 0.3 / 1.7 per round trip of 10 ms; the curve does next to nothing here.
    run.ack(10, run.segments);
    expect(run.segments).toBeCloseTo(7.5294, 4);
    for (let i = 0; i < 4; i += 1) run.ack(10, run.segments);
    expect(run.segments).toBeCloseTo(9.647, 3);
    run.ack(10, run.segments);
    expect(run.segments).toBeCloseTo(10.1765, 3);
    run.ack(10, run.segments);
    expect(run.segments).toBeCloseTo(11.1765, 3);
  });

  it('goes by the window before the loss, not by a W_max that fast convergence has lowered', () => {
    const run = new CubicRun(10);
    run.lose(20);
    run.control.onRecovered();
    run.ack(10, 1);
    const prior = run.segments; // 14 and a little; W_max becomes 0.85 of it
    run.lose(prior);
    run.control.onRecovered();
    while (run.segments < 0.95 * prior) run.ack(10, run.segments);
    const before = run.segments;
    run.ack(10, before);
    expect(run.segments - before).toBeCloseTo(9 / 17, 2);
  });

  it('loses no credit when acknowledgements are small, and clamps none when they are rare', () => {
    const [rare, often] = [new CubicRun(), new CubicRun()];
    for (const [run, pieces] of [
      [rare, 2],
      [often, 400],
    ] as const) {
      run.lose(400);
      run.control.onRecovered();
      for (let round = 0; round < 60; round += 1) {
        const share = run.segments / pieces;
        for (let i = 0; i < pieces; i += 1) run.ack(100 / pieces, share);
      }
    }
    expect(rare.segments).toBeGreaterThan(395);
    expect(Math.abs(rare.segments / often.segments - 1)).toBeLessThan(0.01);
  });

  it('starts on the plateau where slow start found the window, and where nothing is known', () => {
    const run = new CubicRun();
    run.lose(1000);
    run.control.onRetransmissionTimeout(0, 700 * SMSS, false);
    run.ack(100, 600);
    expect(run.segments).toBeCloseTo(490, 6);
    expect(run.control.phase).toBe('congestionAvoidance');
    run.ack(100, run.segments);
    run.growFor(1_000);
    // The curve alone would have 490.4 by now, NewReno's share 9/17 per round trip.
    expect(run.segments).toBeGreaterThan(494);
    expect(run.segments).toBeLessThan(497);
  });
});

describe('P-CC-12 fast convergence', () => {
  it('takes 85 % of a window that did not get back to W_max for the next one', () => {
    const run = new CubicRun();
    run.lose(1000);
    run.control.onRecovered();
    run.growFor(2_000);
    const at = run.segments;
    run.lose(at);
    run.control.onRecovered();
    const plateau = 0.85 * at;
    const kMs = 1000 * Math.cbrt((0.15 * at) / 0.4);
    run.growFor(kMs);
    expect(Math.abs(run.segments - plateau)).toBeLessThan(1);
  });

  it('takes the window itself when it had got back', () => {
    const run = new CubicRun();
    run.lose(100);
    run.control.onRecovered();
    run.growFor(6_000);
    const at = run.segments;
    expect(at).toBeGreaterThan(100);
    run.lose(at);
    run.control.onRecovered();
    run.growFor(1000 * Math.cbrt((0.3 * at) / 0.4));
    expect(Math.abs(run.segments - at)).toBeLessThan(1);
  });
});

describe('P-CC-14 the epoch', () => {
  it('stands still while nothing is in flight, from the last acknowledgement on', () => {
    const runs = [new CubicRun(), new CubicRun(), new CubicRun()] as const;
    const [busy, sending, idle] = runs;
    for (const run of runs) {
      run.lose(1000);
      run.control.onRecovered();
      run.growFor(3_000);
    }
    idle.wait(900);
    idle.control.onSent(idle.nowMs, SMSS, 0);
    // What leaves while something is in flight does not stop the clock.
    sending.wait(50);
    sending.control.onSent(sending.nowMs, SMSS, SMSS);
    sending.nowMs -= 50;
    for (const run of runs) run.growFor(2_000, 100);
    expect(sending.segments).toBe(busy.segments);
    expect(idle.segments).toBeCloseTo(busy.segments, 6);
  });

  it('stands still while the window is not the brake', () => {
    const [full, lazy] = [new CubicRun(), new CubicRun()];
    for (const run of [full, lazy]) {
      run.lose(1000);
      run.control.onRecovered();
      run.growFor(3_000);
    }
    const before = lazy.segments;
    for (let i = 0; i < 100; i += 1) lazy.ack(100, 5, { isCwndLimited: false });
    expect(lazy.segments).toBe(before);
    for (const run of [full, lazy]) run.growFor(2_000);
    expect(lazy.segments).toBeCloseTo(full.segments, 6);
  });

  it('P-CC-03 grows neither in recovery nor in slow start without being the brake', () => {
    const run = new CubicRun();
    run.ack(100, 20, { isCwndLimited: false });
    expect(run.segments).toBe(32);
    run.lose(100);
    run.ack(100, 20, { isInRecovery: true });
    expect(run.segments).toBe(70);
    run.control.onRecovered();
    run.ack(100, 20, { isInRecovery: true });
    expect(run.segments).toBe(70);
  });
});

describe('P-CC-15 a window after idleness', () => {
  it('halves per second or two round trips, down to the first window, and starts slowly', () => {
    const run = new CubicRun();
    run.ack(100, 368);
    run.wait(999);
    run.control.onSent(run.nowMs, SMSS, 0);
    expect([run.segments, run.threshold]).toEqual([400, Infinity]);
    run.wait(2_500);
    run.control.onSent(run.nowMs, SMSS, 0);
    expect([run.segments, run.threshold]).toEqual([100, Infinity]);
    run.wait(2_500);
    run.control.onSent(run.nowMs, SMSS, 0);
    expect(run.segments).toBe(32);
  });

  it('remembers three quarters of the window as the threshold', () => {
    const run = new CubicRun();
    run.lose(200);
    run.control.onRecovered();
    run.growFor(15_000);
    const before = run.segments;
    run.wait(1_000);
    run.control.onSent(run.nowMs, SMSS, 0);
    expect(run.segments).toBeCloseTo(before / 2, 6);
    expect([run.threshold, run.control.phase]).toEqual([0.75 * before, 'slowStart']);
    run.ack(100, before);
    expect(run.control.phase).toBe('congestionAvoidance');
    expect(run.segments).toBeCloseTo(0.75 * before, 6);
    // Another epoch begins there: it does not hurry back to where it was.
    run.growFor(1_000);
    expect(run.segments).toBeLessThan(0.75 * before + 12);
  });

  it('waits for two round trips where those are longer than a second', () => {
    const run = new CubicRun(800);
    run.ack(800, 368);
    run.wait(1_599);
    run.control.onSent(run.nowMs, SMSS, 0);
    expect(run.segments).toBe(400);
    run.wait(1_600);
    run.control.onSent(run.nowMs, SMSS, 0);
    expect(run.segments).toBe(200);
  });

  it('is not undone with an episode of before', () => {
    const run = new CubicRun();
    run.lose(400);
    run.wait(2_500);
    run.control.onSent(run.nowMs, SMSS, 0);
    run.control.onSpuriousEpisode();
    expect([run.segments, run.control.phase]).toEqual([70, 'slowStart']);
  });

  it('leaves a window alone that is no larger than the first', () => {
    const run = new CubicRun();
    run.lose(20);
    run.control.onRecovered();
    run.wait(60_000);
    run.control.onSent(run.nowMs, SMSS, 0);
    expect([run.segments, run.threshold]).toEqual([14, 14]);
  });
});
