import { describe, expect, it } from 'vitest';
import { AckTracker, MIN_REPLAY_WINDOW } from '../../../src/transport/ack-tracker.ts';
import { AckBlock } from '../../../src/wire/ack-block.ts';

/** The transmission numbers that the block's TMAP names. */
function told(block: AckBlock): number[] {
  const names: number[] = [];
  const base = 32 * (Math.floor(block.echo / 32) - block.tmapWords + 1);
  for (let bit = 0; bit < 32 * block.tmapWords; bit += 1) {
    if ((block.tmap[bit >> 5]! & (1 << (bit & 31))) !== 0) names.push(base + bit);
  }
  return names;
}

describe('AckTracker', () => {
  it('tells no transmission of one turn of its ring before', () => {
    const tracker = new AckTracker(0, 64, 2, 25);
    const block = new AckBlock();
    const newest = MIN_REPLAY_WINDOW + 116;
    for (let txn = 1; txn <= newest; txn += 1) {
      tracker.record(0, txn, true);
      if (txn % 50 === 0) tracker.fill(0, block);
    }
    expect(told(block).at(-1)).toBe(newest);
  });
});
