import { describe, expect, it } from 'vitest';
import { FlowSeries, QueueSeries, jainIndex, quantile } from '../../../src/sim/series.ts';

function seriesOf(bytes: readonly number[]): FlowSeries {
  const series = new FlowSeries('flow');
  bytes.forEach((count, i) => {
    const rest = { sent: 10 * i, retransmitted: i, dropped: 2 * i, cwndSegments: 1 };
    series.take(100 * i, { bytes: count, ...rest });
  });
  return series;
}

describe('FlowSeries', () => {
  it('measures between two readings', () => {
    const series = seriesOf([0, 0, 12_500, 37_500]);
    expect(series.megabitsPerSecond(0, 100)).toBe(0);
    expect(series.megabitsPerSecond(100, 200)).toBe(1);
    expect(series.megabitsPerSecond(0, 300)).toBe(1);
    expect(series.retransmittedShare(0, 300)).toBeCloseTo(0.1, 9);
    expect(series.drops(100, 300)).toBe(4);
    expect(() => series.megabitsPerSecond(0, 150)).toThrow(/no reading of flow at 150 ms/);
  });

  it('tells when a rate was reached, if ever', () => {
    const series = seriesOf([0, 0, 12_500, 37_500]);
    expect(series.reachesMs(1, 0, 100)).toBe(200);
    expect(series.reachesMs(2, 0, 100)).toBe(300);
    expect(series.reachesMs(1, 200, 100)).toBe(300);
    expect(series.reachesMs(3, 0, 100)).toBe(Infinity);
  });
});

describe('QueueSeries', () => {
  it('answers for the span that is asked for', () => {
    const series = new QueueSeries();
    for (let i = 0; i <= 100; i += 1) series.take(10 * i, i);
    expect(series.quantileMs(0.5, 0, 1_000)).toBe(50);
    expect(series.quantileMs(0.95, 500, 1_000)).toBe(98);
  });
});

describe('jainIndex', () => {
  it('is 1 when all are equal and 1/n when one has it all', () => {
    expect(jainIndex([3, 3, 3])).toBe(1);
    expect(jainIndex([1, 0, 0, 0])).toBe(0.25);
    expect(jainIndex([1, 3])).toBe(0.8);
    expect(jainIndex([0, 0])).toBe(1);
  });
});

describe('quantile', () => {
  it('is one of the values', () => {
    expect(quantile([5, 1, 3], 0.5)).toBe(3);
    expect(quantile([5, 1, 3], 1)).toBe(5);
    expect(quantile([5, 1, 3], 0)).toBe(1);
    expect(quantile([], 0.5)).toBeNaN();
  });
});
