/**
 * The largest of the values seen in the last few slots of a time that is counted, not measured:
 * rounds, or cycles of probing (BBR draft, "Max Filter"). One slot per step, so no allocation.
 */
export class WindowedMax {
  private readonly slots: Float64Array;
  private at = 0;

  /** @param length slots remembered, the current one included */
  constructor(length: number) {
    this.slots = new Float64Array(length);
  }

  add(value: number): void {
    if (value > this.slots[this.at]!) this.slots[this.at] = value;
  }

  /** The next slot begins; the oldest is forgotten. */
  advance(): void {
    this.at = (this.at + 1) % this.slots.length;
    this.slots[this.at] = 0;
  }

  /** Largest of the newest `length` slots; 0 where nothing was added. */
  max(length = this.slots.length): number {
    const count = this.slots.length;
    let largest = 0;
    for (let back = 0; back < length; back += 1) {
      largest = Math.max(largest, this.slots[(this.at - back + count) % count]!);
    }
    return largest;
  }
}
