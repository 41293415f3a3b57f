/**
 * What leaves next, in order (docs/ARCHITECTURE.md names the same steps):
 * opening -> closing -> acknowledgement -> probes (of tail, window, life, and of the path's size)
 * -> lost segments -> new segments.
 */
import { AckBlock } from '../wire/ack-block.ts';
import { CLOSE } from '../wire/codes.ts';
import { STREAM_HEADER_BYTES } from '../wire/layout.ts';
import { Closing } from './closing.ts';
import type { ConnectionParts } from './connection-parts.ts';
import { SEGMENT } from './send-window.ts';
import { KIND } from './transmission-log.ts';
import { OpeningTransmitter } from './transmit-opening.ts';
import type { TransmitSlot } from './types.ts';

/** Filled and written in one go, so all connections share it. */
const BLOCK = new AckBlock();

export class TransmitPipeline {
  /** One of its own where copies of it follow. */
  private readonly block: AckBlock;
  /** Copies of the current acknowledgement still to leave. */
  private ackCopies = 0;
  /** A segment that goes in parts: its number, the next offset, its first transmission. */
  private partSeq = -1;
  private partNext = 0;
  private partFirstTxn = 0;
  /** The last answer to a fin, which the quiet period repeats. */
  lastAnswer: Uint8Array | undefined;
  private readonly parts: ConnectionParts;
  private readonly opening: OpeningTransmitter;

  constructor(parts: ConnectionParts) {
    this.parts = parts;
    this.opening = new OpeningTransmitter(parts);
    this.block = parts.config.controlCopies === 1 ? BLOCK : new AckBlock();
  }

  /** Writes one datagram into `slot`; false when nothing is to be sent now. */
  poll(nowMs: number, slot: TransmitSlot): boolean {
    const { parts } = this;
    parts.stampReceiveState();
    parts.path.pacedUntilMs = Infinity;
    slot.peer = parts.peer;
    const sent =
      this.opening.poll(nowMs, slot) ||
      (parts.isEstablished &&
        (this.pollChallenge(nowMs, slot) ||
          this.pollClosing(nowMs, slot) ||
          this.pollAck(nowMs, slot) ||
          (parts.reason === undefined &&
            (this.pollProbes(nowMs, slot) ||
              parts.sizes.poll(nowMs, slot) ||
              this.pollLost(nowMs, slot) ||
              this.pollNew(nowMs, slot)))));
    if (!sent) return false;
    parts.counters.datagramsSent += 1;
    parts.counters.bytesSent += slot.length;
    return true;
  }

  /** A question or an answer about an address goes where it belongs, and before all else. */
  private pollChallenge(nowMs: number, slot: TransmitSlot): boolean {
    const { parts } = this;
    const due = parts.addressChange.take();
    if (due === undefined) return false;
    const txn = parts.nextTxn(nowMs, KIND.PROBE, -1);
    const { value, isAnswer, peer } = due;
    const token = isAnswer ? undefined : parts.ownResetToken(peer);
    slot.peer = peer;
    slot.length = parts.writer.challenge(
      slot.buffer,
      parts.window.sndNxt,
      txn,
      value,
      isAnswer,
      token,
    );
    return true;
  }

  private pollClosing(nowMs: number, slot: TransmitSlot): boolean {
    const { parts } = this;
    const { closing, recovery, rtt } = parts;
    const stage = closing.poll(nowMs, parts.isDrained, recovery.rtoMs, rtt.backoffCapMs);
    if (stage === 0) return false;
    const txn = parts.nextTxn(nowMs, KIND.CONTROL, -1);
    const flags = Closing.flags(stage);
    const seq = parts.window.sndNxt;
    slot.length = parts.writer.close(slot.buffer, seq, txn, stage, flags, closing.code);
    const isAnswer = stage === CLOSE.FIN_ACK || stage === CLOSE.PEER_FIN_ACK;
    if (isAnswer) this.lastAnswer = slot.buffer.slice(0, slot.length);
    return true;
  }

  private pollAck(nowMs: number, slot: TransmitSlot): boolean {
    const { parts } = this;
    const tracker = parts.tracker!;
    const receive = parts.receive!;
    parts.inbox.tuneWindow(nowMs, parts.rtt.minRttMs);
    if (this.ackCopies === 0) {
      if (!tracker.isAckDue(nowMs) && !receive.isUpdateDue()) return false;
      receive.fill(this.block);
      tracker.fill(nowMs, this.block);
      parts.stampReceiveState();
      this.ackCopies = parts.config.controlCopies;
    }
    this.ackCopies -= 1;
    const txn = parts.nextTxn(nowMs, KIND.CONTROL, -1);
    slot.length = parts.writer.acknowledgement(slot.buffer, parts.window.sndNxt, txn, this.block);
    parts.counters.acksSent += 1;
    return true;
  }

  private pollProbes(nowMs: number, slot: TransmitSlot): boolean {
    const { parts } = this;
    if (parts.recovery.probesDue > 0) return this.sendTailProbe(nowMs, slot);
    const isWindowProbe = parts.peerWindow.isProbeDue;
    const isKeyProbe = parts.keyLifetime.isProbeDue(nowMs);
    if (!isWindowProbe && !isKeyProbe && !parts.liveness.isProbeDue) return false;
    if (isWindowProbe) parts.peerWindow.onProbeSent();
    parts.liveness.onProbeSent(nowMs);
    parts.keyLifetime.onProbeSent(nowMs);
    const txn = parts.nextTxn(nowMs, KIND.PROBE, -1);
    slot.length = parts.writer.probe(slot.buffer, parts.window.sndNxt, txn);
    if (parts.trace.enabled) {
      const probe = isWindowProbe ? 'window' : isKeyProbe ? 'key' : 'keepAlive';
      parts.trace.record(nowMs, parts.id, { kind: 'probe', probe });
    }
    return true;
  }

  /** P-LOSS-02: what is known to be lost goes first, then new data, then what is in flight. */
  private sendTailProbe(nowMs: number, slot: TransmitSlot): boolean {
    const { recovery, trace, id } = this.parts;
    const lost = recovery.nextLost();
    const seq = lost < 0 ? recovery.probeSeq() : lost;
    if (lost < 0 && this.mayNumberNew() && this.partSeq < 0) this.sendNew(nowMs, slot);
    // A segment that needs parts is left to its timeout: half of it would prove nothing.
    else if (seq >= 0 && !this.needsParts(seq)) this.sendWhole(nowMs, slot, seq);
    else {
      recovery.probesDue = 0;
      return false;
    }
    recovery.mtu.doubt();
    if (trace.enabled) trace.record(nowMs, id, { kind: 'probe', probe: 'tail' });
    recovery.onProbeSent(nowMs);
    return true;
  }

  private needsParts(seq: number): boolean {
    const { parts } = this;
    return parts.window.lengthOf(seq) > parts.writer.maxPayloadBytes(parts.segmentBytes);
  }

  private pollLost(nowMs: number, slot: TransmitSlot): boolean {
    const { path, window, recovery } = this.parts;
    if (this.partSeq >= 0) return this.sendPart(nowMs, slot);
    const seq = recovery.nextLost();
    if (seq < 0) return false;
    if (!path.mayStart(nowMs, window.wireBytesOf(seq)) && !recovery.isFirstDue) return false;
    if (this.needsParts(seq)) {
      this.partSeq = seq;
      this.partNext = 0;
      return this.sendPart(nowMs, slot);
    }
    this.sendWhole(nowMs, slot, seq);
    recovery.onSent(nowMs);
    return true;
  }

  /** Repeats segment `seq` in one transmission. */
  private sendWhole(nowMs: number, slot: TransmitSlot, seq: number): void {
    const txn = this.parts.nextTxn(nowMs, KIND.STREAM, seq);
    this.parts.noteTransmission(nowMs, seq, txn, txn);
    this.write(slot, seq, txn, 0, this.parts.window.lengthOf(seq), 0);
  }

  /** P-PART-01: the next piece of a segment too large for the path; the last one ends its round. */
  private sendPart(nowMs: number, slot: TransmitSlot): boolean {
    const { parts } = this;
    const seq = this.partSeq;
    // It may have arrived in the meantime.
    if (parts.window.stateOf(seq) !== SEGMENT.LOST) {
      this.partSeq = -1;
      return this.pollLost(nowMs, slot);
    }
    const total = parts.window.lengthOf(seq);
    const piece = parts.writer.maxPayloadBytes(parts.segmentBytes) - 8;
    const length = Math.min(piece, total - this.partNext);
    const txn = parts.nextTxn(nowMs, KIND.PART, seq);
    if (this.partNext === 0) this.partFirstTxn = txn;
    const offset = this.partNext;
    this.partNext += length;
    if (this.partNext === total) {
      this.parts.noteTransmission(nowMs, seq, this.partFirstTxn, txn);
      this.partSeq = -1;
      parts.recovery.onSent(nowMs);
    }
    this.write(slot, seq, txn, offset, length, total);
    return true;
  }

  /** Whether the queue and the peer's window allow a new segment. */
  private mayNumberNew(): boolean {
    const { queue, window, peerWindow, writer, segmentBytes } = this.parts;
    if (queue.isEmpty || window.isFull) return false;
    const length = queue.nextLength(writer.maxPayloadBytes(segmentBytes));
    return peerWindow.allows(window.sndNxt, window.bytesNumbered + length);
  }

  private pollNew(nowMs: number, slot: TransmitSlot): boolean {
    const { queue, window, peerWindow, recovery, path, rtt, writer, segmentBytes } = this.parts;
    // A peer short of memory may hold all of it and not yet have put it in order.
    const isWaiting = window.count > 0 || !queue.isEmpty;
    const isUnderWay = window.flightBytes > 0 || window.lostCount > 0;
    if (!this.mayNumberNew()) {
      // P-CC-03: unless lost segments wait for the congestion window, something else is the brake.
      if (window.lostCount === 0) this.noteAppLimited();
      // P-FLOW-05: with nothing in flight no acknowledgement will come by itself.
      if (!isWaiting) peerWindow.onOpen();
      else if (!isUnderWay) peerWindow.onBlocked(nowMs, recovery.rtoMs, rtt.backoffCapMs);
      return false;
    }
    peerWindow.onOpen();
    const length = queue.nextLength(writer.maxPayloadBytes(segmentBytes));
    if (!path.mayStart(nowMs, length + STREAM_HEADER_BYTES)) return false;
    this.sendNew(nowMs, slot);
    recovery.onSent(nowMs);
    return true;
  }

  private noteAppLimited(): void {
    const { path, rate } = this.parts;
    path.isCwndLimited = false;
    if (path.roomBytes >= this.parts.segmentBytes) rate.onAppLimited(path.flightBytes);
  }

  private sendNew(nowMs: number, slot: TransmitSlot): void {
    const { parts } = this;
    const seq = parts.window.append(
      parts.queue.take(parts.writer.maxPayloadBytes(parts.segmentBytes)),
    );
    const txn = parts.nextTxn(nowMs, KIND.STREAM, seq);
    this.parts.noteTransmission(nowMs, seq, txn, txn);
    parts.liveness.onStream(nowMs);
    this.write(slot, seq, txn, 0, parts.window.lengthOf(seq), 0);
  }

  private write(
    slot: TransmitSlot,
    seq: number,
    txn: number,
    partOffset: number,
    length: number,
    partTotal: number,
  ): void {
    const { window, writer } = this.parts;
    slot.length = writer.stream(
      slot.buffer,
      seq,
      window.flagsOf(seq),
      window.errorOf(seq),
      txn,
      window.bytesOf(seq),
      window.offsetOf(seq) + partOffset,
      length,
      partOffset,
      partTotal,
    );
  }
}
