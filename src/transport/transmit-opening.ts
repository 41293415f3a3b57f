/** What leaves while a connection opens: the messages, built when their numbers are known. */
import { MIN_SEGMENT_BYTES, STREAM_HEADER_BYTES } from '../wire/layout.ts';
import { FIRST_SEGMENT_OVERHEAD_BYTES } from '../wire/parameters.ts';
import type { ConnectionParts } from './connection-parts.ts';
import type { FirstSegment } from './opening.ts';
import { KIND } from './transmission-log.ts';
import type { TransmitSlot } from './types.ts';

/** Room left in the third message for its numeric parameters. */
const PARAMETERS_BYTES = 64;

export class OpeningTransmitter {
  private thirdTxn = -1;
  private readonly parts: ConnectionParts;

  constructor(parts: ConnectionParts) {
    this.parts = parts;
  }

  /** Writes the opening's next message when one is due. */
  poll(nowMs: number, slot: TransmitSlot): boolean {
    const { opening } = this.parts;
    if (opening.isDone) return false;
    if (opening.isSynMissing) this.buildFirst(nowMs, slot);
    else if (opening.state === 'synSent' && this.parts.receive !== undefined) {
      this.buildThird(nowMs, slot);
    }
    if (this.parts.recovery.probesDue > 0) opening.precede(nowMs);
    const sent = opening.poll(nowMs, slot);
    // Repeated as it was, the message can no longer say how long a round trip takes.
    if (sent && opening.attempts > 1 && this.thirdTxn >= 0) {
      this.parts.log.forbidTiming(this.thirdTxn);
    }
    return sent;
  }

  private buildFirst(nowMs: number, slot: TransmitSlot): void {
    const { parts } = this;
    const txn = parts.nextTxn(nowMs, KIND.CONTROL, -1);
    const seq = parts.initialSeq;
    if (parts.initiator) parts.opening.buildSyn(slot.buffer, seq, txn, parts.ownParameters());
    else parts.opening.buildSynAck(slot.buffer, seq, txn, parts.ownParameters());
  }

  private buildThird(nowMs: number, slot: TransmitSlot): void {
    const { parts } = this;
    const seq = parts.initialSeq;
    const first = this.takeFirstSegment();
    this.thirdTxn = parts.nextTxn(
      nowMs,
      first === undefined ? KIND.PROBE : KIND.STREAM,
      first ? seq : -1,
    );
    if (first !== undefined) {
      parts.noteTransmission(nowMs, seq, this.thirdTxn, this.thirdTxn);
      parts.recovery.onSent(nowMs);
    }
    const { rtoMs, maxAckDelayMs } = parts.recovery;
    // As for a tail probe (P-LOSS-02).
    const answerMs = Math.min(2 * parts.rtt.expectedMs + maxAckDelayMs, rtoMs);
    const capMs = parts.rtt.backoffCapMs;
    const own = parts.ownParameters(parts.config.login);
    parts.opening.buildThird(slot.buffer, seq, this.thirdTxn, own, first, answerMs, capMs);
    parts.keyLifetime.begin(nowMs, parts.sealer.keys);
  }

  /** Cuts stream segment ISN for the third message when the peer's window takes it. */
  private takeFirstSegment(): FirstSegment | undefined {
    const { queue, window, peerWindow } = this.parts;
    if (queue.isEmpty) return undefined;
    const room = this.firstRoomBytes();
    const length = queue.nextLength(room);
    if (length === 0 || !peerWindow.allows(window.sndNxt, window.bytesNumbered + length)) {
      return undefined;
    }
    const cut = queue.take(room);
    window.append(cut);
    return { flags: cut.flags, payload: cut.bytes.subarray(cut.offset, cut.offset + cut.length) };
  }

  /** What the third message has left for the first operation on the smallest path. */
  private firstRoomBytes(): number {
    const { handshake, config } = this.parts;
    const around = STREAM_HEADER_BYTES + handshake.before(3) + handshake.after(3);
    const loginBytes = config.login === undefined ? 0 : 3 + config.login.length;
    const others = PARAMETERS_BYTES + loginBytes + FIRST_SEGMENT_OVERHEAD_BYTES;
    return MIN_SEGMENT_BYTES - around - others;
  }
}
