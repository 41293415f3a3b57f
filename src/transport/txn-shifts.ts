/**
 * Which number on the wire stands for which of ours.
 *
 * Ours are dense, as they index columns; those on the wire jump when a key is too old (P-KEY-09).
 * A shift is a multiple of 32, so a TMAP word has the same 32 transmissions in both.
 */
import { assert } from '../util/assert.ts';

/**
 * Jumps whose numbers are still told apart (docs/LIMITS.md). They lie KEY_LIFETIME_MS apart: what
 * left before two of them is past caring.
 */
export const MAX_JUMPS_REMEMBERED = 2;

/** A number on the wire for which nothing of ours stands: it was never sent. */
export const NEVER_SENT = Infinity;
/** One from before the jumps that are remembered. */
export const LONG_AGO = -Infinity;

interface PastShift {
  readonly shift: number;
  /** The wire numbers of this shift: from the first one to before the last one's next. */
  readonly fromWire: number;
  readonly endWire: number;
}

export class TxnShifts {
  /** What a number of ours has to be raised by now to be the one on the wire. */
  shift = 0;
  /** First wire number with this shift. */
  private fromWire = -Infinity;
  /** The shifts before, newest first. */
  private readonly past: PastShift[] = [];

  /**
   * From our number `txn` on, the wire has `wire` and what follows.
   * @param txn,wire multiples of 32; `wire` is above the number that `txn` had so far
   */
  jump(txn: number, wire: number): void {
    const { shift, fromWire, past } = this;
    const endWire = txn + shift;
    assert(txn % 32 === 0 && wire % 32 === 0 && wire > endWire, 'a jump by whole words, forwards');
    past.unshift({ shift, fromWire, endWire });
    if (past.length > MAX_JUMPS_REMEMBERED) past.pop();
    this.shift = wire - txn;
    this.fromWire = wire;
  }

  /** The first of our numbers that `numberOf` still finds; -Infinity while it finds all. */
  get oldest(): number {
    const last = this.past.at(-1);
    return last === undefined ? -Infinity : last.fromWire - last.shift;
  }

  /** Ours for `wire`, or NEVER_SENT when it lies in a gap, or LONG_AGO. */
  numberOf(wire: number): number {
    return wire >= this.fromWire ? wire - this.shift : this.pastNumberOf(wire);
  }

  private pastNumberOf(wire: number): number {
    for (const { shift, fromWire, endWire } of this.past) {
      if (wire >= endWire) return NEVER_SENT;
      if (wire >= fromWire) return wire - shift;
    }
    return LONG_AGO;
  }
}
