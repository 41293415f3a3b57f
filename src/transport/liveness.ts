/** Who is still there (P-LIVE-01), and for how long silence is borne (P-LIVE-02). */

export class Liveness {
  private lastReceivedMs: number;
  private lastProbeMs: number;
  private lastStreamMs: number;
  /** A keep-alive probe is to be sent. */
  isProbeDue = false;
  private readonly patienceMs: number;
  private readonly keepAliveMs: number;
  private readonly idleMs: number;
  private readonly probes: boolean;

  /** @param probes whether this side asks (the initiator) or only answers */
  constructor(
    nowMs: number,
    patienceMs: number,
    keepAliveMs: number,
    idleMs: number,
    probes: boolean,
  ) {
    this.lastReceivedMs = nowMs;
    this.lastProbeMs = nowMs;
    this.lastStreamMs = nowMs;
    this.patienceMs = patienceMs;
    this.keepAliveMs = Math.min(keepAliveMs, patienceMs / 3);
    this.idleMs = idleMs;
    this.probes = probes;
  }

  onReceived(nowMs: number): void {
    this.lastReceivedMs = nowMs;
  }

  /** An op or dat segment came or went; keep-alives do not count (P-LIVE-03). */
  onStream(nowMs: number): void {
    this.lastStreamMs = nowMs;
  }

  onProbeSent(nowMs: number): void {
    this.isProbeDue = false;
    this.lastProbeMs = nowMs;
  }

  private probeAtMs(): number {
    if (!this.probes || this.isProbeDue) return Infinity;
    return Math.max(this.lastReceivedMs, this.lastProbeMs) + this.keepAliveMs;
  }

  nextTimeout(): number {
    const silentAtMs = this.lastReceivedMs + this.patienceMs;
    return Math.min(silentAtMs, this.lastStreamMs + this.idleMs, this.probeAtMs());
  }

  /** @returns what has run out, if anything */
  handleTimeout(nowMs: number): 'silence' | 'idle' | undefined {
    if (nowMs >= this.lastReceivedMs + this.patienceMs) return 'silence';
    if (nowMs >= this.lastStreamMs + this.idleMs) return 'idle';
    if (nowMs >= this.probeAtMs()) this.isProbeDue = true;
    return undefined;
  }
}
