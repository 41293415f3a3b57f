/**
 * One doubly linked list of window slots per back-off level, each in order of sending.
 * All segments of a level share one timeout, so the head of a list expires first.
 */

/** Back-off levels; a segment that timed out more often stays at the last. */
export const BACKOFF_LEVELS = 8;
export const NO_SLOT = -1;

export class BackoffLists {
  private prev: Int32Array;
  private next: Int32Array;
  private readonly heads = new Int32Array(BACKOFF_LEVELS).fill(NO_SLOT);
  private readonly tails = new Int32Array(BACKOFF_LEVELS).fill(NO_SLOT);

  constructor(capacity: number) {
    this.prev = new Int32Array(capacity);
    this.next = new Int32Array(capacity);
  }

  /** Slot that was sent first at `level`, or NO_SLOT. */
  head(level: number): number {
    return this.heads[level]!;
  }

  /** Appends `slot`, which has just been sent. */
  link(level: number, slot: number): void {
    const tail = this.tails[level]!;
    this.prev[slot] = tail;
    this.next[slot] = NO_SLOT;
    if (tail === NO_SLOT) this.heads[level] = slot;
    else this.next[tail] = slot;
    this.tails[level] = slot;
  }

  unlink(level: number, slot: number): void {
    const before = this.prev[slot]!;
    const after = this.next[slot]!;
    if (before === NO_SLOT) this.heads[level] = after;
    else this.next[before] = after;
    if (after === NO_SLOT) this.tails[level] = before;
    else this.prev[after] = before;
  }

  /** The slots of `level`, oldest first. */
  slots(level: number): number[] {
    const list: number[] = [];
    for (let at = this.heads[level]!; at !== NO_SLOT; at = this.next[at]!) list.push(at);
    return list;
  }

  /** Empties every list and makes room for `capacity` slots. */
  reset(capacity: number): void {
    this.prev = new Int32Array(capacity);
    this.next = new Int32Array(capacity);
    this.heads.fill(NO_SLOT);
    this.tails.fill(NO_SLOT);
  }
}
