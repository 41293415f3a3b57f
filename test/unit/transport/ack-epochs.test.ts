/** What a receiver knows of the numbers of two epochs, with a gap between them or none. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AckTracker, MIN_REPLAY_WINDOW } from '../../../src/transport/ack-tracker.ts';
import { AckBlock } from '../../../src/wire/ack-block.ts';
import { toldBy } from './segments.ts';

const EPOCH = 2 ** 22;
const FIRST = 3 * EPOCH - 2 ** 21;
const NEXT = 3 * EPOCH;

function trackerAt(firstTxn: number, epochTxns = EPOCH): AckTracker {
  return new AckTracker(firstTxn, 64, 2, 25, epochTxns);
}

/** Everything that acknowledgements say while one is due. */
function drained(tracker: AckTracker, nowMs: number): { echoes: number[]; told: number[] } {
  const block = new AckBlock();
  const echoes: number[] = [];
  const told: number[] = [];
  while (tracker.isAckDue(nowMs)) {
    tracker.fill(nowMs, block);
    echoes.push(block.echo);
    told.push(...toldBy(block));
  }
  return { echoes, told };
}

describe('AckTracker, over a jump to the next epoch', () => {
  it('P-TXN-04 takes what was sent before and comes late, each number once', () => {
    const tracker = trackerAt(FIRST);
    for (let n = 1; n <= 10; n += 1) if (n !== 7) tracker.record(0, FIRST + n, true);
    tracker.record(0, NEXT + 2, true);
    expect(tracker.newestTxn).toBe(NEXT + 2);
    const late = [FIRST + 7, FIRST + 11, FIRST + 500, NEXT, NEXT + 1];
    for (const txn of late) {
      expect(tracker.isDuplicate(txn)).toBe(false);
      tracker.record(0, txn, true);
      expect(tracker.isDuplicate(txn)).toBe(true);
    }
    expect(tracker.newestTxn).toBe(NEXT + 2);
    for (const txn of [FIRST, FIRST + 1, FIRST + 10, NEXT + 2]) {
      expect(tracker.isDuplicate(txn)).toBe(true);
    }
  });

  it('P-TXN-04 counts how old a number is within its epoch', () => {
    const tracker = trackerAt(FIRST);
    tracker.record(0, FIRST + 20_000, true);
    tracker.record(0, NEXT + 20_000, true);
    const isOld = [FIRST + 3_000, FIRST + 4_000, NEXT + 3_000, NEXT + 4_000].map((txn) =>
      tracker.isDuplicate(txn),
    );
    expect(isOld).toEqual([true, false, true, false]);
  });

  it('P-TXN-04 knows no number of two epochs before, however near it is', () => {
    const tracker = trackerAt(NEXT - 10);
    tracker.record(0, NEXT + 5, true);
    expect(tracker.isDuplicate(NEXT - 9)).toBe(false);
    tracker.record(0, NEXT + EPOCH, true);
    expect([NEXT - 9, NEXT - 5].map((txn) => tracker.isDuplicate(txn))).toEqual([true, true]);
    expect([NEXT, NEXT + 6].map((txn) => tracker.isDuplicate(txn))).toEqual([false, false]);
  });

  it('P-ACK-01 tells the rest of the epoch before first, in a block of its own', () => {
    const tracker = trackerAt(FIRST);
    const block = new AckBlock();
    tracker.record(0, FIRST + 1, true);
    tracker.record(5, FIRST + 40, true);
    tracker.record(9, NEXT, true);
    expect(tracker.isAckDue(10)).toBe(true);
    tracker.fill(10, block);
    expect([block.echo, block.delayMs]).toEqual([FIRST + 40, 5]);
    expect(toldBy(block)).toEqual([FIRST, FIRST + 1, FIRST + 40]);
    expect(tracker.isAckDue(10)).toBe(true);
    tracker.fill(10, block);
    expect([block.echo, block.delayMs, block.tmapWords]).toEqual([NEXT, 1, 1]);
    expect(tracker.isAckDue(1e9)).toBe(false);
  });

  it('P-ACK-01 tells a late one of the epoch before, and no gap in between', () => {
    const tracker = trackerAt(FIRST);
    tracker.record(0, FIRST + 3, true);
    tracker.record(0, NEXT, true);
    drained(tracker, 0);
    tracker.record(1, FIRST + 1, true);
    tracker.record(1, NEXT + 1, true);
    const { echoes, told } = drained(tracker, 1);
    expect(echoes).toEqual([FIRST + 3, NEXT + 1]);
    expect(told).toEqual([FIRST, FIRST + 1, FIRST + 3, NEXT, NEXT + 1]);
  });

  it('tells nothing of an epoch in which nothing asked for it', () => {
    const tracker = trackerAt(FIRST);
    const block = new AckBlock();
    tracker.record(0, FIRST + 1, false);
    tracker.record(0, NEXT, true);
    expect(drained(tracker, 0).echoes).toEqual([NEXT]);
    tracker.record(0, NEXT + EPOCH, false);
    tracker.demand();
    tracker.fill(0, block);
    expect(block.echo).toBe(NEXT);
    tracker.demand();
    tracker.fill(0, block);
    expect(block.tmapWords).toBe(0);
  });

  it('P-TXN-04 P-ACK-01 agree with a list of all that came, whatever jumps and comes late', () => {
    const epoch = 65_536;
    const step = fc.record({
      kind: fc.constantFrom('next', 'next', 'next', 'late', 'jump', 'acknowledge'),
      draw: fc.nat(300),
    });
    fc.assert(
      fc.property(fc.nat(2 * epoch), fc.array(step, { maxLength: 300 }), (first, steps) => {
        const tracker = trackerAt(first, epoch);
        const came = new Set([first]);
        const told = new Set<number>();
        let newest = first;
        const take = (txn: number): void => {
          // Nothing here is older than the ring reaches, but what is two epochs old.
          const isForgotten = Math.floor(txn / epoch) < Math.floor(newest / epoch) - 1;
          if (txn < first) return;
          expect(tracker.isDuplicate(txn)).toBe(came.has(txn) || isForgotten);
          if (came.has(txn) || isForgotten) return;
          tracker.record(0, txn, true);
          came.add(txn);
          newest = Math.max(newest, txn);
          expect(tracker.newestTxn).toBe(newest);
        };
        for (const { kind, draw } of steps) {
          if (kind === 'next') take(newest + 1 + (draw % 5));
          else if (kind === 'late') take(newest - draw);
          else if (kind === 'jump') take(epoch * (Math.floor(newest / epoch) + 1) + (draw % 3));
          else for (const txn of drained(tracker, 0).told) told.add(txn);
        }
        for (const txn of drained(tracker, 1e9).told) told.add(txn);
        for (const txn of told) expect(came.has(txn)).toBe(true);
        // Two jumps without an acknowledgement between them leave the first epoch to SACK, and so
        // does what lies 64 words below the newest of an epoch.
        const epochOf = (txn: number): number => Math.floor(txn / epoch);
        for (const txn of came) {
          if (txn === first || told.has(txn) || epochOf(txn) < epochOf(newest) - 1) continue;
          const others = [...came].filter((other) => epochOf(other) === epochOf(txn));
          expect(Math.max(...others) - txn).toBeGreaterThan(63 * 32);
        }
      }),
      { numRuns: 300 },
    );
    expect(epoch).toBeGreaterThan(MIN_REPLAY_WINDOW);
  });
});

describe('AckTracker without keys', () => {
  it('knows no epochs: a step of any width leaves one ring', () => {
    const tracker = new AckTracker(FIRST, 64, 2, 25);
    tracker.record(0, FIRST + 5, true);
    tracker.record(0, NEXT, true);
    expect(tracker.isDuplicate(FIRST + 4)).toBe(true);
    expect(drained(tracker, 0).echoes).toEqual([NEXT]);
  });
});
