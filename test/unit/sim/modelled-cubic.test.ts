import { describe, expect, it } from 'vitest';
import { Line, type LineOptions } from '../../../src/sim/line.ts';
import { ModelledCubic, TCP_PAYLOAD_BYTES } from '../../../src/sim/modelled-cubic.ts';
import { SeededRandom } from '../../../src/util/random.ts';

interface Path {
  readonly line?: Partial<LineOptions>;
  readonly rttMs?: number;
  readonly loss?: number;
  readonly seed?: number;
}

function flowOn({ line = {}, rttMs = 40, loss = 0, seed = 1 }: Path): ModelledCubic {
  const rate = { rateBitsPerSecond: 50e6, queueBytes: 250_000 };
  return new ModelledCubic({
    line: new Line({ ...rate, ...line }),
    delayMs: rttMs / 2,
    loss,
    random: new SeededRandom(seed),
  });
}

function runTo(flow: ModelledCubic, toMs: number, each?: (nowMs: number) => void): void {
  if (flow.packetsSent === 0) flow.work(0);
  let nextMs = flow.nextMs();
  while (nextMs <= toMs) {
    flow.work(nextMs);
    each?.(nextMs);
    if (flow.nextMs() <= nextMs) throw new Error(`nothing came of ${nextMs} ms`);
    nextMs = flow.nextMs();
  }
}

function megabits(flow: ModelledCubic, ms: number): number {
  return (flow.bytesDelivered * 8) / 1_000 / ms;
}

describe('ModelledCubic', () => {
  it('sends ten segments, then doubles each round trip', () => {
    const flow = flowOn({ line: { rateBitsPerSecond: 0 } });
    flow.work(0);
    expect(flow.packetsSent).toBe(10);
    runTo(flow, 39.9);
    expect(flow.packetsSent).toBe(10);
    expect(flow.bytesDelivered).toBe(10 * TCP_PAYLOAD_BYTES);
    runTo(flow, 40);
    expect(flow.packetsSent).toBe(30);
    runTo(flow, 120);
    expect(flow.packetsSent).toBe(150);
    expect(flow.packetsRetransmitted).toBe(0);
  });

  it('fills a clean line that has a queue, and loses only what the queue drops', () => {
    const flow = flowOn({});
    runTo(flow, 30_000);
    expect(megabits(flow, 30_000)).toBeGreaterThan(0.98 * 50 * (TCP_PAYLOAD_BYTES / 1_500));
    expect(flow.packetsDropped).toBeGreaterThan(0);
    expect(flow.packetsRetransmitted).toBeGreaterThanOrEqual(flow.packetsDropped - 3);
    expect(flow.packetsRetransmitted).toBeLessThanOrEqual(flow.packetsDropped);
    expect(flow.timeouts).toBe(0);
  });

  it('reduces once for all that one round trip lost', () => {
    const flow = flowOn({});
    const reductions: { readonly atMs: number; readonly kept: number }[] = [];
    let before = flow.window.cwnd;
    runTo(flow, 30_000, (atMs) => {
      const { cwnd } = flow.window;
      if (cwnd < before) reductions.push({ atMs, kept: cwnd / before });
      before = cwnd;
    });
    expect(reductions.length).toBeGreaterThan(2);
    expect(reductions.length).toBeLessThan(15);
    reductions.forEach(({ atMs, kept }, i) => {
      expect(kept).toBeCloseTo(0.7, 9);
      expect(atMs - (reductions[i - 1]?.atMs ?? 0)).toBeGreaterThan(40);
    });
  });

  it('does not go on losing behind a policer once it has reduced', () => {
    // The burst ends at once behind the policer, and what exceeds its rate is dropped from then on.
    const police = { policeBitsPerSecond: 50e6, policeBurstBytes: 250_000 };
    const flow = flowOn({ line: { rateBitsPerSecond: 200e6, ...police } });
    runTo(flow, 20_000);
    expect(megabits(flow, 20_000)).toBeGreaterThan(40);
    expect(flow.packetsRetransmitted / flow.packetsSent).toBeLessThan(0.02);
    expect(flow.timeouts).toBe(0);
  });

  it.each([
    // RFC 9438 §4.3: as Reno, the root of 3/2p.
    { region: 'Reno-friendly', rttMs: 20, loss: 0.01, segments: 12.25 },
    // RFC 9438 (6): 1.054 (RTT/p)^0.75, four times what Reno would have.
    { region: 'cubic', rttMs: 600, loss: 0.0005, segments: 215 },
  ])('has the average window of the $region region', ({ rttMs, loss, segments }) => {
    const line = { rateBitsPerSecond: 1e9, queueBytes: 1e6 };
    const flow = flowOn({ line, rttMs, loss });
    runTo(flow, 100_000);
    const before = flow.bytesDelivered;
    runTo(flow, 600_000);
    const seen = (flow.bytesDelivered - before) / TCP_PAYLOAD_BYTES / (500_000 / rttMs);
    expect(seen / segments).toBeGreaterThan(0.8);
    expect(seen / segments).toBeLessThan(1.25);
  });

  it('comes back from a timeout when a whole window is lost', () => {
    const dark = { policeBitsPerSecond: 8, policeBurstBytes: 30_000 };
    const line = new Line({ rateBitsPerSecond: 50e6, queueBytes: 250_000, ...dark });
    const flow = new ModelledCubic({ line, delayMs: 20, loss: 0, random: new SeededRandom(1) });
    runTo(flow, 5_000);
    // 20 packets came through, and then none.
    expect(flow.bytesDelivered).toBe(20 * TCP_PAYLOAD_BYTES);
    expect(flow.timeouts).toBeGreaterThan(2);
    expect(flow.window.cwnd).toBe(1);
    line.configure({ policeBitsPerSecond: 0 });
    expect(flow.nextMs()).toBeLessThan(12_000);
    runTo(flow, 20_000);
    expect(megabits(flow, 20_000)).toBeGreaterThan(15);
  });

  it('does the same with the same seed', () => {
    const sent = (seed: number): number => {
      const flow = flowOn({ loss: 0.02, seed });
      runTo(flow, 5_000);
      return flow.packetsSent;
    };
    expect(sent(1)).toBe(sent(1));
    expect(sent(1)).not.toBe(sent(2));
  });
});
