/**
 * What happens to one decoded segment, step by step (docs/ARCHITECTURE.md names the same steps):
 * duplicate? -> open the seal -> opening -> liveness -> payload -> what it tells -> closing.
 */
import { AckBlock, readAckBlock } from '../wire/ack-block.ts';
import { type DropReason, ERROR, FLAG } from '../wire/codes.ts';
import { MIN_SEGMENT_BYTES } from '../wire/layout.ts';
import { defaultParameters, readParameters } from '../wire/parameters.ts';
import { isStreamCombination, type SegmentView } from '../wire/segment.ts';
import { unwrap, wrap } from '../wire/serial.ts';
import type { ConnectionParts } from './connection-parts.ts';

export class ReceivePipeline {
  private readonly block = new AckBlock();
  private readonly parts: ConnectionParts;

  constructor(parts: ConnectionParts) {
    this.parts = parts;
  }

  /** @returns why the segment had no effect, or undefined */
  handle(nowMs: number, segment: SegmentView): DropReason | undefined {
    const { parts } = this;
    if (!segment.hasTxn) return 'option';
    if (parts.tracker === undefined) return this.handleSynAck(nowMs, segment);
    if (segment.has(FLAG.SYN)) return parts.opening.isDone ? 'duplicate' : 'notEstablished';
    const txn = unwrap(parts.tracker.newestTxn, segment.txn);
    if (parts.tracker.isDuplicate(txn)) return this.handleDuplicate(segment);
    if (!this.open(segment, txn)) return 'seal';
    if (parts.opening.state === 'synReceived') return this.handleThird(nowMs, segment, txn);
    if (parts.opening.state === 'unproven') parts.opening.onProof();
    this.count(segment);
    parts.liveness.onReceived(nowMs);
    return this.handleOpened(nowMs, segment, txn);
  }

  private count(segment: SegmentView): void {
    const { counters } = this.parts;
    counters.datagramsReceived += 1;
    counters.bytesReceived += segment.payloadEnd - segment.headerStart;
  }

  /** P-TXN-04. A repeated third message means that ours never arrived: it is answered. */
  private handleDuplicate(segment: SegmentView): DropReason {
    const { parts } = this;
    parts.counters.duplicatesReceived += 1;
    const isProbe = segment.payloadBytes <= parts.sealer.overheadBytes;
    const isThird = segment.has(FLAG.CNT) && segment.closeStage === 0 && !isProbe;
    if (isThird && parts.opening.isDone) parts.tracker?.demand();
    return 'duplicate';
  }

  /** Opens in place; afterwards the payload is what was sealed. */
  private open(segment: SegmentView, txn: number): boolean {
    const { sealer } = this.parts;
    const { buffer, headerStart, payloadStart, payloadEnd } = segment;
    if (payloadEnd - payloadStart < sealer.overheadBytes) return false;
    if (!sealer.open(buffer, headerStart, payloadStart, payloadEnd, txn)) return false;
    segment.payloadEnd -= sealer.overheadBytes;
    return true;
  }

  /** The answer to our SYN: the peer's numbers and parameters; the third message follows. */
  private handleSynAck(nowMs: number, segment: SegmentView): DropReason | undefined {
    const { parts } = this;
    const { opening } = parts;
    if (segment.flags !== (FLAG.CNT | FLAG.SYN | FLAG.ACK)) return 'notEstablished';
    if (segment.ack !== wrap(parts.initialSeq)) return 'synParameters';
    if (segment.error !== ERROR.NONE) {
      opening.advice = segment.error; // P-OPEN-07
      return 'full';
    }
    if (!segment.speaksVersion) return 'version';
    if (!this.open(segment, segment.txn)) return 'seal';
    const parameters = defaultParameters();
    const { buffer, payloadStart, payloadEnd } = segment;
    const isRead = readParameters(buffer, payloadStart, payloadEnd, parameters);
    if (!isRead || parameters.segmentBytes < MIN_SEGMENT_BYTES) return 'synParameters';
    this.count(segment);
    parts.writer.destinationPort = segment.sourcePort;
    // Karn: only a SYN that was sent once says which sending the answer belongs to.
    if (opening.attempts === 1) parts.rtt.sample(Math.max(0.001, nowMs - opening.firstSentMs));
    parts.meet(segment.seq, segment.txn, parameters);
    parts.liveness.onReceived(nowMs);
    parts.isEstablishedNews = true;
    return undefined;
  }

  /** The third message: the opening is complete, and the first operation may be inside. */
  private handleThird(nowMs: number, segment: SegmentView, txn: number): DropReason | undefined {
    const { parts } = this;
    const isThird = segment.flags === (FLAG.CNT | FLAG.ACK) && segment.closeStage === 0;
    if (!isThird || segment.payloadBytes === 0) return 'notEstablished';
    if (segment.ack !== wrap(parts.initialSeq)) return 'synParameters';
    const parameters = defaultParameters();
    const { buffer, payloadStart, payloadEnd } = segment;
    if (!readParameters(buffer, payloadStart, payloadEnd, parameters)) return 'synParameters';
    const { firstFlags, firstStart, firstEnd } = parameters;
    // P-HDR-05 before anything of the message has an effect.
    if (firstEnd > 0 && !isStreamCombination(firstFlags)) return 'flagCombination';
    parts.agreeOnAcks(parameters);
    if (firstEnd > 0) {
      const seq = unwrap(parts.receive!.rcvNxt, segment.seq);
      const result = parts.receive!.take(seq, firstFlags, 0, 0, 0, buffer, firstStart, firstEnd);
      if (result === 'noMemory') return 'noMemory';
      if (result !== 'taken') return 'synParameters';
      parts.counters.segmentsReceived += 1;
      parts.liveness.onStream(nowMs);
    }
    this.count(segment);
    parts.tracker!.record(nowMs, txn, true);
    parts.liveness.onReceived(nowMs);
    parts.opening.onProof();
    parts.isEstablishedNews = true;
    return undefined;
  }

  /** A segment of an open connection, authentic and new. */
  private handleOpened(nowMs: number, segment: SegmentView, txn: number): DropReason | undefined {
    const { parts } = this;
    const tracker = parts.tracker!;
    const isStream = segment.has(FLAG.OP | FLAG.DAT);
    if (isStream) {
      if (parts.reason !== undefined) {
        parts.closing.onIgnored(nowMs);
        return 'notEstablished';
      }
      const drop = this.takePayload(nowMs, segment);
      // What was not kept must not be told as received, nor its number remembered.
      if (drop === 'noMemory' || drop === 'outsideWindow' || drop === 'part') return drop;
    }
    const isProbe = segment.has(FLAG.CNT) && segment.closeStage === 0;
    tracker.record(nowMs, txn, isStream || isProbe);
    if (isProbe) tracker.demand();
    if (segment.has(FLAG.ACK) && !segment.has(FLAG.CNT)) {
      if (!this.takeAcknowledgement(nowMs, segment, isStream)) return 'length';
    }
    if (segment.closeStage > 0) this.takeClose(nowMs, segment);
    return undefined;
  }

  private takePayload(nowMs: number, segment: SegmentView): DropReason | undefined {
    const { parts } = this;
    const receive = parts.receive!;
    const result = receive.take(
      unwrap(receive.rcvNxt, segment.seq),
      segment.flags,
      segment.error,
      segment.partOffset,
      segment.partTotal,
      segment.buffer,
      segment.payloadStart,
      segment.payloadEnd,
    );
    if (receive.isUrgent) parts.tracker!.demand();
    if (result === 'P-MSG-01') {
      parts.violate(result);
      return undefined;
    }
    if (result === 'taken') {
      parts.counters.segmentsReceived += 1;
      parts.liveness.onStream(nowMs);
      return undefined;
    }
    if (result === 'duplicate') parts.counters.duplicatesReceived += 1;
    return result;
  }

  /** Header `ack` and window, and the ack block of a pure acknowledgement. */
  private takeAcknowledgement(nowMs: number, segment: SegmentView, isStream: boolean): boolean {
    const { parts } = this;
    let block: AckBlock | undefined;
    if (!isStream) {
      const { buffer, payloadStart, payloadEnd } = segment;
      if (!readAckBlock(buffer, payloadStart, payloadEnd, this.block)) return false;
      block = this.block;
      parts.counters.acksReceived += 1;
    }
    if (parts.reason !== undefined) return true;
    const violation = parts.acks.handle(nowMs, segment.ack, segment.window, block);
    if (violation !== undefined) parts.violate(violation);
    else if (parts.trace.enabled) this.traceCongestion(nowMs);
    return true;
  }

  private takeClose(nowMs: number, segment: SegmentView): void {
    const { parts } = this;
    const endsPeer = parts.closing.handle(segment.closeStage, segment.error);
    if (!endsPeer || parts.reason !== undefined) return;
    parts.liveness.onStream(nowMs);
    if (segment.error === ERROR.NONE) parts.isPeerFinishedNews = true;
    else parts.end({ kind: 'aborted', by: 'peer', code: segment.error }, ERROR.NONE);
  }

  /** What the acknowledgement made of the window, so only once it has been processed. */
  private traceCongestion(nowMs: number): void {
    const { parts } = this;
    const { phase, cwndBytes, ssthreshBytes } = parts.path.controller;
    const flightSizeBytes = parts.path.flightBytes;
    const record = {
      kind: 'congestion',
      phase,
      cwndBytes,
      ssthreshBytes,
      flightSizeBytes,
    } as const;
    parts.trace.record(nowMs, parts.id, { ...record, cause: 'ack' });
  }
}
