import { describe, expect, it } from 'vitest';
import { seededProtections } from '../../../src/io/seeded-protection.ts';
import { GoodputRun, simulateGoodput } from '../../../src/sim/goodput.ts';
import type { GoodputOptions } from '../../../src/sim/goodput.ts';
import { PLOT_POINTS, SequenceWatch } from '../../../src/sim/sequence-plot.ts';

const OPTIONS: GoodputOptions = {
  rateBitsPerSecond: 20e6,
  rttMs: 20,
  loss: 0.01,
  bytes: 1_000_000,
  controller: 'newreno',
  seed: 3,
};

function sealed(): GoodputOptions {
  return { ...OPTIONS, protections: seededProtections(3) };
}

describe('a simulated transfer', () => {
  it('comes to the same in steps as at once', () => {
    const run = new GoodputRun(OPTIONS);
    let steps = 0;
    for (let untilMs = 10; run.advance(untilMs); untilMs += 10) steps += 1;
    expect(steps).toBeGreaterThan(10);
    expect(run.result()).toEqual(simulateGoodput(OPTIONS));
  });

  it('comes to the same each time when it is sealed, a little slower than in the clear', () => {
    const first = simulateGoodput(sealed());
    expect(simulateGoodput(sealed())).toEqual(first);
    const { bytesSent } = simulateGoodput(OPTIONS).sender;
    expect(first.sender.bytesSent / bytesSent).toBeGreaterThan(1.005);
  });

  it('is measured up to its limit, also when nothing ever answers', () => {
    const cut = new GoodputRun({ ...OPTIONS, limitMs: 200 });
    expect(cut.advance(1_000)).toBe(false);
    expect(cut.result()).toMatchObject({ isComplete: false, virtualMs: 200 });
    expect(cut.bytes).toBeGreaterThan(0);
    const dark = simulateGoodput({ ...OPTIONS, loss: 1, limitMs: 500 });
    expect(dark).toMatchObject({ isComplete: false, bytes: 0, megabitsPerSecond: 0 });
  });

  it('may lose more on the way back', () => {
    const run = new GoodputRun({ ...OPTIONS, loss: 0, returnLink: { loss: 0.2 } });
    run.advance(Infinity);
    const { data, returned } = run.linkCounters();
    expect(data.losses).toBe(0);
    expect(returned.losses / returned.sent).toBeGreaterThan(0.1);
  });
});

describe('the plot of a transfer', () => {
  it('shows every segment, those sent again, those lost, and what was acknowledged', () => {
    const watch = new SequenceWatch();
    const run = new GoodputRun({ ...sealed(), watch });
    run.advance(Infinity);
    const { sent, sentAgain, lost, acknowledged } = watch.plots();
    const { sender } = run.result();
    expect(sent.count + sentAgain.count).toBe(sender.segmentsSent);
    expect(sentAgain.count).toBe(sender.segmentsRetransmitted);
    expect(lost.count).toBeGreaterThan(0);
    const { losses, queueDrops } = run.linkCounters().data;
    expect(lost.count).toBeLessThanOrEqual(losses + queueDrops);
    expect(sent.segments).toEqual(Array.from({ length: sent.count }, (_, index) => index));
    expect(acknowledged.segments.at(-1)).toBeGreaterThanOrEqual(sent.count - 2);
    expect(sent.segments.length).toBeLessThanOrEqual(PLOT_POINTS);
  });

  it('shows every event around the first loss, and of a transfer without loss none', () => {
    const watch = new SequenceWatch();
    new GoodputRun({ ...OPTIONS, watch, bytes: 4_000_000 }).advance(Infinity);
    const { firstLoss, lost, sent } = watch.plots();
    expect(firstLoss.lost.ms[0]).toBe(lost.ms[0]);
    const around = firstLoss.sent.segments;
    expect(around).toEqual(Array.from({ length: around.length }, (_, i) => (around[0] ?? 0) + i));
    expect(firstLoss.sent.ms[0]).toBeLessThanOrEqual(lost.ms[0] ?? NaN);
    const kinds = [firstLoss.sent, firstLoss.sentAgain, firstLoss.lost, firstLoss.acknowledged];
    expect(kinds.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(10_000);
    expect(sent.count).toBeGreaterThan(2_900);
    const calm = new SequenceWatch();
    const link = { queueBytes: 10_000_000 };
    new GoodputRun({ ...OPTIONS, loss: 0, ...link, watch: calm }).advance(Infinity);
    expect(calm.plots().firstLoss.sent.count).toBe(0);
  });
});
