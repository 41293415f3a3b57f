/** What the peer lets us send: right edges in segments and bytes, and how to ask for more. */

export class PeerWindow {
  /** First segment number that may not be sent; never moves left. */
  windowEdge: number;
  /** First byte of the stream that may not be sent; never moves left. */
  creditEdge: number;
  private probeAtMs = Infinity;
  private probes = 0;
  /** A probe is to be sent now. */
  isProbeDue = false;
  /** Window probes sent in all. */
  probesSent = 0;
  /** Times that an edge was what kept new data back. */
  limitedCount = 0;
  private isLimiting = false;

  constructor(sndNxt: number) {
    this.windowEdge = sndNxt;
    this.creditEdge = 0;
  }

  /** @param creditEdge undefined when the segment told none */
  update(windowEdge: number, creditEdge: number | undefined): void {
    if (windowEdge > this.windowEdge) this.windowEdge = windowEdge;
    if (creditEdge !== undefined && creditEdge > this.creditEdge) this.creditEdge = creditEdge;
  }

  /** P-FLOW-02: whether segment `seq` may carry the stream to byte `end`; a refusal is counted. */
  allows(seq: number, end: number): boolean {
    const isAllowed = seq < this.windowEdge && end <= this.creditEdge;
    if (!isAllowed && !this.isLimiting) this.limitedCount += 1;
    this.isLimiting = !isAllowed;
    return isAllowed;
  }

  /** Segments of `payloadBytes` that both edges allow after segment `seq` and byte `end`. */
  roomSegments(seq: number, end: number, payloadBytes: number): number {
    const byCredit = Math.floor((this.creditEdge - end) / payloadBytes);
    return Math.max(0, Math.min(this.windowEdge - seq, byCredit));
  }

  /** Data waits, nothing is in flight, and the window is shut: ask again and again (P-FLOW-05). */
  onBlocked(nowMs: number, rtoMs: number, capMs: number): void {
    if (this.probeAtMs !== Infinity || this.isProbeDue) return;
    this.probeAtMs = nowMs + Math.min(rtoMs * 2 ** this.probes, Math.max(rtoMs, capMs));
  }

  onOpen(): void {
    this.probeAtMs = Infinity;
    this.probes = 0;
    this.isProbeDue = false;
  }

  onProbeSent(): void {
    this.isProbeDue = false;
    this.probesSent += 1;
    this.probes = Math.min(this.probes + 1, 16);
  }

  nextTimeout(): number {
    return this.probeAtMs;
  }

  handleTimeout(nowMs: number): void {
    if (nowMs < this.probeAtMs) return;
    this.probeAtMs = Infinity;
    this.isProbeDue = true;
  }
}
