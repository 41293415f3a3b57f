import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pacer } from '../../../src/transport/pacer.ts';

const SMSS = 1_400;
const TEN_SEGMENTS_A_MS = 14_000;

/** Sends all that may leave at `nowMs`; segments. */
function burst(pacer: Pacer, nowMs: number, bytesPerMs: number): number {
  let sent = 0;
  while (sent < 1_000 && pacer.maySend(nowMs, SMSS, bytesPerMs, SMSS)) {
    pacer.onSent(SMSS);
    sent += 1;
  }
  return sent;
}

describe('Pacer', () => {
  it('P-PACE-02 lets trains of about a millisecond leave: two segments to 64 KiB', () => {
    const pacer = new Pacer();
    expect(pacer.trainBytes(1, SMSS)).toBe(2_800);
    expect(pacer.trainBytes(TEN_SEGMENTS_A_MS, SMSS)).toBe(14_000);
    expect(pacer.trainBytes(1_000_000, SMSS)).toBe(65_536);
  });

  it.each([
    // A round trip of 80 ms, 0.2 ms of it the path: an eighth of what leaves in it.
    [0.2, 80, 1_000, 10_000],
    [0.2, 80, 20_000, 65_536],
    // The farther the path, the less.
    [1.2, 80, 20_000, 20_000],
    [1.2, 80, 10_000, 16_384],
    [3, 80, 2_000, 2_800],
    [20, 80, 2_000, 2_800],
    // Where nobody is busy, nothing changes.
    [0.2, 0.3, 14_000, 14_000],
    [Infinity, 100, 14_000, 14_000],
  ])('P-PACE-02 has longer trains near by: least %d ms, now %d', (least, now, rate, bytes) => {
    const pacer = new Pacer();
    pacer.onRoundTrip(least, now);
    expect(pacer.trainBytes(rate, SMSS)).toBe(bytes);
  });

  it('P-PACE-01 keeps the rate, train by train', () => {
    const pacer = new Pacer();
    let sent = burst(pacer, 0, TEN_SEGMENTS_A_MS);
    expect(sent).toBe(20);
    for (let nowMs = 1; nowMs <= 100; nowMs += 1) {
      expect(pacer.readyMs).toBeCloseTo(nowMs, 6);
      expect(burst(pacer, pacer.readyMs, TEN_SEGMENTS_A_MS)).toBe(10);
      sent += 10;
    }
    expect(sent).toBe(1_020);
  });

  it('waits for a whole train once it has refused', () => {
    const pacer = new Pacer();
    burst(pacer, 0, TEN_SEGMENTS_A_MS);
    expect(pacer.maySend(0.5, SMSS, TEN_SEGMENTS_A_MS, SMSS)).toBe(false);
    expect(pacer.readyMs).toBeCloseTo(1, 6);
    expect(pacer.maySend(1, SMSS, TEN_SEGMENTS_A_MS, SMSS)).toBe(true);
  });

  it('P-PACE-03 makes up for a timer some milliseconds late, and for no pause', () => {
    const late = new Pacer();
    burst(late, 0, TEN_SEGMENTS_A_MS);
    expect(burst(late, 6, TEN_SEGMENTS_A_MS)).toBe(60);
    expect(burst(late, 26, TEN_SEGMENTS_A_MS)).toBe(80);
    expect(burst(late, 1_002, TEN_SEGMENTS_A_MS)).toBe(20);
    const paused = new Pacer();
    expect(paused.maySend(0, SMSS, TEN_SEGMENTS_A_MS, SMSS)).toBe(true);
    expect(burst(paused, 6, TEN_SEGMENTS_A_MS)).toBe(20);
  });

  it('has what left unasked paid for later', () => {
    const pacer = new Pacer();
    burst(pacer, 0, TEN_SEGMENTS_A_MS);
    pacer.onSent(10 * SMSS);
    expect(burst(pacer, 1, TEN_SEGMENTS_A_MS)).toBe(0);
    expect(burst(pacer, 2, TEN_SEGMENTS_A_MS)).toBe(10);
  });

  it('holds nothing back without a rate', () => {
    expect(burst(new Pacer(), 0, Infinity)).toBe(1_000);
  });

  it('P-PACE-01 never exceeds rate and bank, whatever the times and rates', () => {
    const step = fc.record({
      gapMs: fc.double({ min: 0, max: 20, noNaN: true }),
      bytesPerMs: fc.double({ min: 0.01, max: 1e6, noNaN: true }),
    });
    const property = fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      const pacer = new Pacer();
      let nowMs = 0;
      let allowance = 0;
      let most = 0;
      let sent = 0;
      for (const { gapMs, bytesPerMs } of steps) {
        nowMs += gapMs;
        allowance += gapMs * bytesPerMs;
        most = Math.max(most, 8 * bytesPerMs, pacer.trainBytes(bytesPerMs, SMSS));
        sent += SMSS * burst(pacer, nowMs, bytesPerMs);
        expect(sent).toBeLessThanOrEqual(allowance + most + steps.length);
        if (pacer.maySend(nowMs, SMSS, bytesPerMs, SMSS)) continue;
        // P-PACE-02: the caller never spins, and at the time told a train may leave.
        expect(pacer.readyMs).toBeGreaterThan(nowMs);
      }
    });
    fc.assert(property, { numRuns: 300 });
  });
});
