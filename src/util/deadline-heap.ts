/** A binary min-heap of deadlines whose entries know their place, so that one can be moved. */

/** Anything with a deadline. `heapIndex` belongs to the heap; start it at -1. */
export interface Deadlined {
  deadlineMs: number;
  heapIndex: number;
}

export class DeadlineHeap<T extends Deadlined> {
  private readonly entries: T[] = [];
  /** Places by which entries moved so far: what all updates have cost. */
  moves = 0;

  get size(): number {
    return this.entries.length;
  }

  /** The entry with the earliest deadline. */
  peek(): T | undefined {
    return this.entries[0];
  }

  /** Puts `entry` at `deadlineMs`: inserts, moves, or removes it when the deadline is Infinity. */
  update(entry: T, deadlineMs: number): void {
    if (deadlineMs === Infinity) {
      this.remove(entry);
      return;
    }
    const before = entry.deadlineMs;
    entry.deadlineMs = deadlineMs;
    if (entry.heapIndex < 0) {
      entry.heapIndex = this.entries.push(entry) - 1;
      this.siftUp(entry);
    } else if (deadlineMs < before) this.siftUp(entry);
    else if (deadlineMs > before) this.siftDown(entry);
  }

  remove(entry: T): void {
    const index = entry.heapIndex;
    entry.deadlineMs = Infinity;
    if (index < 0) return;
    entry.heapIndex = -1;
    const last = this.entries.pop()!;
    if (last === entry) return;
    this.entries[index] = last;
    last.heapIndex = index;
    this.siftUp(last);
    this.siftDown(last);
  }

  private siftUp(entry: T): void {
    while (entry.heapIndex > 0) {
      const parent = this.entries[(entry.heapIndex - 1) >> 1]!;
      if (parent.deadlineMs <= entry.deadlineMs) return;
      this.swap(entry, parent);
    }
  }

  private siftDown(entry: T): void {
    for (;;) {
      const left = this.entries[2 * entry.heapIndex + 1];
      const right = this.entries[2 * entry.heapIndex + 2];
      let child = left;
      if (right !== undefined && left !== undefined && right.deadlineMs < left.deadlineMs) {
        child = right;
      }
      if (child === undefined || child.deadlineMs >= entry.deadlineMs) return;
      this.swap(entry, child);
    }
  }

  private swap(a: T, b: T): void {
    this.moves += 1;
    const index = a.heapIndex;
    a.heapIndex = b.heapIndex;
    b.heapIndex = index;
    this.entries[a.heapIndex] = a;
    this.entries[b.heapIndex] = b;
  }
}
