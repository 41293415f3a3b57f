/**
 * What happens to one decoded segment, step by step (docs/ARCHITECTURE.md names the same steps):
 * duplicate? -> open the seal -> opening -> liveness -> payload -> what it tells -> closing.
 */
import { AckBlock, readAckBlock } from '../wire/ack-block.ts';
import { type DropReason, ERROR, FLAG } from '../wire/codes.ts';
import { CHALLENGE_BYTES } from '../wire/layout.ts';
import { defaultParameters, readParameters } from '../wire/parameters.ts';
import type { SegmentView } from '../wire/segment.ts';
import { unwrap } from '../wire/serial.ts';
import type { ConnectionParts } from './connection-parts.ts';
import { countReceived } from './counters.ts';
import { OpeningReceiver } from './receive-opening.ts';
import type { PeerAddress } from './types.ts';

/** Read and taken in in one go, so all connections share it. */
const BLOCK = new AckBlock();

export class ReceivePipeline {
  private readonly parts: ConnectionParts;
  private readonly openingReceiver: OpeningReceiver;

  constructor(parts: ConnectionParts) {
    this.parts = parts;
    this.openingReceiver = new OpeningReceiver(parts);
  }

  /** The connection is at rest (connection-rest.ts). */
  rest(): void {
    this.openingReceiver.rest();
  }

  /** @returns why the segment had no effect, or undefined */
  handle(nowMs: number, segment: SegmentView, from: PeerAddress): DropReason | undefined {
    const { parts } = this;
    // Ended by what came just before, in the same batch or datagram: its keys are wiped already.
    if (parts.isGone) return 'notEstablished';
    if (segment.hasReset) return this.openingReceiver.handleReset(segment);
    if (!segment.hasTxn) return 'option';
    if (parts.tracker === undefined) return this.openingReceiver.handleSynAck(nowMs, segment);
    if (segment.has(FLAG.SYN)) return parts.opening.isDone ? 'duplicate' : 'notEstablished';
    const txn = unwrap(parts.tracker.newestTxn, segment.txn);
    // The third message is known by its bytes too: its number is not noted when its operation
    // found no memory.
    const isThirdAgain = segment.has(FLAG.CNT) && this.openingReceiver.isThirdAgain(segment);
    if (isThirdAgain || parts.tracker.isDuplicate(txn)) return this.handleDuplicate(isThirdAgain);
    if (parts.opening.state === 'synReceived') {
      return this.openingReceiver.handleThird(nowMs, segment, txn);
    }
    if (!this.open(segment, txn)) return 'seal';
    if (parts.opening.state === 'unproven') parts.opening.onProof();
    countReceived(parts.counters, segment);
    parts.liveness.onReceived(nowMs);
    return this.handleOpened(nowMs, segment, txn, from);
  }

  /** P-TXN-04. A repeated third message means that ours never arrived: it is answered. */
  private handleDuplicate(isThirdAgain: boolean): DropReason {
    const { parts } = this;
    parts.counters.duplicatesReceived += 1;
    if (isThirdAgain && parts.opening.isDone) parts.tracker?.demand();
    return 'duplicate';
  }

  /** Opens in place; afterwards the payload is what was sealed. */
  private open(segment: SegmentView, txn: number): boolean {
    const { sealer } = this.parts;
    const { buffer, headerStart, payloadStart, payloadEnd } = segment;
    if (payloadEnd - payloadStart < sealer.overheadBytes) return false;
    if (!sealer.open(buffer, headerStart, payloadStart, payloadEnd, txn)) {
      // P-KEY-08: what would come under this key could no longer be told from a forgery.
      if (sealer.keys?.isWorn() === true) this.parts.violate('P-KEY-08');
      return false;
    }
    segment.payloadEnd -= sealer.overheadBytes;
    return true;
  }

  /** A segment of an open connection, authentic and new. */
  private handleOpened(
    nowMs: number,
    segment: SegmentView,
    txn: number,
    from: PeerAddress,
  ): DropReason | undefined {
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
    // P-MOVE-01: asked before the number is taken in.
    const isNewest = txn > tracker.newestTxn;
    const isProbe = segment.has(FLAG.CNT) && segment.closeStage === 0;
    tracker.record(nowMs, txn, isStream || isProbe);
    if (isProbe) tracker.demand();
    if (segment.has(FLAG.ACK) && !segment.has(FLAG.CNT)) {
      if (!this.takeAcknowledgement(nowMs, segment, isStream)) return 'length';
    }
    if (segment.closeStage > 0) this.takeClose(nowMs, segment);
    if (segment.challengeAt >= 0) this.takeChallenge(nowMs, segment, from);
    if (isNewest && from !== parts.peer) {
      parts.addressChange.onElsewhere(nowMs, from, parts.rtt.srttMs, parts.shared.random);
    }
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
      // Only where an address may change: there it is the initiator's.
      if (parts.initiator && parts.shared.protection.allowsMoves) {
        parts.liveness.onFlow(nowMs, !segment.has(FLAG.END), parts.rtt.srttMs);
      }
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
      if (!readAckBlock(buffer, payloadStart, payloadEnd, BLOCK)) return false;
      block = BLOCK;
      parts.counters.acksReceived += 1;
    }
    if (parts.reason !== undefined) return true;
    const violation = parts.acks.handle(nowMs, segment.ack, segment.window, block);
    if (violation !== undefined) parts.violate(violation);
    else if (parts.trace.enabled) this.traceCongestion(nowMs);
    return true;
  }

  /** A question about our address, or the answer to one of ours. */
  private takeChallenge(nowMs: number, segment: SegmentView, from: PeerAddress): void {
    const { parts } = this;
    const { buffer, challengeAt } = segment;
    const value = buffer.slice(challengeAt, challengeAt + CHALLENGE_BYTES);
    if (segment.isChallengeAnswer) {
      if (!parts.initiator && parts.addressChange.onAnswer(value, from)) parts.move(nowMs, from);
      return;
    }
    if (!parts.initiator) return;
    parts.addressChange.onQuestion(value, parts.peer);
    const parameters = defaultParameters();
    if (readParameters(buffer, segment.payloadStart, segment.payloadEnd, parameters)) {
      this.openingReceiver.keepToken(parameters.resetToken);
    }
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
