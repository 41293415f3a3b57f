/** Round-trip time and the base of retransmission timeouts (RFC 6298 §2, RFC 9002 §5). */

/** Longest timeout before the first sample (RFC 6298 §2.1). */
export const INITIAL_RTO_MS = 1000;
/**
 * P-RTO-02: floor of the variance term, as in Linux. Under the whole timeout it would leave a
 * steady path of some 100 ms no time for RACK and the tail probe, which speak after one and two.
 * Where two round trips are more, they are the margin: the answer to a probe comes after three,
 * and TCP would have started its timer anew with the probe (RFC 8985 §7.3).
 */
export const MIN_VARIANCE_MS = 200;
/** A timeout doubles up to this, or four smoothed round trips on longer paths. */
export const MAX_RTO_SHORT_PATH_MS = 1000;

export class RttEstimator {
  srttMs = 0;
  rttvarMs = 0;
  minRttMs = Infinity;
  latestMs = 0;
  /** What a round trip is at most while none is measured; Infinity while nothing is known. */
  private mostMs = Infinity;

  get hasSample(): boolean {
    return this.minRttMs !== Infinity;
  }

  /** @param rttMs time from sending to the echo, less the peer's stated delay */
  sample(rttMs: number): void {
    this.latestMs = rttMs;
    if (!this.hasSample) {
      this.srttMs = rttMs;
      this.rttvarMs = rttMs / 2;
    } else {
      // RFC 6298 §2.3: the variance is updated with the old mean, so its line stands first.
      this.rttvarMs = 0.75 * this.rttvarMs + 0.25 * Math.abs(this.srttMs - rttMs);
      this.srttMs = 0.875 * this.srttMs + 0.125 * rttMs;
    }
    this.minRttMs = Math.min(this.minRttMs, rttMs);
  }

  /** P-RTT-02: an answer came within `mostMs` of the first of several sendings of a message. */
  limit(mostMs: number): void {
    this.mostMs = mostMs;
  }

  /** How long an answer takes, as far as is known; Infinity while nothing is. */
  get expectedMs(): number {
    return this.hasSample ? this.srttMs : this.mostMs;
  }

  /** The smallest round trip, as far as is known; Infinity while nothing is. */
  get leastMs(): number {
    return Math.min(this.minRttMs, this.mostMs);
  }

  /** Another path: nothing is known of it. */
  reset(): void {
    this.mostMs = Infinity;
    this.srttMs = 0;
    this.rttvarMs = 0;
    this.minRttMs = Infinity;
    this.latestMs = 0;
  }

  /** P-RTO-01, P-RTO-02: timeout of a segment at first. @param maxAckDelayMs the peer's promise */
  rtoMs(maxAckDelayMs: number): number {
    const rttMs = this.expectedMs;
    const marginMs = Math.max(MIN_VARIANCE_MS, 4 * this.rttvarMs, 2 * rttMs);
    const timeoutMs = rttMs + marginMs + maxAckDelayMs;
    return this.hasSample ? timeoutMs : Math.min(INITIAL_RTO_MS, timeoutMs);
  }

  /** RFC 9002 §6.2.1: how long silence is no news. @param maxAckDelayMs the peer's promise */
  probeTimeoutMs(maxAckDelayMs: number): number {
    return this.srttMs + Math.max(4 * this.rttvarMs, 1) + maxAckDelayMs;
  }

  /** Upper limit of every doubled interval on this path. */
  get backoffCapMs(): number {
    return Math.max(MAX_RTO_SHORT_PATH_MS, 4 * this.srttMs);
  }
}
