/**
 * The congestion window of a modelled TCP: CUBIC as RFC 9438 has it, in segments, without HyStart.
 *
 * It stands for the flows of others on the simulated network. So that it can judge the project's
 * own controllers it has no line in common with them.
 */

/** RFC 9438 §5: how fast the window grows, segments per cubed second. */
export const CUBIC_C = 0.4;
/** RFC 9438 §4.6: what a loss leaves of the window. */
export const CUBIC_BETA = 0.7;
/** RFC 9438 §4.3: growth per round trip that takes as much as Reno does, with this beta. */
export const CUBIC_ALPHA = (3 * (1 - CUBIC_BETA)) / (1 + CUBIC_BETA);

const INITIAL_WINDOW = 10;
const LEAST_SSTHRESH = 2;

/** RFC 9438 (2): seconds until the window is back at `wMax`. */
export function cubicK(wMax: number, cwndEpoch: number): number {
  return Math.cbrt(Math.max(0, wMax - cwndEpoch) / CUBIC_C);
}

/** RFC 9438 (1): the window `seconds` after the epoch began. */
export function cubicWindow(seconds: number, k: number, wMax: number): number {
  const x = seconds - k;
  return CUBIC_C * x * x * x + wMax;
}

export class CubicWindow {
  /** Segments, with a fraction. */
  cwnd = INITIAL_WINDOW;
  ssthresh = Infinity;
  private wMax = 0;
  private cwndPrior = 0;
  private wEst = 0;
  private k = 0;
  /** Start of the present congestion avoidance; undefined until its first acknowledgement. */
  private epochMs: number | undefined;
  /** RFC 9438 §4.8, §4.10: no loss of this window is known, so it grows from where it is. */
  private hasNoMaximum = true;

  /** @param acked segments newly acknowledged */
  onAck(nowMs: number, acked: number, srttMs: number): void {
    let left = acked;
    if (this.cwnd < this.ssthresh) {
      const grown = Math.min(this.cwnd + left, this.ssthresh);
      left -= grown - this.cwnd;
      this.cwnd = grown;
    }
    if (left > 0) this.avoidCongestion(nowMs, left, srttMs);
  }

  /** A loss that begins a recovery (RFC 9438 §4.6, §4.7). */
  onLoss(): void {
    this.reduce();
    this.cwnd = this.ssthresh;
    this.hasNoMaximum = false;
  }

  /** RFC 9438 §4.8. */
  onTimeout(): void {
    this.reduce();
    this.cwnd = 1;
    this.hasNoMaximum = true;
  }

  private reduce(): void {
    // RFC 9438 §4.7, fast convergence: a flow that shrinks leaves room for those that come.
    const isShrinking = this.cwnd < this.wMax;
    this.wMax = isShrinking ? (this.cwnd * (1 + CUBIC_BETA)) / 2 : this.cwnd;
    this.cwndPrior = this.cwnd;
    this.ssthresh = Math.max(this.cwnd * CUBIC_BETA, LEAST_SSTHRESH);
    this.epochMs = undefined;
  }

  private avoidCongestion(nowMs: number, acked: number, srttMs: number): void {
    if (this.epochMs === undefined) {
      this.epochMs = nowMs;
      this.wEst = this.cwnd;
      if (this.hasNoMaximum) this.wMax = this.cwnd;
      this.k = this.hasNoMaximum ? 0 : cubicK(this.wMax, this.cwnd);
    }
    const seconds = (nowMs - this.epochMs) / 1_000;
    // RFC 9438 (4), with alpha 1 once the window before the loss is reached again.
    const alpha = this.wEst >= this.cwndPrior ? 1 : CUBIC_ALPHA;
    this.wEst += (alpha * acked) / this.cwnd;
    if (cubicWindow(seconds, this.k, this.wMax) < this.wEst) {
      this.cwnd = Math.max(this.cwnd, this.wEst);
      return;
    }
    const ahead = cubicWindow(seconds + srttMs / 1_000, this.k, this.wMax);
    const target = Math.min(Math.max(ahead, this.cwnd), 1.5 * this.cwnd);
    this.cwnd += ((target - this.cwnd) / this.cwnd) * acked;
  }
}
