import { describe, expect, it } from 'vitest';
import { Arrivals } from '../../../src/transport/arrivals.ts';
import { AckBlock } from '../../../src/wire/ack-block.ts';
import { openCouple } from './couple.ts';
import { pattern, text } from './segments.ts';

/** Columns of a connection at rest: 256 numbers of the peer's. */
const REST_BYTES = 32;
/** And, as long as nobody has been quiet, 32 transmissions. */
const YOUNG_BYTES = REST_BYTES + 32 * 17 + 4;
const FILE_BYTES = 2_000_000;

describe('a connection at rest', () => {
  it('holds next to nothing before anything was sent', () => {
    const { near, far } = openCouple();
    expect(near.stats().heldBytes).toBeLessThanOrEqual(YOUNG_BYTES);
    expect(far.stats().heldBytes).toBeLessThanOrEqual(YOUNG_BYTES);
  });

  it('gives back what a flow needed, with the first keep-alive after it', () => {
    // Every 50th datagram is lost, so that the receiver's columns grow as well.
    const route = (_: unknown, __: unknown, index: number) => (index % 50 === 49 ? [] : undefined);
    const { couple, near, far } = openCouple({ route });
    couple.client.sendBytes(near, pattern(FILE_BYTES));
    near.endData();
    couple.run(4_000);
    expect(couple.appOf(far).records[0]).toMatchObject({ error: 0 });
    expect(near.stats().heldBytes).toBeGreaterThan(5_000);
    expect(far.stats().heldBytes).toBeGreaterThan(REST_BYTES);
    couple.run(12_000);
    expect(near.stats().heldBytes).toBeLessThanOrEqual(REST_BYTES);
    expect(far.stats().heldBytes).toBeLessThanOrEqual(REST_BYTES);
  });

  it('goes on as if it had never rested', () => {
    const { couple, near, far } = openCouple();
    couple.client.sendBytes(near, pattern(FILE_BYTES));
    near.endData();
    couple.run(2_000);
    for (let i = 0; i < 5; i += 1) {
      couple.run(32_000);
      far.sendMessage(text(`ping ${i}`));
      couple.client.sendBytes(near, pattern(100_000));
      near.endData();
      couple.run(1_000);
    }
    const { records } = couple.appOf(far);
    expect(records.map(({ error, bytes }) => [error, bytes.length])).toEqual([
      [0, FILE_BYTES],
      ...Array.from({ length: 5 }, () => [0, 100_000]),
    ]);
    expect(couple.appOf(near).messages).toHaveLength(5);
    expect([near.audit(), far.audit()]).toEqual([undefined, undefined]);
    expect([near.stats().timeouts, near.stats().segmentsRetransmitted]).toEqual([0, 0]);
  });

  it('keeps what is not acknowledged', () => {
    const { couple, near } = openCouple();
    couple.route = () => [];
    couple.client.sendBytes(near, pattern(50_000));
    couple.run(8_000);
    expect(near.stats().heldBytes).toBeGreaterThan(REST_BYTES);
    couple.route = () => undefined;
    couple.run(8_000);
    expect(near.stats().bytesAcknowledged).toBe(50_000);
  });
});

describe('arrivals at rest', () => {
  function longFlow(): Arrivals {
    const arrivals = new Arrivals(16_384, -Infinity, 1_000);
    arrivals.elicit(0, 1_000);
    for (let txn = 1_001; txn <= 9_000; txn += 1) if (txn !== 8_990) arrivals.record(txn);
    expect(arrivals.ringBits).toBe(8_192);
    return arrivals;
  }

  it('P-TXN-04 takes all that is too old for the small ring as received', () => {
    const arrivals = longFlow();
    arrivals.rest();
    expect(arrivals.ringBits).toBe(256);
    const told = [999, 5_000, 8_807, 8_900, 8_990, 9_000, 9_001].map((txn) =>
      arrivals.isDuplicate(txn),
    );
    expect(told).toEqual([true, true, true, true, false, true, false]);
  });

  it('P-TXN-04 goes on with what comes, near and far', () => {
    const arrivals = longFlow();
    arrivals.rest();
    arrivals.record(8_990);
    for (const txn of [9_001, 9_400, 20_000]) {
      expect(arrivals.isDuplicate(txn)).toBe(false);
      arrivals.record(txn);
      expect(arrivals.isDuplicate(txn)).toBe(true);
    }
    expect([8_990, 9_399, 9_401, 19_999].map((txn) => arrivals.isDuplicate(txn))).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  it('tells nothing of numbers that it has forgotten', () => {
    const arrivals = longFlow();
    arrivals.rest();
    expect(arrivals.echo).toBe(-1);
    arrivals.elicit(5, 9_000);
    const block = new AckBlock();
    arrivals.tell(5, 1_000, block);
    // The word of 9,000 and those before it, back to the oldest number that is remembered.
    const words = [...block.tmap.subarray(0, block.tmapWords)];
    const all = 0xffff_ffff;
    expect(words).toEqual([0xffff_ff00, all, all, all, all, 0xbfff_ffff, 0x1ff]);
  });
});
