/** A rate with a burst: so many at once, and so many more gained each second. */
export class TokenBucket {
  private readonly capacity: number;
  private readonly gainedPerSecond: number;
  private tokens: number;
  private atMs = 0;

  /** Full at first. */
  constructor(capacity: number, gainedPerSecond: number) {
    this.capacity = capacity;
    this.gainedPerSecond = gainedPerSecond;
    this.tokens = capacity;
  }

  /** Takes one; false when there is none. @param nowMs never less than the time before */
  take(nowMs: number): boolean {
    const gained = ((nowMs - this.atMs) * this.gainedPerSecond) / 1000;
    this.tokens = Math.min(this.capacity, this.tokens + gained);
    this.atMs = nowMs;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
  }
}
