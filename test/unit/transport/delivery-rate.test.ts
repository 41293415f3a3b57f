import { describe, expect, it } from 'vitest';
import { DeliveryRate } from '../../../src/transport/congestion/delivery-rate.ts';

const SMSS = 1_000;

/** Ten segments, 1 ms apart, all acknowledged `rttMs` after they left, `every` at a time. */
function run(rate: DeliveryRate, every: number, rttMs = 20): number[] {
  for (let seq = 0; seq < 10; seq += 1) rate.onSent(seq, seq, 0, SMSS, SMSS * (seq + 1));
  const rates: number[] = [];
  for (let first = 0; first < 10; first += every) {
    rate.begin();
    const nowMs = rttMs + first + every - 1;
    for (let seq = first; seq < first + every; seq += 1) rate.onDelivered(nowMs, seq, SMSS, true);
    rates.push(rate.finish(rttMs).bytesPerMs);
  }
  return rates;
}

describe('delivery-rate samples (BBR draft §4.1)', () => {
  it('measure what was delivered over the longer of sending and acknowledging', () => {
    const rates = run(new DeliveryRate(), 1);
    // The first segment left an idle path: one segment in a round trip. The last: ten in 29 ms.
    expect(rates[0]).toBeCloseTo(SMSS / 20, 9);
    expect(rates[9]).toBeCloseTo((10 * SMSS) / 29, 9);
  });

  it('rest on the newest-sent segment that an acknowledgement tells of', () => {
    const rate = new DeliveryRate();
    expect(run(rate, 5)).toHaveLength(2);
    expect(rate.sample).toMatchObject({
      deliveredBytes: 10 * SMSS,
      priorDeliveredBytes: 0,
      txInFlightBytes: 10 * SMSS,
    });
  });

  it('do not count below the smallest round trip', () => {
    const rate = new DeliveryRate();
    rate.onSent(0, 0, 0, SMSS, SMSS);
    rate.begin();
    rate.onDelivered(10, 0, SMSS, true);
    expect(rate.finish(20).bytesPerMs).toBe(0);
  });

  it('give none when it is not known which sending arrived, and count its bytes', () => {
    const rate = new DeliveryRate();
    rate.onSent(0, 0, 0, SMSS, SMSS);
    rate.begin();
    rate.onDelivered(30, 0, SMSS, false);
    expect(rate.finish(20)).toMatchObject({ bytesPerMs: 0, deliveredBytes: SMSS });
  });

  it('say when the application set the rate, until all that it gave is delivered', () => {
    const rate = new DeliveryRate();
    rate.onSent(0, 0, 0, SMSS, SMSS);
    rate.onAppLimited(SMSS);
    rate.onSent(1, 1, 0, SMSS, 2 * SMSS);
    rate.begin();
    rate.onDelivered(20, 0, SMSS, true);
    expect(rate.finish(20).isAppLimited).toBe(false);
    expect(rate.isAppLimited).toBe(true);
    rate.begin();
    rate.onDelivered(21, 1, SMSS, true);
    expect(rate.finish(20).isAppLimited).toBe(true);
    expect(rate.isAppLimited).toBe(false);
  });

  it('tell a loss with what was lost since it left', () => {
    const rate = new DeliveryRate();
    for (let seq = 0; seq < 4; seq += 1) rate.onSent(seq, seq, 0, SMSS, SMSS * (seq + 1));
    rate.onLost(30, 0, SMSS);
    const loss = rate.onLost(30, 2, SMSS);
    expect(loss).toMatchObject({ bytes: SMSS, sentMs: 2, txInFlightBytes: 3 * SMSS });
    expect(loss.lostBytes).toBe(2 * SMSS);
    rate.onSent(31, 2, 0, SMSS, 3 * SMSS);
    rate.begin();
    rate.onDelivered(60, 2, SMSS, true);
    expect(rate.finish(20).lostBytes).toBe(0);
  });

  it('keep their stamps while the window grows', () => {
    const rate = new DeliveryRate();
    for (let seq = 7; seq < 1_007; seq += 1) rate.onSent(seq, seq, 7, SMSS, SMSS * (seq - 6));
    rate.begin();
    rate.onDelivered(2_000, 7, SMSS, true);
    expect(rate.finish(20).txInFlightBytes).toBe(SMSS);
    expect(rate.onLost(2_000, 1_006, SMSS)).toMatchObject({
      sentMs: 1_006,
      txInFlightBytes: 1_000 * SMSS,
    });
  });
});
