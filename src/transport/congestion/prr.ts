/**
 * Proportional Rate Reduction (RFC 9937 §6): between the loss that starts a recovery and its end,
 * what may leave follows what arrives, so that the flight glides to ssthresh instead of stopping.
 *
 * P-CC-04: sizes are counted in bytes, the proportional part is rounded up to whole segments, and
 * recovery starts with at least one segment, even when a timer rather than an arrival started it.
 */
export class ProportionalRateReduction {
  /** What may leave now; a segment may when it is no larger. */
  budgetBytes = 0;
  /** The largest segment. */
  smssBytes: number;
  /** `prr_delivered`, `prr_out`, `RecoverFS`, `ssthresh`. */
  private deliveredBytes = 0;
  private outBytes = 0;
  private recoverFlightBytes = 0;
  private ssthreshBytes = 0;

  constructor(smssBytes: number) {
    this.smssBytes = smssBytes;
  }

  /**
   * Recovery starts; what the acknowledgement that started it delivered is told to `onAck` next.
   * @param recoverFlightBytes in flight before that acknowledgement, losses included
   * @param ssthreshBytes what the controller wants in flight when recovery is over
   */
  start(recoverFlightBytes: number, ssthreshBytes: number): void {
    this.deliveredBytes = 0;
    this.outBytes = 0;
    this.recoverFlightBytes = recoverFlightBytes;
    this.ssthreshBytes = ssthreshBytes;
    this.budgetBytes = this.smssBytes;
  }

  /**
   * @param deliveredBytes newly told to have arrived, in or out of order
   * @param flightBytes after it and after the losses that it told of
   * @param isSafe `sndUna` advanced, and nothing more was found lost
   */
  onAck(deliveredBytes: number, flightBytes: number, isSafe: boolean): void {
    if (deliveredBytes === 0) return;
    this.deliveredBytes += deliveredBytes;
    const allowedBytes =
      flightBytes > this.ssthreshBytes
        ? this.proportionalBytes()
        : Math.min(this.ssthreshBytes - flightBytes, this.boundBytes(deliveredBytes, isSafe));
    const leastBytes = this.outBytes === 0 ? this.smssBytes : 0;
    this.budgetBytes = Math.max(leastBytes, allowedBytes);
  }

  /** Anything of the stream leaves, even what went past the budget. */
  onSent(bytes: number): void {
    this.outBytes += bytes;
    this.budgetBytes = Math.max(0, this.budgetBytes - bytes);
  }

  /** ssthresh out for RecoverFS in, and never more out than came in. */
  private proportionalBytes(): number {
    const targetBytes = Math.min(this.ssthreshBytes, this.recoverFlightBytes);
    const fullBytes = this.recoverFlightBytes * this.smssBytes;
    // One division of whole numbers: a second one could round an exact count up to the next.
    const segments = Math.ceil((this.deliveredBytes * targetBytes) / fullBytes);
    return segments * this.smssBytes - this.outBytes;
  }

  /** Reduction bound: one for one, and one segment more while recovery goes well. */
  private boundBytes(deliveredBytes: number, isSafe: boolean): number {
    const conservativeBytes = Math.max(this.deliveredBytes - this.outBytes, deliveredBytes);
    return isSafe ? conservativeBytes + this.smssBytes : conservativeBytes;
  }
}
