/** A rate for each source of strangers, kept for as many sources as may be remembered. */
import { TokenBucket } from '../util/token-bucket.ts';

export class SourceRates {
  /** Sources that made room for others, and begin anew when they come again. */
  forgotten = 0;
  private readonly capacity: number;
  private readonly gainedPerSecond: number;
  private readonly maxSources: number;
  /** In the order in which they were last seen. */
  private readonly buckets = new Map<string, TokenBucket>();

  /** @param maxSources at most so many are remembered; the one that was silent longest goes */
  constructor(capacity: number, gainedPerSecond: number, maxSources: number) {
    this.capacity = capacity;
    this.gainedPerSecond = gainedPerSecond;
    this.maxSources = maxSources;
  }

  get size(): number {
    return this.buckets.size;
  }

  /** Takes one of what `source` has; false when that is nothing. */
  take(nowMs: number, source: string): boolean {
    const bucket = this.buckets.get(source) ?? this.newBucket();
    this.buckets.delete(source);
    this.buckets.set(source, bucket);
    return bucket.take(nowMs);
  }

  private newBucket(): TokenBucket {
    const [oldest] = this.buckets.keys();
    if (this.buckets.size >= this.maxSources && oldest !== undefined) {
      this.forgotten += 1;
      this.buckets.delete(oldest);
    }
    return new TokenBucket(this.capacity, this.gainedPerSecond);
  }
}
