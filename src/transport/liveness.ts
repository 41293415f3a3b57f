/** Who is still there (P-LIVE-01), and for how long silence is borne (P-LIVE-02). */

/** Silence in the midst of a record that makes a receiver ask; at least two round trips. */
const MIN_HUSH_MS = 50;
/** Without a stream segment for so long a connection is at rest. */
const REST_AFTER_MS = 5_000;

export class Liveness {
  private lastReceivedMs: number;
  private lastProbeMs: number;
  private lastStreamMs: number;
  /** A keep-alive probe is to be sent. */
  isProbeDue = false;
  /** P-MOVE-06: when a record that stopped flowing makes this side speak, and how soon again. */
  private hushAtMs = Infinity;
  private hushMs = MIN_HUSH_MS;
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

  /** Nothing has been said for long enough that it may go on. */
  isAtRest(nowMs: number): boolean {
    return nowMs >= this.lastStreamMs + REST_AFTER_MS;
  }

  /**
   * P-MOVE-06: an initiator that only receives is silent when its own address changes, and what
   * it waits for goes to the old one: so it speaks when the flow stops within a record.
   * @param isMore whether the segment that came leaves its record open
   */
  onFlow(nowMs: number, isMore: boolean, srttMs: number): void {
    this.hushMs = Math.max(MIN_HUSH_MS, 2 * srttMs);
    this.hushAtMs = isMore ? nowMs + this.hushMs : Infinity;
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
    const idleAtMs = this.lastStreamMs + this.idleMs;
    return Math.min(silentAtMs, idleAtMs, this.probeAtMs(), this.hushAtMs);
  }

  /** @returns what has run out, if anything */
  handleTimeout(nowMs: number): 'silence' | 'idle' | undefined {
    if (nowMs >= this.lastReceivedMs + this.patienceMs) return 'silence';
    if (nowMs >= this.lastStreamMs + this.idleMs) return 'idle';
    if (nowMs >= this.probeAtMs()) this.isProbeDue = true;
    if (nowMs >= this.hushAtMs) {
      this.isProbeDue = true;
      this.hushMs = Math.min(2 * this.hushMs, this.keepAliveMs);
      this.hushAtMs = nowMs + this.hushMs;
    }
    return undefined;
  }
}
