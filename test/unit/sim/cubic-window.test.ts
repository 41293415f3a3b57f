import { describe, expect, it } from 'vitest';
import {
  CUBIC_ALPHA,
  CUBIC_BETA,
  CubicWindow,
  cubicK,
  cubicWindow,
} from '../../../src/sim/cubic-window.ts';

/** A window that has grown by slow start to `cwnd`. */
function grownTo(cwnd: number): CubicWindow {
  const window = new CubicWindow();
  window.onAck(0, cwnd - window.cwnd, 100);
  expect(window.cwnd).toBe(cwnd);
  return window;
}

/** Acknowledges whole windows, one a round trip, until `toMs`. */
function run(window: CubicWindow, fromMs: number, toMs: number, rttMs: number): number[] {
  const cwnds = [];
  for (let nowMs = fromMs; nowMs < toMs; nowMs += rttMs) {
    const flight = Math.floor(window.cwnd);
    for (let acked = 0; acked < flight; acked += 1) {
      window.onAck(nowMs + (rttMs * acked) / flight, 1, rttMs);
    }
    cwnds.push(window.cwnd);
  }
  return cwnds;
}

describe('RFC 9438', () => {
  it('(2): K is the time to come back to the window before the loss', () => {
    // W_max 100, reduced to 70: the cube root of 30 / 0.4 = 75.
    expect(cubicK(100, 70)).toBeCloseTo(4.2172, 4);
    expect(cubicK(1_000, 700)).toBeCloseTo(9.0856, 4);
    expect(cubicK(70, 70)).toBe(0);
    expect(cubicK(50, 70)).toBe(0);
  });

  it('(1): W starts at the reduced window, rests at W_max after K, then probes', () => {
    const k = cubicK(100, 70);
    expect(cubicWindow(0, k, 100)).toBeCloseTo(70, 9);
    expect(cubicWindow(k, k, 100)).toBe(100);
    expect(cubicWindow(2 * k, k, 100)).toBeCloseTo(130, 9);
    // Concave before K, convex after it.
    expect(cubicWindow(k / 2, k, 100)).toBeCloseTo(96.25, 9);
    expect(cubicWindow(1.5 * k, k, 100)).toBeCloseTo(103.75, 9);
  });

  it('(3), (4): alpha for beta 0.7 is 9/17', () => {
    expect(CUBIC_BETA).toBe(0.7);
    expect(CUBIC_ALPHA).toBeCloseTo(9 / 17, 12);
  });
});

describe('CubicWindow', () => {
  it('doubles each round trip in slow start, up to the threshold and no further', () => {
    const window = new CubicWindow();
    expect(window.cwnd).toBe(10);
    window.onAck(0, 10, 100);
    expect(window.cwnd).toBe(20);
    window.ssthresh = 25;
    window.onAck(100, 10, 100);
    expect(window.cwnd).toBeGreaterThanOrEqual(25);
    expect(window.cwnd).toBeLessThan(26);
  });

  it('keeps 0.7 of the window at a loss, and never goes below two segments', () => {
    const window = grownTo(100);
    window.onLoss();
    expect(window.cwnd).toBeCloseTo(70, 9);
    expect(window.ssthresh).toBe(window.cwnd);
    for (let i = 0; i < 20; i += 1) window.onLoss();
    expect(window.cwnd).toBe(2);
  });

  it('follows W(t) over a long path: back at W_max after K', () => {
    const window = grownTo(400);
    window.onLoss();
    const k = cubicK(400, 280);
    const atMs = 1_000 * k;
    const rttMs = 100;
    run(window, 0, atMs / 2, rttMs);
    // One round trip's target ahead, at most.
    expect(window.cwnd).toBeGreaterThan(cubicWindow(k / 2 - 0.1, k, 400));
    expect(window.cwnd).toBeLessThan(cubicWindow(k / 2 + 0.2, k, 400));
    run(window, atMs / 2, atMs, rttMs);
    expect(window.cwnd).toBeGreaterThan(398);
    expect(window.cwnd).toBeLessThan(402);
    const probing = run(window, atMs, 2 * atMs, rttMs);
    expect(probing.at(-1)).toBeGreaterThan(500);
  });

  it('never grows by more than half in a round trip', () => {
    const window = grownTo(20);
    window.onLoss();
    const cwnds = run(window, 0, 60_000, 1_000);
    cwnds.reduce((before, after) => {
      // Half a window is added per window acknowledged; the window grows meanwhile.
      expect(after).toBeLessThanOrEqual(before * Math.sqrt(Math.E) + 1);
      return after;
    });
    expect(cwnds.at(-1)).toBeGreaterThan(1_000);
  });

  it('takes at least what Reno would take where round trips are short', () => {
    const window = grownTo(20);
    window.onLoss();
    // 14 segments, 2 ms: W(t) has gained next to nothing after 20 round trips.
    const cwnds = run(window, 0, 40, 2);
    expect(cwnds[9]! - cwnds[0]!).toBeGreaterThan(8.4 * CUBIC_ALPHA);
    expect(cwnds[9]! - cwnds[0]!).toBeLessThan(9.3 * CUBIC_ALPHA);
    // From the window before the loss on, one segment a round trip.
    const later = run(window, 40, 80, 2);
    const from = later.findIndex((cwnd) => cwnd > 20.5);
    expect(later[from + 5]! - later[from]!).toBeGreaterThan(4.5);
    expect(later[from + 5]! - later[from]!).toBeLessThan(5.2);
  });

  it('gives way at a second loss below W_max: fast convergence', () => {
    const window = grownTo(400);
    window.onLoss();
    run(window, 0, 1_000, 100);
    const before = window.cwnd;
    expect(before).toBeLessThan(400);
    window.onLoss();
    const wMax = (before * 1.7) / 2;
    const k = cubicK(wMax, window.cwnd);
    run(window, 1_000, 1_000 + 1_000 * k, 100);
    expect(window.cwnd).toBeGreaterThan(wMax - 2);
    expect(window.cwnd).toBeLessThan(wMax + 2);
  });

  it('starts anew from one segment after a timeout, with the threshold at 0.7', () => {
    const window = grownTo(100);
    window.onTimeout();
    expect(window.cwnd).toBe(1);
    expect(window.ssthresh).toBeCloseTo(70, 9);
    window.onAck(0, 69, 100);
    expect(window.cwnd).toBeCloseTo(70, 9);
    // RFC 9438 §4.8: K is 0, so the window grows from here at once.
    run(window, 0, 3_000, 100);
    expect(window.cwnd).toBeGreaterThan(cubicWindow(2.9, 0, 70));
  });
});
