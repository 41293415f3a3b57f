/**
 * HyStart++ (RFC 9406 §4): the first slow start ends when the round trip of a whole round has
 * risen, before the queue at the bottleneck overflows. Since round trips jitter too, growth first
 * only slows down, and only if the rise lasts is slow start over.
 *
 * P-CC-11: growth is paced, so an acknowledgement is not limited (L is infinite). A round begins
 * with the acknowledgement that ends the one before, whatever is sent. Each change of speed is
 * judged by samples of its own: those from before it would turn the next change at once.
 */
import type { DeliverySample } from './samples.ts';

/** RFC 9406 §4.3. */
const MIN_RTT_THRESHOLD_MS = 4;
const MAX_RTT_THRESHOLD_MS = 16;
const MIN_RTT_DIVISOR = 8;
const RTT_SAMPLES = 8;
const CSS_GROWTH_DIVISOR = 4;
const CSS_ROUNDS = 5;

export class HyStart {
  private isConservative = false;
  /** Rounds begun in conservative slow start. */
  private conservativeRounds = 0;
  private baselineMs = Infinity;
  /** Infinity while there was no round before, or none that measured anything. */
  private lastRoundMinMs = Infinity;
  private roundMinMs = Infinity;
  private samples = 0;
  /** The round is over when a segment arrives that left after so many bytes were delivered. */
  private roundEndBytes = 1;

  /** What each acknowledged byte adds to the window is divided by this. */
  get growthDivisor(): number {
    return this.isConservative ? CSS_GROWTH_DIVISOR : 1;
  }

  /**
   * One acknowledgement during the first slow start, after the window has grown by it.
   * @param rttMs the round trip that it measured; NaN for none
   * @returns whether slow start is over
   */
  onAck(rttMs: number, rate: DeliverySample): boolean {
    if (rttMs > 0) {
      this.roundMinMs = Math.min(this.roundMinMs, rttMs);
      this.samples += 1;
    }
    if (this.samples >= RTT_SAMPLES) this.judge();
    if (rate.priorDeliveredBytes < this.roundEndBytes) return false;
    this.roundEndBytes = rate.deliveredBytes;
    this.lastRoundMinMs = this.roundMinMs;
    this.takeFreshSamples();
    if (!this.isConservative) return false;
    this.conservativeRounds += 1;
    return this.conservativeRounds >= CSS_ROUNDS;
  }

  private takeFreshSamples(): void {
    this.roundMinMs = Infinity;
    this.samples = 0;
  }

  private judge(): void {
    if (this.isConservative) {
      if (this.roundMinMs >= this.baselineMs) return;
      this.isConservative = false;
      this.takeFreshSamples();
      return;
    }
    const eighthMs = Math.min(this.lastRoundMinMs / MIN_RTT_DIVISOR, MAX_RTT_THRESHOLD_MS);
    const thresholdMs = Math.max(MIN_RTT_THRESHOLD_MS, eighthMs);
    if (this.roundMinMs < this.lastRoundMinMs + thresholdMs) return;
    this.isConservative = true;
    this.conservativeRounds = 0;
    this.baselineMs = this.roundMinMs;
    this.takeFreshSamples();
  }
}
