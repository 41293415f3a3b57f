import { beforeEach, describe, expect, it } from 'vitest';
import { HyStart } from '../../../src/transport/congestion/hystart.ts';
import type { DeliverySample } from '../../../src/transport/congestion/samples.ts';

const SEGMENT = 1000;
const RATE: DeliverySample = {
  bytesPerMs: 0,
  isAppLimited: false,
  deliveredBytes: 0,
  priorDeliveredBytes: 0,
  txInFlightBytes: 0,
  lostBytes: 0,
};

describe('P-CC-11 HyStart++', () => {
  let hystart: HyStart;
  let delivered = 0;
  beforeEach(() => {
    hystart = new HyStart();
    delivered = 0;
  });

  /** One acknowledgement; `prior` is what had been delivered when its segment left. */
  function ack(rttMs: number, prior: number): boolean {
    delivered += SEGMENT;
    const rate = { ...RATE, deliveredBytes: delivered, priorDeliveredBytes: prior };
    return hystart.onAck(rttMs, rate);
  }

  /** A round: its first acknowledgement ends the one before, `rtts` are all that it measures. */
  function round(...rtts: number[]): boolean {
    const prior = delivered;
    let isOver = false;
    rtts.forEach((rttMs, i) => {
      isOver = ack(rttMs, i === 0 ? prior : prior - 1) || isOver;
    });
    return isOver;
  }

  const times = (rttMs: number, count = 10): number[] => new Array<number>(count).fill(rttMs);

  it('keeps its speed while round trips stay within an eighth', () => {
    for (const rttMs of [100, 112, 124, 136]) round(...times(rttMs));
    expect(hystart.growthDivisor).toBe(1);
  });

  it('slows down by four when the least round trip of a round has risen by an eighth', () => {
    round(...times(100));
    // The first acknowledgement of a round still counts for the one before.
    expect(round(100, ...times(112.5, 7))).toBe(false);
    expect(hystart.growthDivisor).toBe(1);
    ack(112.5, 0);
    expect(hystart.growthDivisor).toBe(4);
  });

  it.each([
    [8, 11.9, 12],
    [80, 89.9, 90],
    [400, 415.9, 416],
  ])('after %d ms takes %d ms for noise and %d ms for a queue', (base, below, above) => {
    round(...times(base));
    round(base, ...times(below));
    expect(hystart.growthDivisor).toBe(1);
    hystart = new HyStart();
    delivered = 0;
    round(...times(base));
    round(base, ...times(above));
    expect(hystart.growthDivisor).toBe(4);
  });

  it('needs eight samples, and does not count acknowledgements without one', () => {
    round(...times(100));
    round(100, ...times(200, 7), ...times(NaN, 20));
    expect(hystart.growthDivisor).toBe(1);
    ack(200, 0);
    expect(hystart.growthDivisor).toBe(4);
  });

  it('judges nothing in the first round, in which the first burst queues behind itself', () => {
    ack(20, 0);
    for (let i = 0; i < 31; i += 1) ack(30 + i, 0);
    expect(hystart.growthDivisor).toBe(1);
    ack(60, SEGMENT);
    for (let i = 0; i < 20; i += 1) ack(21, SEGMENT);
    expect(hystart.growthDivisor).toBe(1);
  });

  it('is over after five rounds of slow growth, the one in which it began included', () => {
    round(...times(100));
    round(100, ...times(130));
    expect(hystart.growthDivisor).toBe(4);
    for (let i = 0; i < 4; i += 1) expect(round(...times(130))).toBe(false);
    expect(round(130)).toBe(true);
  });

  it('grows on at full speed when the rise did not last', () => {
    round(...times(100));
    round(100, ...times(130));
    round(...times(130));
    round(130, ...times(101));
    expect(hystart.growthDivisor).toBe(1);
    // The rounds of slow growth before do not count for the next time.
    round(101, ...times(160));
    round(160, ...times(160));
    expect(hystart.growthDivisor).toBe(4);
    for (let i = 0; i < 3; i += 1) expect(round(...times(160))).toBe(false);
  });

  it('does not swing on samples from before the change', () => {
    round(...times(100));
    round(100, ...times(130, 8));
    expect(hystart.growthDivisor).toBe(4);
    // One shorter round trip is not eight.
    ack(120, 0);
    expect(hystart.growthDivisor).toBe(4);
    for (let i = 0; i < 7; i += 1) ack(140, 0);
    expect(hystart.growthDivisor).toBe(1);
    ack(140, 0);
    expect(hystart.growthDivisor).toBe(1);
  });

  it('loses no acknowledgement between rounds when nothing is sent for a while', () => {
    round(...times(100));
    round(100, ...times(130, 3));
    // The sender pauses: these acknowledgements end no round and are samples of this one.
    for (let i = 0; i < 5; i += 1) ack(130, 0);
    expect(hystart.growthDivisor).toBe(4);
  });

  it('takes an acknowledgement without stamps for part of the round', () => {
    round(...times(100));
    round(100, ...times(130, 8));
    for (let i = 0; i < 100; i += 1) expect(ack(130, 0)).toBe(false);
  });
});
