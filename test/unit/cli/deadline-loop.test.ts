import { describe, expect, it } from 'vitest';
import { DeadlineLoop, EARLY_MS } from '../../../src/cli/deadline-loop.ts';
import { Lateness } from '../../../src/cli/lateness.ts';

describe('the deadline loop', () => {
  it('runs when it is woken, at each deadline, and no more once it is closed', async () => {
    const startMs = performance.now();
    const deadlines = [4, 5, 9, Infinity].map((ms) => startMs + ms);
    const ranAtMs: number[] = [];
    const loop = new DeadlineLoop(() => {
      ranAtMs.push(performance.now());
      while ((deadlines[0] ?? Infinity) <= performance.now() + EARLY_MS) deadlines.shift();
      return deadlines[0] ?? Infinity;
    });
    loop.wake();
    await expect.poll(() => deadlines.length).toBe(1);
    expect(ranAtMs.at(-1)).toBeGreaterThanOrEqual(startMs + 9 - EARLY_MS);
    loop.close();
    const runs = ranAtMs.length;
    loop.wake();
    await new Promise((resolve) => setImmediate(resolve));
    expect(ranAtMs).toHaveLength(runs);
  });
});

describe('lateness', () => {
  it('is told as median, 99 % and most', () => {
    const lateness = new Lateness();
    expect(lateness.report()).toEqual({ medianLateMs: 0, p99LateMs: 0, mostLateMs: 0 });
    for (let i = 0; i < 98; i += 1) lateness.add(0.12);
    lateness.add(3.01);
    lateness.add(5_000);
    const { medianLateMs, p99LateMs, mostLateMs } = lateness.report();
    expect(medianLateMs).toBeCloseTo(0.15, 9);
    expect(p99LateMs).toBeCloseTo(3.05, 9);
    expect(mostLateMs).toBe(5_000);
  });

  it('counts what is early as in time', () => {
    const lateness = new Lateness();
    lateness.add(-0.08);
    expect(lateness.report()).toEqual({ medianLateMs: 0, p99LateMs: 0, mostLateMs: 0 });
  });
});
