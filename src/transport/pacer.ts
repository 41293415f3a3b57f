/**
 * Spreads what a window allows over time (RFC 9002 §7.7): a token bucket filled by elapsed time,
 * not a sleep per segment. Segments leave in trains of about a millisecond, which is the grain of
 * a timer and what kernel offload takes in one call.
 */

/** P-PACE-02: a train is what leaves within this time, within the bounds below. */
const TRAIN_MS = 1;
const MIN_TRAIN_SEGMENTS = 2;
const MAX_TRAIN_BYTES = 65_536;
/** On paths this near, halved for every such step, more may leave at once: feedback is quick. */
const NEAR_STEP_MS = 0.5;
const NEAR_STEPS = 16;
const NEAR_TRAIN_SHARE = 1 / 8;
/** P-PACE-03: so much time may be banked in a pause… */
const BANK_MS = 2;
/** …and so much when a train has waited for its time and its timer was late, but no later. */
const LATE_BANK_MS = 8;
const LATEST_TIMER_MS = 20;

export class Pacer {
  /** When the next train may leave; meaningful after `maySend` has refused. */
  readyMs = 0;
  private creditBytes = 0;
  private asOfMs = -Infinity;
  private isWaiting = false;
  /** What a train may have besides on a near path: bytes at most, and the time they take. */
  private nearBytes = 0;
  private nearMs = 0;

  /**
   * P-PACE-02: where answers come soon, a busy machine makes round trips long and its many flows
   * slow; trains of a few segments would cost it more than they spare the path.
   */
  onRoundTrip(minRttMs: number, srttMs: number): void {
    const steps = Math.floor(minRttMs / NEAR_STEP_MS);
    this.nearBytes = steps < NEAR_STEPS ? MAX_TRAIN_BYTES >> steps : 0;
    this.nearMs = srttMs * NEAR_TRAIN_SHARE;
  }

  /** P-PACE-02: bytes that leave together. */
  trainBytes(bytesPerMs: number, smssBytes: number): number {
    const least = MIN_TRAIN_SEGMENTS * smssBytes;
    const near = Math.min(this.nearBytes, bytesPerMs * this.nearMs);
    const usual = Math.max(bytesPerMs * TRAIN_MS, near);
    return Math.max(least, Math.min(MAX_TRAIN_BYTES, usual));
  }

  /**
   * P-PACE-01: whether `bytes` may leave now; a refusal sets `readyMs`.
   * @param bytesPerMs the rate, Infinity for none
   */
  maySend(nowMs: number, bytes: number, bytesPerMs: number, smssBytes: number): boolean {
    if (bytesPerMs === Infinity) {
      this.isWaiting = false;
      return true;
    }
    const train = this.trainBytes(bytesPerMs, smssBytes);
    this.fill(nowMs, bytesPerMs, train);
    const wanted = this.isWaiting ? train : bytes;
    // Half a byte is rounding of float milliseconds, not credit that is missing.
    if (this.creditBytes + 0.5 >= wanted) {
      this.isWaiting = false;
      return true;
    }
    this.isWaiting = true;
    this.readyMs = nowMs + (train - this.creditBytes) / bytesPerMs;
    return false;
  }

  private fill(nowMs: number, bytesPerMs: number, train: number): void {
    if (nowMs <= this.asOfMs) return;
    const isLate = this.isWaiting && nowMs - this.readyMs <= LATEST_TIMER_MS;
    const capacity = Math.max(train, (isLate ? LATE_BANK_MS : BANK_MS) * bytesPerMs);
    const gained = (nowMs - this.asOfMs) * bytesPerMs;
    this.creditBytes = Math.min(capacity, this.creditBytes + gained);
    this.asOfMs = nowMs;
  }

  /** What leaves unasked, such as a probe, is paid for later. */
  onSent(bytes: number): void {
    this.creditBytes = Math.max(-MAX_TRAIN_BYTES, this.creditBytes - bytes);
  }
}
