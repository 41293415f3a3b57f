/** A disk in virtual time: one request after the other, at a rate, and now and then it pauses. */

export interface DiskOptions {
  readonly bytesPerMs: number;
  /** The disk does nothing for the last `stallMs` of every `stallEveryMs`. */
  readonly stallEveryMs: number;
  readonly stallMs: number;
  /** Requests that may be under way. */
  readonly depth: number;
}

export class Disk {
  readonly depth: number;
  private readonly options: DiskOptions;
  private idleAtMs = 0;

  constructor(options: DiskOptions) {
    this.options = options;
    this.depth = options.depth;
  }

  /** When a request of `bytes` that is made now will be done. */
  request(nowMs: number, bytes: number): number {
    const { bytesPerMs, stallEveryMs, stallMs } = this.options;
    let atMs = Math.max(nowMs, this.idleAtMs);
    let workMs = bytes / bytesPerMs;
    for (;;) {
      const cycleMs = Math.floor(atMs / stallEveryMs) * stallEveryMs;
      const stallAtMs = cycleMs + stallEveryMs - stallMs;
      const untilStallMs = Math.max(0, stallAtMs - atMs);
      if (workMs <= untilStallMs) break;
      workMs -= untilStallMs;
      atMs = cycleMs + stallEveryMs;
    }
    this.idleAtMs = atMs + workMs;
    return this.idleAtMs;
  }
}
