/** Interprets the bytes of an input as choices; behind its end every choice is 0. */
export class ByteReader {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get isDone(): boolean {
    return this.at >= this.bytes.length;
  }

  byte(): number {
    const value = this.bytes[this.at] ?? 0;
    this.at += 1;
    return value;
  }

  uint16(): number {
    return this.byte() * 256 + this.byte();
  }

  /** Up to `count` bytes, fewer at the end; a copy. */
  take(count: number): Uint8Array {
    const from = Math.min(this.at, this.bytes.length);
    this.at = from + count;
    return this.bytes.slice(from, from + count);
  }

  /** All that is left; a copy. */
  rest(): Uint8Array {
    return this.take(this.bytes.length);
  }

  /** One of `choices`. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.byte() % choices.length]!;
  }
}
