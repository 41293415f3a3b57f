/**
 * Lets datagrams grow and shrink: sends the probes that `PathMtu` wants, and tells everybody of the
 * size that comes of them. Only what is numbered from then on has it; what is in flight keeps its
 * own, and goes again in parts where it no longer passes (P-PART-01).
 */
import type { ConnectionParts } from './connection-parts.ts';
import type { PathMtu } from './path-mtu.ts';
import { KIND } from './transmission-log.ts';
import type { TransmitSlot } from './types.ts';

export class SizeProbes {
  /** Largest datagram that we take: what this host's interface brings anyway. */
  readonly acceptBytes: number;
  /** What the peer takes. */
  private peerBytes = 0;
  /** The start size is doubted: whether a small probe passes where large segments did not. */
  private isQuestionDue = false;
  private questionTxn = -1;
  private readonly mtu: PathMtu;
  private readonly parts: ConnectionParts;

  constructor(parts: ConnectionParts) {
    const { config, recovery, log } = parts;
    this.parts = parts;
    this.mtu = recovery.mtu;
    this.mtu.begin(config.segmentBytes, 0, log.txnNxt);
    this.acceptBytes = Math.max(config.acceptSegmentBytes, this.limitBytes());
  }

  private limitBytes(): number {
    const { shared, peer } = this.parts;
    return shared.pathLimitBytes?.(peer) ?? 0;
  }

  /** @param peerBytes the largest datagram that the peer takes */
  begin(peerBytes: number): void {
    const { config, log, path } = this.parts;
    this.peerBytes = peerBytes;
    this.questionTxn = -1;
    const startBytes = Math.min(config.segmentBytes, peerBytes);
    this.mtu.begin(startBytes, Math.min(this.limitBytes(), peerBytes), log.txnNxt);
    path.onSegmentSize(this.mtu.segmentBytes);
  }

  /** P-MTU-06: the peer is at another host, and nothing is known of the way there. */
  onPathChange(): void {
    this.begin(this.peerBytes);
  }

  /** Large segments vanish while small ones may pass: from now on small ones, old ones in parts. */
  onBlackHole(nowMs: number): void {
    const { log, path } = this.parts;
    this.mtu.onBlackHole(nowMs, log.txnNxt);
    path.onSegmentSize(this.mtu.segmentBytes);
  }

  /** P-MTU-04: as nothing large has ever arrived, it may be the size that is wrong. */
  onTailProbe(): void {
    this.isQuestionDue = this.mtu.isUnproven;
  }

  /** Writes a probe that is due; false when there is none. */
  poll(nowMs: number, slot: TransmitSlot): boolean {
    if (this.isQuestionDue) return this.sendQuestion(nowMs, slot);
    if (this.questionTxn >= 0) this.takeAnswer(nowMs);
    const { mtu, parts } = this;
    if (mtu.isProbeUnderWay) this.tellNews(nowMs);
    // Larger segments are for what waits, and no probe is larger than all that may be in flight.
    if (parts.queue.isEmpty) return false;
    if (!mtu.isProbeDue(nowMs, parts.path.controller.cwndBytes)) return false;
    this.sendProbe(nowMs, slot, mtu.wantedBytes);
    return true;
  }

  /** P-MTU-01: a probe of `bytes`; it neither is in flight nor tells of congestion when lost. */
  private sendProbe(nowMs: number, slot: TransmitSlot, bytes: number): void {
    const { parts } = this;
    const txn = parts.nextTxn(nowMs, KIND.SIZE, -bytes);
    slot.length = parts.writer.probe(slot.buffer, parts.window.sndNxt, txn, bytes);
    this.mtu.onProbeSent(nowMs);
    parts.path.onSizeProbe(bytes);
    parts.counters.sizeProbes += 1;
    if (parts.trace.enabled) parts.trace.record(nowMs, parts.id, { kind: 'probe', probe: 'size' });
  }

  private tellNews(nowMs: number): void {
    const { log, recovery, rtt, counters } = this.parts;
    const newest = recovery.newestDeliveredTxn;
    if (!log.remembers(newest)) return;
    const deliveredSentMs = log.sentMsOf(newest);
    const lossShare = counters.segmentsRetransmitted / Math.max(1, counters.segmentsSent);
    this.mtu.onNews(nowMs, { deliveredSentMs, srttMs: rtt.srttMs, lossShare });
  }

  private sendQuestion(nowMs: number, slot: TransmitSlot): boolean {
    const { parts } = this;
    this.isQuestionDue = false;
    this.questionTxn = parts.nextTxn(nowMs, KIND.PROBE, -1);
    slot.length = parts.writer.probe(slot.buffer, parts.window.sndNxt, this.questionTxn);
    return true;
  }

  /** The small probe has arrived, and of large segments sent before it none, which are lost. */
  private takeAnswer(nowMs: number): void {
    const { log, window } = this.parts;
    if (!this.mtu.isUnproven || !log.remembers(this.questionTxn)) {
      this.questionTxn = -1;
    } else if (!log.isNews(this.questionTxn) && window.lostCount > 0) {
      this.questionTxn = -1;
      this.onBlackHole(nowMs);
    }
  }
}
