/** How late things were: a histogram of fixed size. */

const BUCKET_MS = 0.05;
const BUCKETS = 4_000;

export interface LatenessReport {
  readonly medianLateMs: number;
  readonly p99LateMs: number;
  readonly mostLateMs: number;
}

export class Lateness {
  /** By twentieths of a millisecond; the last one holds all that was later. */
  private readonly buckets = new Uint32Array(BUCKETS);
  private count = 0;
  private mostMs = 0;

  add(lateMs: number): void {
    const bucket = Math.max(0, Math.min(BUCKETS - 1, Math.floor(lateMs / BUCKET_MS)));
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1;
    this.count += 1;
    if (lateMs > this.mostMs) this.mostMs = lateMs;
  }

  report(): LatenessReport {
    const { mostMs: mostLateMs } = this;
    return { medianLateMs: this.quantile(0.5), p99LateMs: this.quantile(0.99), mostLateMs };
  }

  /** Upper end of the bucket that holds it; 0 while nothing was counted. */
  private quantile(share: number): number {
    let left = share * this.count;
    if (left === 0) return 0;
    let bucket = -1;
    while (left > 0 && bucket < BUCKETS - 1) {
      bucket += 1;
      left -= this.buckets[bucket] ?? 0;
    }
    return Math.min(this.mostMs, (bucket + 1) * BUCKET_MS);
  }
}
