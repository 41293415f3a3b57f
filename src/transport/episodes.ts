/**
 * Loss episodes: which losses are answered together, when a recovery is over, and whether the
 * answer proves to have been a mistake. The controller hears of each episode once.
 */
import type { PathGroup } from './path-group.ts';
import type { RttEstimator } from './rtt-estimator.ts';
import type { SendWindow } from './send-window.ts';
import type { TraceSink } from './trace.ts';
import type { TransmissionLog } from './transmission-log.ts';

/** P-CC-05: silence of so many timeouts is persistent congestion (RFC 9002 §7.6.1). */
const PERSISTENT_TIMEOUTS = 3;

export class Episodes {
  /** Whether what was lost in the last episode is still being repaired. */
  isInRecovery = false;
  fastRecoveries = 0;
  timeouts = 0;
  /** Losses of transmissions before this one have already been answered. */
  private epochTxn: number;
  /** A recovery lasts until everything before this segment is acknowledged (RFC 6582). */
  private recoverySeq: number;
  /** First transmission of the last episode; Infinity once its answer cannot be undone. */
  private undoFromTxn = Infinity;
  /** Transmissions found lost in the last episode that have not come after all. */
  private undoPending = 0;
  /** Sending time of the first one since the newest delivered that timed out; Infinity for none. */
  private silentSinceMs = Infinity;
  private isPersistent = false;
  private readonly window: SendWindow;
  private readonly log: TransmissionLog;
  private readonly rtt: RttEstimator;
  private readonly path: PathGroup;
  private readonly trace: TraceSink;
  private readonly id: number;

  constructor(
    window: SendWindow,
    log: TransmissionLog,
    rtt: RttEstimator,
    path: PathGroup,
    trace: TraceSink,
    id: number,
  ) {
    this.window = window;
    this.log = log;
    this.rtt = rtt;
    this.path = path;
    this.trace = trace;
    this.id = id;
    this.epochTxn = log.txnNxt;
    this.recoverySeq = window.sndUna;
  }

  /** P-MOVE-05: what went to the old address says nothing about congestion on the new path. */
  onPathChange(): void {
    this.epochTxn = this.log.txnNxt;
    this.undoFromTxn = Infinity;
  }

  /** Whether the loss of `txn` has not been answered yet. */
  isNews(txn: number): boolean {
    return txn >= this.epochTxn;
  }

  onLost(txn: number): void {
    if (this.undoFromTxn === Infinity && this.isNews(txn)) {
      this.undoFromTxn = txn;
      this.undoPending = 0;
    }
    if (txn >= this.undoFromTxn) this.undoPending += 1;
  }

  /** P-LOSS-04: once all of an episode has come after all, its answer is taken back (RFC 4015). */
  onSpurious(nowMs: number, txn: number): void {
    if (txn < this.undoFromTxn || this.undoFromTxn === Infinity) return;
    this.undoPending -= 1;
    if (this.undoPending > 0) return;
    this.undoFromTxn = Infinity;
    this.isInRecovery = false;
    this.path.endReduction();
    this.path.controller.onSpuriousEpisode(nowMs);
    this.record(nowMs, 'undo');
  }

  /** Something newer than all before has arrived: the path is not silent. */
  onNewestDelivered(): void {
    this.silentSinceMs = Infinity;
    this.isPersistent = false;
  }

  /** Ends the recovery once it is complete. */
  onAcknowledged(nowMs: number): void {
    if (this.window.sndUna < this.recoverySeq) return;
    this.undoFromTxn = Infinity;
    if (!this.isInRecovery) return;
    this.isInRecovery = false;
    this.path.endReduction();
    this.path.controller.onRecovered(nowMs);
  }

  /**
   * Later deliveries have shown losses that nobody has answered yet. After a timeout no recovery
   * begins before all that was sent by then is acknowledged, or one more loss would freeze a window
   * of a segment or two for as long (RFC 6675 §5.1).
   * @param flightBefore bytes in flight before the acknowledgement that told
   * @returns whether a recovery begins
   */
  begin(nowMs: number, flightBefore: number): boolean {
    if (this.isInRecovery || this.window.sndUna < this.recoverySeq) return false;
    this.fastRecoveries += 1;
    this.isInRecovery = true;
    this.mark();
    this.path.onLossEpisode(nowMs, flightBefore);
    this.record(nowMs, 'loss');
    return true;
  }

  /**
   * P-RTO-04: segments that expire within one epoch are one timeout for the controller.
   * @param isRepeated whether every segment that expired had done so before
   */
  onTimeout(nowMs: number, flightBefore: number, isRepeated: boolean): void {
    this.timeouts += 1;
    this.isInRecovery = false;
    this.mark();
    this.path.endReduction();
    const usedBytes = this.path.usedBytes(flightBefore);
    this.path.controller.onRetransmissionTimeout(nowMs, usedBytes, isRepeated);
    this.record(nowMs, 'timeout');
  }

  private mark(): void {
    this.epochTxn = this.log.txnNxt;
    this.recoverySeq = this.window.sndNxt;
  }

  /** A segment sent at `sentMs`, after the newest delivered one, has timed out. */
  onSilence(nowMs: number, sentMs: number, maxAckDelayMs: number): void {
    this.silentSinceMs = Math.min(this.silentSinceMs, sentMs);
    const limitMs = PERSISTENT_TIMEOUTS * this.rtt.probeTimeoutMs(maxAckDelayMs);
    if (this.isPersistent || !this.rtt.hasSample) return;
    if (sentMs - this.silentSinceMs <= limitMs) return;
    this.isPersistent = true;
    this.path.controller.onPersistentCongestion(nowMs);
    this.record(nowMs, 'persistent');
  }

  private record(nowMs: number, cause: 'loss' | 'timeout' | 'undo' | 'persistent'): void {
    if (!this.trace.enabled) return;
    const { phase, cwndBytes, ssthreshBytes } = this.path.controller;
    const flightSizeBytes = this.path.flightBytes;
    this.trace.record(nowMs, this.id, {
      kind: 'congestion',
      phase,
      cwndBytes,
      ssthreshBytes,
      flightSizeBytes,
      cause,
    });
  }
}
