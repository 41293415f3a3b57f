import { describe, expect, it } from 'vitest';
import { type ArenaPlan, MODELLED_TCP, runArena } from '../../../src/sim/arena.ts';

const LINE = { rateBitsPerSecond: 10e6, queueBytes: 50_000 };

function arena(plan: Partial<ArenaPlan>): ReturnType<typeof runArena> {
  const flows = [{ controller: 'newreno' as const }];
  return runArena({ line: LINE, rttMs: 40, durationMs: 4_000, seed: 1, flows, ...plan });
}

describe('runArena', () => {
  it('lets one flow have the line, and measures the queue that it makes', () => {
    const { flows, queue } = arena({});
    expect(flows[0]!.megabitsPerSecond(1_000, 4_000)).toBeGreaterThan(9);
    expect(flows[0]!.megabitsPerSecond(1_000, 4_000)).toBeLessThan(10);
    expect(queue.quantileMs(0.95, 0, 4_000)).toBeGreaterThan(20);
    expect(queue.quantileMs(1, 0, 4_000)).toBeLessThanOrEqual(40);
    expect(flows[0]!.drops(0, 4_000)).toBeGreaterThan(0);
  });

  it('makes flows share the line, TCP among them, and start when they are told', () => {
    const { flows } = arena({
      flows: [
        { controller: 'newreno' },
        { controller: MODELLED_TCP, startMs: 1_000 },
        { controller: 'newreno', startMs: 2_000, rttMs: 80 },
      ],
    });
    const rates = (fromMs: number, toMs: number): number[] =>
      flows.map((flow) => flow.megabitsPerSecond(fromMs, toMs));
    expect(rates(0, 1_000).map((rate) => rate > 0)).toEqual([true, false, false]);
    expect(rates(1_000, 2_000).map((rate) => rate > 0)).toEqual([true, true, false]);
    const late = rates(3_000, 4_000);
    for (const rate of late) expect(rate).toBeGreaterThan(0.5);
    const sum = late.reduce((a, b) => a + b, 0);
    expect(sum).toBeGreaterThan(8.5);
    expect(sum).toBeLessThan(10);
  });

  it('gives each flow its own round trip', () => {
    const firstMs = (rttMs: number): number => {
      const { flows } = arena({ rttMs, readingMs: 10, durationMs: 1_500 });
      return flows[0]!.readings.find(({ bytes }) => bytes > 0)!.atMs;
    };
    // Two round trips before the first byte.
    expect(firstMs(40)).toBeGreaterThanOrEqual(80);
    expect(firstMs(40)).toBeLessThan(160);
    expect(firstMs(400)).toBeGreaterThanOrEqual(800);
  });

  it('holds a flow to what its application supplies', () => {
    const { flows, queue } = arena({
      flows: [{ controller: 'newreno', suppliedBytes: (nowMs) => 125.5 * nowMs }],
    });
    expect(flows[0]!.megabitsPerSecond(2_000, 4_000)).toBeGreaterThan(0.95);
    expect(flows[0]!.megabitsPerSecond(2_000, 4_000)).toBeLessThan(1.05);
    expect(queue.quantileMs(0.5, 0, 4_000)).toBe(0);
  });

  it('applies loss of data and of acknowledgements each to its own way', () => {
    const line = { ...LINE, queueBytes: 5_000_000 };
    const resent = (plan: Partial<ArenaPlan>): number =>
      arena({ line, durationMs: 2_000, ...plan }).flows[0]!.retransmittedShare(0, 2_000);
    expect(resent({})).toBe(0);
    expect(resent({ data: { loss: 0.05 } })).toBeGreaterThan(0.03);
    expect(resent({ acks: { loss: 0.2 } })).toBeLessThan(0.01);
  });

  it('changes the paths when it is told', () => {
    const { flows } = arena({
      changes: [
        { atMs: 1_000, data: { loss: 1 } },
        { atMs: 1_500, data: { loss: 0 } },
        { atMs: 3_000, acks: { delayMs: 5_000 } },
      ],
    });
    const rate = (fromMs: number, toMs: number): number =>
      flows[0]!.megabitsPerSecond(fromMs, toMs);
    expect(rate(500, 1_000)).toBeGreaterThan(5);
    expect(rate(1_200, 1_500)).toBe(0);
    expect(rate(2_000, 3_000)).toBeGreaterThan(1);
    expect(rate(3_500, 4_000)).toBe(0);
  });

  it('is the same each time', () => {
    const readings = (seed: number): unknown =>
      arena({
        seed,
        durationMs: 2_000,
        data: { loss: 0.01, reorder: 0.05, holdMs: 10 },
        flows: [{ controller: 'newreno' }, { controller: MODELLED_TCP }],
      }).flows.map((flow) => flow.readings);
    expect(readings(1)).toEqual(readings(1));
    expect(readings(1)).not.toEqual(readings(2));
  });
});
