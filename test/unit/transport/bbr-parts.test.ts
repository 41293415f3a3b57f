import { describe, expect, it } from 'vitest';
import { BbrBounds } from '../../../src/transport/congestion/bbr-bounds.ts';
import { BbrCycle } from '../../../src/transport/congestion/bbr-cycle.ts';
import { BbrModel } from '../../../src/transport/congestion/bbr-model.ts';
import { FullPipe } from '../../../src/transport/congestion/full-pipe.ts';
import { LossClassifier } from '../../../src/transport/congestion/loss-classifier.ts';
import { MinRtt } from '../../../src/transport/congestion/min-rtt.ts';
import { WindowedMax } from '../../../src/transport/congestion/windowed-max.ts';
import { SeededRandom } from '../../../src/util/random.ts';

describe('BbrCycle', () => {
  it('P-CC-24 forgives once per cycle, and ever again where the path is known to lose', () => {
    const losses = new LossClassifier(true, 1_000);
    const model = new BbrModel(1_000);
    const random = new SeededRandom(1);
    const cycle = new BbrCycle(model, new BbrBounds(), new FullPipe(), losses, random);
    expect([cycle.mayForgive(), cycle.mayForgive()]).toEqual([true, false]);
    losses.ownShare = 0.01;
    expect([cycle.mayForgive(), cycle.mayForgive()]).toEqual([true, true]);
    losses.ownShare = 0;
    expect(cycle.mayForgive()).toBe(false);
    cycle.startDown(0);
    expect([cycle.mayForgive(), cycle.mayForgive()]).toEqual([true, false]);
  });
});

describe('WindowedMax', () => {
  it('knows the largest of the last slots, and forgets the oldest', () => {
    const filter = new WindowedMax(3);
    expect(filter.max()).toBe(0);
    for (const value of [7, 5]) filter.add(value);
    filter.advance();
    filter.add(4);
    expect([filter.max(), filter.max(1)]).toEqual([7, 4]);
    filter.advance();
    expect([filter.max(), filter.max(2), filter.max(1)]).toEqual([7, 4, 0]);
    filter.advance();
    expect(filter.max()).toBe(4);
    filter.add(9);
    for (let i = 0; i < 2; i += 1) filter.advance();
    expect(filter.max()).toBe(9);
    filter.advance();
    expect(filter.max()).toBe(0);
  });
});

describe('FullPipe', () => {
  it('wants three rounds on end without a quarter more', () => {
    const pipe = new FullPipe();
    for (const rate of [100, 124, 124, 125]) pipe.check(rate);
    for (let i = 0; i < 2; i += 1) pipe.check(156);
    expect([pipe.isFull, pipe.hasBeenFull]).toEqual([false, false]);
    pipe.check(156);
    expect([pipe.isFull, pipe.hasBeenFull]).toEqual([true, true]);
    pipe.check(1_000); // the question is answered until it is asked again
    expect(pipe.isFull).toBe(true);
    pipe.restart(200);
    expect([pipe.isFull, pipe.hasBeenFull]).toEqual([false, true]);
    for (const rate of [249, 249, 250, 250, 250]) pipe.check(rate);
    expect(pipe.isFull).toBe(false);
    pipe.check(250);
    expect(pipe.isFull).toBe(true);
  });
});

describe('MinRtt', () => {
  it('keeps the smallest for ten seconds, and asks for a probe after five', () => {
    const min = new MinRtt();
    min.update(0, NaN);
    expect([min.ms, min.isProbeDue]).toEqual([Infinity, false]);
    min.update(100, 50);
    min.update(200, 60);
    expect(min.ms).toBe(50);
    min.update(5_100, 55);
    expect(min.isProbeDue).toBe(false);
    min.update(5_101, 55);
    expect([min.isProbeDue, min.ms]).toEqual([true, 50]);
    min.onProbed(5_400);
    min.update(5_500, 56);
    expect(min.isProbeDue).toBe(false);
    min.update(10_100, 57);
    expect(min.ms).toBe(50);
    min.update(10_101, 57);
    expect(min.ms).toBe(55);
  });

  it('takes a smaller one at once', () => {
    const min = new MinRtt();
    min.update(0, 50);
    min.update(1, 40);
    expect(min.ms).toBe(40);
  });

  it('is confirmed by one that is near, without rising', () => {
    const min = new MinRtt();
    min.update(0, 64);
    for (let nowMs = 2_000; nowMs <= 20_000; nowMs += 2_000) min.update(nowMs, 66, 1 / 32);
    expect([min.isProbeDue, min.ms]).toEqual([false, 64]);
    for (let nowMs = 22_000; nowMs <= 26_000; nowMs += 2_000) min.update(nowMs, 66.1, 1 / 32);
    expect(min.isProbeDue).toBe(true);
  });
});
