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

  /** Takes `count`, or nothing when there are fewer. @param nowMs never less than before */
  take(nowMs: number, count = 1): boolean {
    const gained = ((nowMs - this.atMs) * this.gainedPerSecond) / 1000;
    this.tokens = Math.min(this.capacity, this.tokens + gained);
    this.atMs = nowMs;
    if (this.tokens < count) return false;
    this.tokens -= count;
    return true;
  }
}
