/**
 * Lets datagrams grow and shrink: sends the probes that `PathMtu` wants, and tells everybody of the
 * size that comes of them. Only what is numbered from then on has it; what is in flight keeps its
 * own, and goes again in parts where it no longer passes (P-PART-01).
 */
import type { ConnectionParts } from './connection-parts.ts';
import type { PathMtu } from './path-mtu.ts';
import { KIND } from './transmission-log.ts';
import type { TransmitSlot } from './types.ts';

/** RFC 6928: what a path of which nothing is known takes at once. */
const ONE_FLIGHT_BYTES = 14_600;

export class SizeProbes {
  /** Largest datagram that we take: what this host's interface brings anyway. */
  readonly acceptBytes: number;
  /** What the peer takes. */
  private peerBytes = 0;
  /** The small probe that asks whether large segments are too large; -1 for none. */
  private questionTxn = -1;
  private arrivalsBefore = 0;
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

  /** Timeouts were looked at: they may have been too many. */
  onTimeout(nowMs: number): void {
    if (this.mtu.isSilent(this.lossShare)) this.onBlackHole(nowMs);
  }

  /** Large segments vanish while small ones may pass: from now on small ones, old ones in parts. */
  private onBlackHole(nowMs: number): void {
    const { log, path, recovery } = this.parts;
    const { isUnproven } = this.mtu;
    this.mtu.onBlackHole(nowMs, log.txnNxt);
    path.onSegmentSize(this.mtu.segmentBytes);
    if (!isUnproven) return;
    // Nothing that was lost so far could have arrived, so none of it says anything of the path.
    recovery.episodes.onPathChange();
    recovery.episodes.isInRecovery = false;
    path.reset(this.mtu.segmentBytes);
  }

  private get lossShare(): number {
    const { segmentsRetransmitted, segmentsSent } = this.parts.counters;
    return segmentsRetransmitted / Math.max(1, segmentsSent);
  }

  /** Writes a probe that is due; false when there is none. */
  poll(nowMs: number, slot: TransmitSlot): boolean {
    if (this.mtu.isQuestionDue) return this.sendQuestion(nowMs, slot);
    if (this.questionTxn >= 0) this.takeAnswer(nowMs);
    const { mtu, parts } = this;
    if (mtu.isProbeUnderWay) this.tellNews(nowMs);
    // Larger segments are for what waits, and no probe is larger than what may leave at once.
    if (parts.queue.isEmpty) return false;
    const mostBytes = Math.max(ONE_FLIGHT_BYTES, parts.path.controller.cwndBytes);
    if (!mtu.isProbeDue(nowMs, mostBytes)) return false;
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
    const { log, recovery, rtt } = this.parts;
    const newest = recovery.newestDeliveredTxn;
    if (!log.remembers(newest)) return;
    const deliveredSentMs = log.sentMsOf(newest);
    this.mtu.onNews(nowMs, { deliveredSentMs, srttMs: rtt.srttMs, lossShare: this.lossShare });
  }

  private sendQuestion(nowMs: number, slot: TransmitSlot): boolean {
    const { parts } = this;
    this.mtu.isQuestionDue = false;
    this.arrivalsBefore = this.mtu.largeArrivals;
    this.questionTxn = parts.nextTxn(nowMs, KIND.PROBE, -1);
    slot.length = parts.writer.probe(slot.buffer, parts.window.sndNxt, this.questionTxn);
    return true;
  }

  /** The small probe has arrived, and of the large segments sent before it none. */
  private takeAnswer(nowMs: number): void {
    const { log } = this.parts;
    const { mtu, questionTxn } = this;
    if (mtu.largeArrivals !== this.arrivalsBefore || !log.remembers(questionTxn)) {
      this.questionTxn = -1;
    } else if (!log.isNews(questionTxn) && mtu.isTooLarge(this.lossShare)) {
      this.questionTxn = -1;
      this.onBlackHole(nowMs);
    }
  }
}
