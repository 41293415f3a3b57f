import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AckTracker, MIN_REPLAY_WINDOW } from '../../../src/transport/ack-tracker.ts';
import { Arrivals } from '../../../src/transport/arrivals.ts';
import { AckBlock, MAX_TMAP_WORDS } from '../../../src/wire/ack-block.ts';
import { toldBy } from './segments.ts';

function trackerFrom(firstTxn: number, windowSegments = 64): AckTracker {
  return new AckTracker(firstTxn, windowSegments, 2, 25);
}

describe('AckTracker, as a filter of duplicates', () => {
  it('takes the handshake as received', () => {
    const tracker = trackerFrom(70);
    expect(tracker.newestTxn).toBe(70);
    expect([69, 70, 71].map((txn) => tracker.isDuplicate(txn))).toEqual([false, true, false]);
  });

  it('knows a number it recorded, in whatever order', () => {
    const tracker = trackerFrom(70);
    for (const txn of [100, 80, 90]) tracker.record(0, txn, true);
    expect(tracker.newestTxn).toBe(100);
    const duplicates = [79, 80, 81, 90, 100, 101].map((txn) => tracker.isDuplicate(txn));
    expect(duplicates).toEqual([false, true, false, true, true, false]);
  });

  it('takes what is too old to tell for a duplicate', () => {
    const tracker = trackerFrom(0);
    tracker.record(0, 100_000, true);
    const lowest = 100_000 - MIN_REPLAY_WINDOW + 65;
    expect(tracker.isDuplicate(lowest - 1)).toBe(true);
    expect(tracker.isDuplicate(lowest)).toBe(false);
  });

  it('remembers at least four windows', () => {
    const tracker = trackerFrom(0, 5000);
    tracker.record(0, 100_000, true);
    expect(tracker.isDuplicate(100_000 - 4 * 5000)).toBe(false);
    expect(tracker.isDuplicate(100_000 - 32_768 + 64)).toBe(true);
    const exact = trackerFrom(0, MIN_REPLAY_WINDOW / 4);
    exact.record(0, 100_000, true);
    expect(exact.isDuplicate(100_000 - MIN_REPLAY_WINDOW)).toBe(true);
  });

  it('forgets nothing of what it can still tell when numbers jump', () => {
    const tracker = trackerFrom(0);
    tracker.record(0, 31, false);
    tracker.record(0, 33, false);
    tracker.record(0, 64, false);
    expect([31, 33, 64].every((txn) => tracker.isDuplicate(txn))).toBe(true);
    tracker.record(0, MIN_REPLAY_WINDOW + 10, false);
    // 33 of the turn before shares its place with a number that never came.
    expect(tracker.isDuplicate(MIN_REPLAY_WINDOW - 1)).toBe(false);
    tracker.record(0, 3 * MIN_REPLAY_WINDOW + 50, false);
    for (const txn of [31, 33, 64, 10]) {
      expect(tracker.isDuplicate(3 * MIN_REPLAY_WINDOW + txn)).toBe(txn >= 128);
    }
  });
});

describe('P-TXN-04 Arrivals, whose ring grows with what comes', () => {
  const MOST = 1024;

  it('says of every number what a ring of full size says, in any order', () => {
    const number = fc.oneof(fc.nat(300), fc.nat(3 * MOST));
    fc.assert(
      fc.property(fc.array(number, { maxLength: 80 }), fc.nat(MOST), (numbers, first) => {
        const arrivals = new Arrivals(MOST, -Infinity, first);
        const seen = new Set([first]);
        let newest = first;
        for (const txn of numbers) {
          const isTooOld = txn <= newest - MOST + 64;
          const isDuplicate = arrivals.isDuplicate(txn);
          if (txn <= newest) expect(isDuplicate).toBe(isTooOld || seen.has(txn));
          else expect(isDuplicate).toBe(false);
          if (isDuplicate) continue;
          arrivals.record(txn);
          seen.add(txn);
          newest = Math.max(newest, txn);
        }
        const wrong: number[] = [];
        for (let txn = Math.max(0, newest - MOST + 65); txn <= newest; txn += 1) {
          if (arrivals.isDuplicate(txn) !== seen.has(txn)) wrong.push(txn);
        }
        expect(wrong).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('takes no more memory than what came needs, and never more than its cap', () => {
    const arrivals = new Arrivals(MOST, -Infinity, 0);
    expect(arrivals.ringBits).toBe(256);
    for (let txn = 1; txn < 190; txn += 1) arrivals.record(txn);
    expect(arrivals.ringBits).toBe(256);
    arrivals.record(200);
    expect(arrivals.ringBits).toBe(512);
    arrivals.record(100_000);
    expect(arrivals.ringBits).toBe(MOST);
    arrivals.record(200_000);
    expect(arrivals.ringBits).toBe(MOST);
  });
});

/** Uses up what may leave without waiting. */
function spend(tracker: AckTracker, nowMs: number): void {
  for (let i = 0; i < 16; i += 1) tracker.fill(nowMs, new AckBlock());
}

describe('AckTracker, when to acknowledge', () => {
  it('is due when the agreed number of eliciting segments waits', () => {
    const tracker = trackerFrom(0);
    spend(tracker, 0);
    expect(tracker.isAckDue(0)).toBe(false);
    tracker.record(0, 1, true);
    tracker.record(0, 2, false);
    expect(tracker.isAckDue(0)).toBe(false);
    tracker.record(0, 3, true);
    expect(tracker.isAckDue(0)).toBe(true);
  });

  it('P-ACK-08 is due the agreed time after the last of many acknowledgements', () => {
    const tracker = trackerFrom(0);
    spend(tracker, 7);
    expect(tracker.nextTimeout()).toBe(Infinity);
    tracker.record(8, 1, false);
    expect(tracker.nextTimeout()).toBe(Infinity);
    tracker.record(9, 2, true);
    expect(tracker.nextTimeout()).toBe(32);
    expect([tracker.isAckDue(31.9), tracker.isAckDue(32)]).toEqual([false, true]);
    const patient = new AckTracker(0, 64, 10, 25);
    spend(patient, 7);
    patient.record(8, 1, true);
    patient.record(20, 2, true);
    expect(patient.nextTimeout()).toBe(32);
  });

  it('P-ACK-08 is due at once for a lone one until sixteen have left, then one per delay', () => {
    const tracker = trackerFrom(0);
    for (let txn = 1; txn <= 16; txn += 1) {
      tracker.record(100, txn, true);
      expect(tracker.isAckDue(100)).toBe(true);
      tracker.fill(100, new AckBlock());
    }
    tracker.record(100, 17, true);
    expect([tracker.isAckDue(100), tracker.nextTimeout()]).toEqual([false, 125]);
    tracker.fill(150, new AckBlock());
    tracker.record(150, 18, true);
    expect(tracker.isAckDue(150)).toBe(true);
  });

  it('gains one that may leave per delay, and counts the part of one that is left', () => {
    const tracker = trackerFrom(0);
    tracker.fill(0, new AckBlock());
    for (let i = 0; i < 15; i += 1) tracker.fill(10, new AckBlock());
    tracker.record(10, 1, true);
    // Of D, 10 ms had passed before; 15 ms are to go.
    expect(tracker.nextTimeout()).toBeCloseTo(25, 9);
    spend(tracker, 10);
    tracker.record(10, 2, true);
    expect(tracker.nextTimeout()).toBe(35);
  });

  it('obeys the policy that the peer named last, within bounds', () => {
    const tracker = trackerFrom(0);
    tracker.setPolicy(100_000, 1e9);
    spend(tracker, 0);
    for (let txn = 1; txn <= 255; txn += 1) tracker.record(0, txn, true);
    expect([tracker.isAckDue(0), tracker.nextTimeout()]).toEqual([false, 1000]);
    tracker.record(0, 256, true);
    expect(tracker.isAckDue(0)).toBe(true);
  });

  it('acknowledges at least every segment, whatever the peer asks', () => {
    const tracker = new AckTracker(0, 64, 0, 25);
    expect(tracker.isAckDue(0)).toBe(false);
    tracker.record(0, 1, true);
    expect(tracker.isAckDue(0)).toBe(true);
  });

  it('is due at once on demand, and not after it was given', () => {
    const tracker = trackerFrom(0);
    tracker.demand();
    expect(tracker.isAckDue(0)).toBe(true);
    tracker.fill(0, new AckBlock());
    expect(tracker.isAckDue(1e9)).toBe(false);
    tracker.record(0, 1, true);
    tracker.record(0, 2, true);
    tracker.fill(0, new AckBlock());
    expect([tracker.isAckDue(1e9), tracker.nextTimeout()]).toEqual([false, Infinity]);
  });
});

describe('AckTracker, what it tells', () => {
  it('tells nothing before something eliciting came', () => {
    const tracker = trackerFrom(0);
    const block = new AckBlock();
    block.tmapWords = 7;
    block.delayMs = 9;
    tracker.record(5, 1, false);
    tracker.fill(6, block);
    expect([block.tmapWords, block.delayMs, block.echo]).toEqual([0, 0, 0]);
  });

  it('echoes the newest eliciting number and the time since then', () => {
    const tracker = trackerFrom(0);
    const block = new AckBlock();
    tracker.record(10, 9, true);
    tracker.record(12, 8, true);
    tracker.record(14, 20, false);
    tracker.fill(15.5, block);
    expect([block.echo, block.delayMs]).toEqual([9, 5.5]);
    expect(toldBy(block)).toEqual([0, 8, 9, 20]);
    tracker.fill(20, block);
    expect([block.echo, block.delayMs]).toEqual([9, 10]);
  });

  it('echoes the low 32 bits of a number beyond them', () => {
    const tracker = trackerFrom(2 ** 32 - 1);
    const block = new AckBlock();
    tracker.record(0, 2 ** 32 + 3, true);
    tracker.fill(0, block);
    expect(block.echo).toBe(3);
    expect([...block.tmap.subarray(0, block.tmapWords)]).toEqual([0b1000]);
  });

  it('P-ACK-01 tells what came first since the last eight acknowledgements', () => {
    const tracker = trackerFrom(0);
    const block = new AckBlock();
    const words: number[] = [];
    for (let n = 1; n <= 12; n += 1) {
      tracker.record(0, 32 * n, true);
      tracker.fill(0, block);
      words.push(block.tmapWords);
    }
    expect(words).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8, 8]);
  });

  it('P-ACK-01 reaches back to a late one however far below the echo, 64 words at most', () => {
    const tracker = trackerFrom(0);
    const block = new AckBlock();
    tracker.record(0, 32 * 100, true);
    for (let n = 0; n < 9; n += 1) tracker.fill(0, block);
    expect(block.tmapWords).toBe(1);
    tracker.record(0, 32 * 90 + 4, true);
    tracker.fill(0, block);
    expect(block.tmapWords).toBe(11);
    expect(toldBy(block)).toEqual([32 * 90 + 4, 32 * 100]);
    tracker.record(0, 32, true);
    tracker.fill(0, block);
    expect(block.tmapWords).toBe(MAX_TMAP_WORDS);
    expect(toldBy(block)).toEqual([32 * 90 + 4, 32 * 100]);
  });

  it('tells no transmission of one turn of its ring before', () => {
    const tracker = trackerFrom(0);
    const block = new AckBlock();
    const newest = MIN_REPLAY_WINDOW + 116;
    for (let txn = 1; txn <= newest; txn += 1) {
      tracker.record(0, txn, true);
      if (txn % 50 === 0) tracker.fill(0, block);
    }
    expect(toldBy(block).at(-1)).toBe(newest);
  });
});
