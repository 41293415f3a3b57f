/** A queue whose `shift` costs the same at every length; `Array.shift` moves all that follow. */

export class Fifo<T> {
  private entries: T[] = [];
  private head = 0;

  get length(): number {
    return this.entries.length - this.head;
  }

  push(entry: T): void {
    this.entries.push(entry);
  }

  /** The oldest entry, which stays. */
  peek(): T | undefined {
    return this.entries[this.head];
  }

  shift(): T | undefined {
    const entry = this.entries[this.head];
    if (this.head >= this.entries.length) return undefined;
    this.head += 1;
    // Half of the array is behind us: moving the rest now is paid for by the shifts before.
    if (this.head * 2 >= this.entries.length) {
      this.entries = this.entries.slice(this.head);
      this.head = 0;
    }
    return entry;
  }
}
