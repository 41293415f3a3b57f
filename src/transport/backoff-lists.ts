/**
 * One doubly linked list of window slots per back-off level, each in order of sending.
 * All segments of a level share one timeout, so the head of a list expires first.
 */

/** Back-off levels; a segment that timed out more often stays at the last. */
export const BACKOFF_LEVELS = 8;
export const NO_SLOT = -1;

/** Of all lists without room for a slot, which are never written to. */
const NO_LISTS = new Int32Array(BACKOFF_LEVELS).fill(NO_SLOT);

export class BackoffLists {
  private prev = NO_LISTS;
  private next = NO_LISTS;
  private heads = NO_LISTS;
  private tails = NO_LISTS;

  constructor(capacity = 0) {
    this.reset(capacity);
  }

  get heldBytes(): number {
    if (this.heads === NO_LISTS) return 0;
    const { prev, next, heads, tails } = this;
    return prev.byteLength + next.byteLength + heads.byteLength + tails.byteLength;
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

  /** Empties every list and makes room for `capacity` slots; 0 gives all memory back. */
  reset(capacity: number): void {
    const isNone = capacity === 0;
    this.prev = isNone ? NO_LISTS : new Int32Array(capacity);
    this.next = isNone ? NO_LISTS : new Int32Array(capacity);
    this.heads = isNone ? NO_LISTS : new Int32Array(BACKOFF_LEVELS).fill(NO_SLOT);
    this.tails = isNone ? NO_LISTS : new Int32Array(BACKOFF_LEVELS).fill(NO_SLOT);
  }
}
