import { describe, expect, it } from 'vitest';
import { ThinnedPoints } from '../../../src/util/thinned-points.ts';

describe('thinned points', () => {
  it('keep all while there is room', () => {
    const points = new ThinnedPoints(4);
    for (let i = 0; i < 4; i += 1) points.add(i, i * i);
    expect(points.xs).toEqual([0, 1, 2, 3]);
    expect(points.ys).toEqual([0, 1, 4, 9]);
  });

  it('never keep more than they may, evenly spread from the first on', () => {
    const points = new ThinnedPoints(100);
    for (let i = 0; i < 100_000; i += 1) points.add(i, 3 * i);
    expect(points.count).toBe(100_000);
    expect(points.xs.length).toBeLessThanOrEqual(100);
    expect(points.xs.length).toBeGreaterThan(45);
    const gaps = new Set(points.xs.slice(1).map((x, index) => x - (points.xs[index] ?? 0)));
    expect(points.xs[0]).toBe(0);
    expect(gaps.size).toBe(1);
    expect(points.ys).toEqual(points.xs.map((x) => 3 * x));
  });
});
