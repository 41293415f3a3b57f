/** Segments that arrive in pieces (option PART): one cell each, until every byte is there. */
import type { CellAccount, CellPool } from '../util/cell-pool.ts';

/** Most segments in pieces per connection, and most disjoint pieces of one (docs/LIMITS.md). */
export const MAX_PARTIAL_SEGMENTS = 256;
export const MAX_PIECES = 16;

interface Partial {
  readonly cell: number;
  readonly cellClass: number;
  readonly total: number;
  /** Disjoint ranges held, `[start, end)` pairs in ascending order. */
  ranges: number[];
}

export type PartOutcome = 'taken' | 'whole' | 'noMemory' | 'part';

/** Adds `[start, end)` to ascending disjoint ranges, merging what touches. */
function merge(ranges: readonly number[], start: number, end: number): number[] {
  const merged: number[] = [];
  let from = start;
  let to = end;
  for (let i = 0; i < ranges.length; i += 2) {
    const a = ranges[i]!;
    const b = ranges[i + 1]!;
    if (b < from) merged.push(a, b);
    else if (a > to) {
      merged.push(from, to);
      from = a;
      to = b;
    } else {
      from = Math.min(from, a);
      to = Math.max(to, b);
    }
  }
  merged.push(from, to);
  return merged;
}

export class PartStore {
  private readonly partials = new Map<number, Partial>();
  private readonly pool: CellPool;
  private readonly account: CellAccount | undefined;

  constructor(pool: CellPool, account?: CellAccount) {
    this.pool = pool;
    this.account = account;
  }

  /**
   * Adds piece `bytes[start … end)` at `offset` of segment `seq`; 'whole' when none is missing.
   * @param isNext whether `seq` is the next in order: that one is kept whatever the memory, or the
   *   early segments that fill it would wait for ever
   */
  add(
    seq: number,
    isNext: boolean,
    offset: number,
    total: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): PartOutcome {
    const length = end - start;
    if (length === 0 || offset + length > total) return 'part';
    let partial = this.partials.get(seq);
    if (partial === undefined) {
      if (!isNext && this.partials.size >= MAX_PARTIAL_SEGMENTS) return 'noMemory';
      const cellClass = this.pool.classFor(total);
      const cell = this.pool.take(cellClass, isNext, this.account);
      if (cell < 0) return 'noMemory';
      partial = { cell, cellClass, total, ranges: [] };
      this.partials.set(seq, partial);
    }
    if (partial.total !== total) return 'part';
    const ranges = merge(partial.ranges, offset, offset + length);
    if (ranges.length > 2 * MAX_PIECES) return 'part';
    this.pool.writeAt(partial.cellClass, partial.cell, offset, bytes, start, end);
    partial.ranges = ranges;
    return ranges.length === 2 && ranges[0] === 0 && ranges[1] === total ? 'whole' : 'taken';
  }

  /** Hands over the cell of a whole segment, of the class for its length, and its ownership. */
  takeCell(seq: number): number {
    const { cell } = this.partials.get(seq)!;
    this.partials.delete(seq);
    return cell;
  }

  /** The segment came whole in the meantime. */
  forget(seq: number): void {
    if (this.partials.size === 0) return;
    const partial = this.partials.get(seq);
    if (partial === undefined) return;
    this.pool.free(partial.cellClass, partial.cell, this.account);
    this.partials.delete(seq);
  }

  clear(): void {
    for (const seq of [...this.partials.keys()]) this.forget(seq);
  }
}
