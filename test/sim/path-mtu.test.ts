/** How large datagrams become, on paths of every size and with every kind of trouble. */
import { describe, expect, it } from 'vitest';
import { GoodputRun, type GoodputOptions } from '../../src/sim/goodput.ts';
import type { ConnectionStats } from '../../src/transport/types.ts';
import { runSeed } from '../../src/sim/run-seed.ts';
import { Nat } from './nat.ts';
import { addressOf } from './net.ts';
import { sealedNet } from './sealed.ts';

const LINK = {
  rateBitsPerSecond: 20e6,
  rttMs: 40,
  loss: 0,
  bytes: 4_000_000,
  controller: 'newreno',
  seed: 1,
  limitMs: 1_800_000,
} as const;

function runOver(mtuBytes: number, options: Partial<GoodputOptions> = {}): GoodputRun {
  return new GoodputRun({ ...LINK, hostLimitBytes: 8_972, link: { mtuBytes }, ...options });
}

/** Runs to the end, which has to be a whole file. */
function finish(run: GoodputRun): ConnectionStats {
  run.advance(Infinity);
  const { isComplete, sender } = run.result();
  expect(isComplete).toBe(true);
  return sender;
}

/** The sender's size of datagrams at a moment. */
function sizeAt(run: GoodputRun, atMs: number): number {
  run.advance(atMs);
  return run.senderStats()?.segmentBytes ?? 0;
}

describe('a transfer finds the size of its path', () => {
  it.each([
    [1_200, 1_200],
    [1_231, 1_200],
    [1_232, 1_232],
    [1_300, 1_232],
    [1_392, 1_372],
    [1_400, 1_400],
    [1_452, 1_452],
    [1_472, 1_472],
    [4_100, 4_048],
    [8_951, 8_948],
    [9_000, 8_972],
  ])('P-MTU-02 of %i bytes: %i', (mtuBytes, expected) => {
    const sender = finish(runOver(mtuBytes));
    expect(sender.segmentBytes).toBe(expected);
    expect(sender.sizeProbes).toBeLessThanOrEqual(16);
  });

  it('P-MTU-02 in the first round trip that it can, with one probe where the limit passes', () => {
    const run = runOver(9_000, { hostLimitBytes: 1_472 });
    // Two round trips of opening, one for the first flight, one for the probe.
    expect(sizeAt(run, 3.4 * 40)).toBe(1_400);
    expect(sizeAt(run, 4.6 * 40)).toBe(1_472);
    expect(finish(run).sizeProbes).toBe(1);
  });

  it('P-MTU-01 and a lost probe costs neither window nor retransmissions', () => {
    const sender = finish(runOver(1_400, { queueBytes: 16_000_000 }));
    expect(sender).toMatchObject({ segmentsRetransmitted: 0, fastRecoveries: 0, timeouts: 0 });
    expect(sender.sizeProbes).toBeGreaterThan(5);
  });

  it('P-MTU-02 and sends no probe for what is small', () => {
    expect(finish(runOver(9_000, { bytes: 10_000 })).sizeProbes).toBe(0);
  });

  it.each([1, 2, 3, 4, 5])('P-MTU-03 where a fifth of everything is lost, seed %i', (seed) => {
    const options = { loss: 0.2, bytes: 2_000_000, seed };
    expect(finish(runOver(1_472, { ...options, hostLimitBytes: 1_472 })).segmentBytes).toBe(1_472);
    const sender = finish(runOver(1_460, options));
    expect(sender.segmentBytes).toBe(1_452);
  });

  it.each(['founding', 'cubic'] as const)('whatever the controller: %s', (controller) => {
    const sender = finish(runOver(1_452, { controller }));
    expect(sender.segmentBytes).toBe(1_452);
  });
});

describe('a path that is narrower than datagrams are at the start', () => {
  it('P-MTU-04 is noticed by a question after the first flight, without three timeouts', () => {
    const run = runOver(1_300);
    // The opening, the first flight, two round trips of silence, the question and its answer.
    expect(sizeAt(run, 6.5 * 40)).toBe(1_200);
    expect(finish(run)).toMatchObject({ segmentBytes: 1_232, timeouts: 0 });
  });

  it('P-MTU-04 and costs little more than the path itself', () => {
    const wide = runOver(1_400, { hostLimitBytes: 1_400 });
    const narrow = runOver(1_300, { hostLimitBytes: 1_400 });
    finish(wide);
    finish(narrow);
    const lateMs = narrow.result().virtualMs - wide.result().virtualMs;
    expect(lateMs).toBeLessThan(12 * 40);
  });

  it('P-MTU-04 is not suspected for lost segments where others pass', () => {
    const lossy = runOver(1_400, { loss: 0.2, hostLimitBytes: 1_400, bytes: 200_000 });
    while (lossy.advance(lossy.result().virtualMs));
    expect(finish(lossy).segmentBytes).toBe(1_400);
  });
});

describe('a path that changes under a transfer', () => {
  const slow = { ...LINK, rateBitsPerSecond: 2e6, queueBytes: 20_000, bytes: 200_000_000 };

  it('P-MTU-04 P-MTU-05 P-PART-01 shrinks from 1,452 to 1,300 and grows again', () => {
    const run = runOver(1_452, { ...slow, hostLimitBytes: 1_472 });
    expect(sizeAt(run, 5_000)).toBe(1_452);
    run.changeLink({ mtuBytes: 1_300 });
    expect(sizeAt(run, 15_000)).toBe(1_232);
    const { timeouts, bytesAcknowledged } = run.senderStats()!;
    expect(timeouts).toBeLessThanOrEqual(6);
    run.changeLink({ mtuBytes: 1_452 });
    expect(sizeAt(run, 600_000)).toBe(1_232);
    expect(run.senderStats()!.bytesAcknowledged).toBeGreaterThan(bytesAcknowledged + 100_000_000);
    expect(sizeAt(run, 640_000)).toBe(1_452);
    finish(run);
  });

  it('P-MTU-04 is dark for a moment and has its size back at once', () => {
    const outages = [{ fromMs: 120_000, toMs: 123_000 }];
    const run = runOver(1_472, { ...slow, hostLimitBytes: 1_472, link: { outages } });
    expect(sizeAt(run, 119_999)).toBe(1_472);
    expect(sizeAt(run, 122_999)).toBe(1_200);
    expect(sizeAt(run, 130_000)).toBe(1_472);
  });

  it('P-PART-01 shrinks from jumbo frames, and what was in flight comes whole', () => {
    const run = runOver(8_972, { bytes: 20_000_000 });
    expect(sizeAt(run, 2_000)).toBe(8_972);
    run.changeLink({ mtuBytes: 1_472 });
    expect(finish(run).segmentBytes).toBe(1_472);
  });

  it('P-PART-01 shrinks where a fifth of everything is lost, again and again', () => {
    const run = runOver(1_472, { bytes: 3_000_000, loss: 0.2, hostLimitBytes: 1_472 });
    for (let i = 1; run.advance(i * 5_000); i += 1) {
      run.changeLink({ mtuBytes: i % 2 === 0 ? 1_472 : 1_200 + 40 * (i % 7) });
    }
    expect(run.result().isComplete).toBe(true);
  });
});

describe('a peer that moves', () => {
  const home = addressOf(50, 1_000);

  it.each([
    ['another port keeps the size that is known', addressOf(50, 1_001), 1_472, 0],
    ['another host has its own, found anew', addressOf(51, 1_000), 1_452, 1],
  ])('P-MTU-06 to %s', (_, to, expected, probes) => {
    const limitOf = ({ address }: { readonly address: string }): number =>
      address === home.address ? 1_472 : 1_452;
    const line = { delayMs: 20, bitsPerSecond: 10_000_000, queueMs: 10_000 };
    const { net, client, server } = sealedNet(line, { pathLimitBytes: limitOf });
    const nat = new Nat(net, client, home);
    const near = client.connect(0, server);
    near.say('get 6000000');
    net.run(1_000);
    const { connection } = server.newest;
    const before = connection.stats();
    expect(before.segmentBytes).toBe(1_472);
    nat.moveTo(to);
    net.runUntil(() => connection.peer === to, 1_000);
    expect(connection.stats().segmentBytes).toBe(probes === 0 ? 1_472 : 1_400);
    expect(net.runUntil(() => near.recordsEnded === 1, 60_000)).toBe(true);
    expect([near.isIntact, near.receivedBytes]).toEqual([true, 6_000_000]);
    const { segmentBytes, sizeProbes } = connection.stats();
    expect([segmentBytes, sizeProbes - before.sizeProbes]).toEqual([expected, probes]);
  });
});

describe('worlds in which everything goes wrong', () => {
  it.each([1_452, 1_472, 4_048, 8_972])('end well with datagrams up to %i bytes', (limitBytes) => {
    for (let seed = limitBytes; seed < limitBytes + 40; seed += 1) {
      expect(runSeed(seed, { hostLimitBytes: limitBytes }).failure).toBe('');
    }
  });
});
