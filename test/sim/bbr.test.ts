/** What the two modes of BBR make of whole paths, in virtual time: goodput, and harm to others. */
import { describe, expect, it } from 'vitest';
import { type ArenaPlan, type ArenaResult, runArena } from '../../src/sim/arena.ts';
import { simulateGoodput } from '../../src/sim/goodput.ts';
import { jainIndex } from '../../src/sim/series.ts';

const RATE = 20_000_000;
const RTT_MS = 40;
const BDP_BYTES = (RATE / 8_000) * RTT_MS;
const FROM_MS = 5_000;
const TO_MS = 25_000;
const MODES = ['bbr', 'bbr-tolerant'] as const;

function run(controllers: readonly string[], plan: Partial<ArenaPlan>): ArenaResult {
  const flows = controllers.map((controller) => ({ controller })) as ArenaPlan['flows'];
  const line = { rateBitsPerSecond: RATE, queueBytes: BDP_BYTES };
  return runArena({ line, rttMs: RTT_MS, durationMs: TO_MS, seed: 1, ...plan, flows });
}

const goodput = (result: ArenaResult, flow = 0): number =>
  result.flows[flow]!.megabitsPerSecond(FROM_MS, TO_MS);

describe('P-CC-25 bbr-tolerant fills a path that loses at random', () => {
  it.each([
    [0.01, 17],
    [0.05, 16],
    [0.1, 14.5],
    [0.2, 12],
  ])('loss %d', (loss, least) => {
    const result = simulateGoodput({
      rateBitsPerSecond: RATE,
      rttMs: RTT_MS,
      loss,
      bytes: 10e6,
      controller: 'bbr-tolerant',
      seed: 1,
    });
    expect(result.megabitsPerSecond).toBeGreaterThan(least);
    // At most 2 % more leaves than what the path itself loses.
    expect(1 / (1 - result.retransmittedShare)).toBeLessThan(1.02 / (1 - loss) + 0.01);
  });
});

describe('P-CC-28 bbr-tolerant believes nothing on little evidence', () => {
  it('so that of sixteen flows none takes the losses of all for those of its path', () => {
    const flows = Array.from({ length: 16 }, (_, i) => ({
      controller: 'bbr-tolerant' as const,
      startMs: 100 * i,
    }));
    const line = { rateBitsPerSecond: RATE, queueBytes: BDP_BYTES };
    const result = runArena({ line, rttMs: RTT_MS, durationMs: 15_000, seed: 3, flows });
    const rates = result.flows.map((flow) => flow.megabitsPerSecond(FROM_MS, 15_000));
    expect(jainIndex(rates)).toBeGreaterThan(0.85);
  });
});

describe.each(MODES)('%s does no harm', (mode) => {
  it('behind a quarter of a bandwidth-delay product of queue', () => {
    const line = { rateBitsPerSecond: RATE, queueBytes: BDP_BYTES / 4 };
    const result = run([mode], { line });
    expect(goodput(result)).toBeGreaterThan(0.8 * 20);
    expect(result.flows[0]!.retransmittedShare(FROM_MS, TO_MS)).toBeLessThan(0.05);
  });

  it('P-CC-28 behind a policer', () => {
    const line = {
      rateBitsPerSecond: 5 * RATE,
      queueBytes: 4 * BDP_BYTES,
      policeBitsPerSecond: RATE,
      policeBurstBytes: BDP_BYTES,
    };
    const result = run([mode], { line });
    expect(goodput(result)).toBeGreaterThan(0.8 * 20);
    expect(result.flows[0]!.retransmittedShare(FROM_MS, TO_MS)).toBeLessThan(0.05);
  });

  it('to a TCP beside it', () => {
    const result = run([mode, 'tcp-cubic'], {});
    const [ours, theirs] = [goodput(result), goodput(result, 1)];
    expect(Math.min(ours, theirs) / (ours + theirs)).toBeGreaterThan(0.25);
  });

  it('to its like', () => {
    const result = run([mode, mode], {});
    const [first, second] = [goodput(result), goodput(result, 1)];
    expect(Math.min(first, second) / (first + second)).toBeGreaterThan(0.4);
  });

  it('to a queue of two seconds', () => {
    const line = { rateBitsPerSecond: RATE, queueBytes: RATE / 4 };
    const result = run([mode], { line });
    expect(result.queue.quantileMs(0.5, FROM_MS, TO_MS)).toBeLessThan(RTT_MS);
    expect(goodput(result)).toBeGreaterThan(0.9 * 20);
  });

  it('P-CC-27 and is back within two seconds of an outage', () => {
    const outage = { outages: [{ fromMs: 8_000, toMs: 12_000 }] };
    const result = run([mode], { data: outage, acks: outage });
    expect(result.flows[0]!.reachesMs(15, 12_000, 500)).toBeLessThan(14_000);
  });
});
