/**
 * The smallest round trip of the last ten seconds, and when it is time to look for it with an empty
 * queue (BBR draft, "ProbeRTT Logic").
 */
import { MIN_RTT_FILTER_MS, PROBE_RTT_INTERVAL_MS } from './bbr-settings.ts';

export class MinRtt {
  ms = Infinity;
  /** Whether nothing as small was measured for five seconds. */
  isProbeDue = false;
  private stampMs = 0;
  private probeMs = Infinity;
  private probeStampMs = 0;

  /**
   * @param rttMs NaN for none
   * @param nearness share above the smallest within which a round trip has met no queue, and is as
   * good as a probe; 0 as in the draft
   */
  update(nowMs: number, rttMs: number, nearness = 0): void {
    if (this.probeMs === Infinity) this.probeStampMs = nowMs;
    this.isProbeDue = nowMs > this.probeStampMs + PROBE_RTT_INTERVAL_MS;
    if (rttMs < this.probeMs || (this.isProbeDue && rttMs >= 0)) {
      this.probeMs = rttMs;
      this.probeStampMs = nowMs;
    } else if (rttMs <= this.probeMs * (1 + nearness)) {
      this.probeStampMs = nowMs;
    }
    const hasExpired = nowMs > this.stampMs + MIN_RTT_FILTER_MS;
    if (this.probeMs < this.ms || hasExpired) {
      this.ms = this.probeMs;
      this.stampMs = this.probeStampMs;
    }
  }

  /** The queue was drained on purpose: the next probe counts from here. */
  onProbed(nowMs: number): void {
    this.probeStampMs = nowMs;
  }
}
