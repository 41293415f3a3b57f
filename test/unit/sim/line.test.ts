import { describe, expect, it } from 'vitest';
import { Line, type LineOptions } from '../../../src/sim/line.ts';
import { Link } from '../../../src/sim/link.ts';
import { SeededRandom } from '../../../src/util/random.ts';

/** One byte takes a microsecond. */
const MEGABYTE_A_SECOND = 8_000_000;

function lineOf(options: Partial<LineOptions>): Line {
  return new Line({ rateBitsPerSecond: MEGABYTE_A_SECOND, queueBytes: 100_000, ...options });
}

describe('Line', () => {
  it('serialises one after the other, and tells how long the queue is', () => {
    const line = lineOf({});
    expect(line.queuedMs(0)).toBe(0);
    expect([0, 0, 1].map((nowMs) => line.serialise(nowMs, 1_000))).toEqual([1, 2, 3]);
    expect(line.queuedMs(1)).toBe(2);
    expect(line.queuedMs(3)).toBe(0);
    expect(line.serialise(10, 1_000)).toBe(11);
  });

  it('carries what waits at the rate of its time, faster and slower', () => {
    const rateSteps = [
      { atMs: 10, rateBitsPerSecond: 10 * MEGABYTE_A_SECOND },
      { atMs: 20, rateBitsPerSecond: MEGABYTE_A_SECOND / 10 },
    ];
    const line = lineOf({ rateSteps });
    expect(line.serialise(0, 5_000)).toBe(5);
    // 5 ms at 1 byte/us are 5,000 bytes, and the other 15,000 need 1.5 ms.
    expect(line.serialise(0, 20_000)).toBe(11.5);
    // 8.5 ms at 10 bytes/us are 85,000 bytes, and the other 1,000 need 10 ms.
    expect(line.serialise(11.5, 86_000)).toBe(30);
    expect(line.serialise(30, 1_000)).toBe(40);
  });

  it('measures a queue in bytes, whatever the rate at which it will leave', () => {
    const rateSteps = [{ atMs: 10, rateBitsPerSecond: MEGABYTE_A_SECOND / 10 }];
    const line = lineOf({ queueBytes: 20_000, rateSteps });
    expect(line.serialise(0, 20_000)).toBe(110);
    expect(line.serialise(0, 1)).toBeUndefined();
    // After 10 ms at the old rate and 10 ms at the new one 11,000 bytes have left.
    expect(line.serialise(20, 11_001)).toBeUndefined();
    expect(line.serialise(20, 11_000)).toBe(220);
  });

  it('polices: a burst at once, then so much a second, and no waiting', () => {
    const line = lineOf({ policeBitsPerSecond: MEGABYTE_A_SECOND, policeBurstBytes: 3_000 });
    const passed = (nowMs: number, count: number): number =>
      Array.from({ length: count }, () => line.passes(nowMs, 1_000)).filter(Boolean).length;
    expect(passed(0, 5)).toBe(3);
    expect(passed(0.5, 1)).toBe(0);
    expect(passed(1, 2)).toBe(1);
    // A rest fills the bucket, and no more.
    expect(passed(1_000, 5)).toBe(3);
    let sent = 0;
    for (let ms = 1_000; ms < 2_000; ms += 0.5) if (line.passes(ms, 1_000)) sent += 1;
    expect(sent).toBeGreaterThan(990);
    expect(sent).toBeLessThanOrEqual(1_000);
  });

  it('takes other settings, and keeps the tokens of a policer that stays', () => {
    const line = lineOf({ policeBitsPerSecond: 8_000, policeBurstBytes: 1_000 });
    expect(line.passes(0, 1_000)).toBe(true);
    line.configure({ rateBitsPerSecond: 2 * MEGABYTE_A_SECOND });
    expect(line.passes(0, 1_000)).toBe(false);
    expect(line.serialise(0, 1_000)).toBe(0.5);
    line.configure({ policeBitsPerSecond: 0 });
    expect(line.passes(0, 1_000_000)).toBe(true);
  });

  it('refuses steps that make no sense', () => {
    const step = { atMs: 1, rateBitsPerSecond: 8 };
    expect(() => lineOf({ rateSteps: [step, step] })).toThrow(/ascend/);
    expect(() => lineOf({ rateSteps: [{ atMs: 1, rateBitsPerSecond: 0 }] })).toThrow(/above 0/);
    expect(() => new Line({ rateSteps: [step] })).toThrow(/without a rate/);
  });
});

describe('Link', () => {
  const DATAGRAM = new Uint8Array(972);

  it('drops and counts what its policer does not let through', () => {
    const policer = { policeBitsPerSecond: MEGABYTE_A_SECOND, policeBurstBytes: 2_000 };
    const link = new Link(policer, new SeededRandom(1));
    for (let i = 0; i < 5; i += 1) link.send(0, DATAGRAM);
    expect(link.counters.policeDrops).toBe(3);
    expect(link.heldDatagrams).toBe(2);
  });

  it('shares a line with others, each with its own delay', () => {
    const line = lineOf({ queueBytes: 3_000 });
    const near = new Link({ delayMs: 1 }, new SeededRandom(1), line);
    const far = new Link({ delayMs: 100 }, new SeededRandom(2), line);
    for (const link of [near, far, near, far]) link.send(0, DATAGRAM);
    expect(near.nextDeliveryMs()).toBe(2);
    expect(near.deliver(2)).toBeDefined();
    expect(near.nextDeliveryMs()).toBe(4);
    expect(far.nextDeliveryMs()).toBe(102);
    expect(far.counters.queueDrops).toBe(1);
    // What one link changes of its own leaves the line of all alone.
    near.configure({ delayMs: 5, rateBitsPerSecond: 0 });
    expect(line.options.rateBitsPerSecond).toBe(MEGABYTE_A_SECOND);
  });

  it('keeps losing the share it was told to in runs of the length it was told', () => {
    const link = new Link({ loss: 0.01, burst: 20 }, new SeededRandom(3));
    let runs = 0;
    let wasLost = false;
    for (let i = 0; i < 400_000; i += 1) {
      const before = link.counters.losses;
      link.send(i, DATAGRAM);
      while (link.deliver(i) !== undefined);
      const isLost = link.counters.losses > before;
      if (isLost && !wasLost) runs += 1;
      wasLost = isLost;
    }
    expect(link.counters.losses / 400_000).toBeGreaterThan(0.008);
    expect(link.counters.losses / 400_000).toBeLessThan(0.012);
    expect(link.counters.losses / runs).toBeGreaterThan(17);
    expect(link.counters.losses / runs).toBeLessThan(23);
  });
});
