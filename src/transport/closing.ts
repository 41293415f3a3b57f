/**
 * The four-way closing (docs/PROTOCOL.md, "Closing"), from either side, both at once, under loss.
 *
 * Our end: open -> wanted -> sent -> answered. The peer's end: open -> seen. When both ends are
 * over, the connection is; its ports then rest for three timeouts. The stage of a message says what
 * it is: 1 the first fin, 2 its answer, 3 the other side's fin, 4 the answer to that. Two stages 1
 * that cross are each answered by a 2.
 */
import { CLOSE, ERROR, FLAG } from '../wire/codes.ts';

/** P-CLOSE-02: how often a fin is repeated once nothing is at stake any more. */
export const CLOSE_ATTEMPTS_AFTER_PEER = 10;
/** The second copy of a fin follows the first this soon: a client process may exit after it. */
const SECOND_COPY_MS = 50;

export class Closing {
  /** Fins of ours sent. */
  finsSent = 0;
  /** Error code of our fin; not 0 for an abort. */
  code = ERROR.NONE as number;
  /** The peer will send no further records. */
  isPeerOver = false;
  peerCode = ERROR.NONE as number;
  private ours: 'open' | 'wanted' | 'sent' | 'answered' = 'open';
  private stage: number = CLOSE.FIN;
  private answerStage = 0;
  private retryAtMs = Infinity;

  /** Whether the application has ended its side. */
  get isWanted(): boolean {
    return this.ours !== 'open';
  }

  get isAnswered(): boolean {
    return this.ours === 'answered';
  }

  /** Both ends are over and nothing is left to say. */
  get isComplete(): boolean {
    const nothingAtStake = this.isPeerOver || this.code !== ERROR.NONE;
    const isGivenUp = nothingAtStake && this.finsSent > CLOSE_ATTEMPTS_AFTER_PEER;
    return this.answerStage === 0 && ((this.ours === 'answered' && this.isPeerOver) || isGivenUp);
  }

  /** P-CLOSE-04: ends our side with `code`, 0 for an orderly end, which an abort may follow. */
  want(code: number): void {
    const isAbort = code !== ERROR.NONE && this.code === ERROR.NONE;
    if (this.ours !== 'open' && !isAbort) return;
    this.ours = 'wanted';
    this.code = code;
    this.finsSent = 0;
  }

  /** The peer goes on though our abort seems answered: that answer was to an orderly fin before. */
  onIgnored(nowMs: number): void {
    if (this.ours !== 'answered') return;
    this.ours = 'sent';
    this.retryAtMs = nowMs;
  }

  /**
   * A closing message of the peer.
   * @returns true when it is news: the peer's side ends just now, or its orderly end is an abort
   */
  handle(stage: number, code: number): boolean {
    if (stage === CLOSE.FIN_ACK || stage === CLOSE.PEER_FIN_ACK) {
      if (this.ours === 'sent') this.ours = 'answered';
      return false;
    }
    // P-CLOSE-03: a fin is answered each time it comes.
    this.answerStage = stage + 1;
    // Stage 3 is sent only by a side that has seen our fin.
    if (stage === CLOSE.PEER_FIN && this.ours === 'sent') this.ours = 'answered';
    if (this.isPeerOver && (code === ERROR.NONE || this.peerCode !== ERROR.NONE)) return false;
    this.isPeerOver = true;
    this.peerCode = code;
    return true;
  }

  nextTimeout(): number {
    return this.ours === 'sent' ? this.retryAtMs : Infinity;
  }

  /**
   * The closing message due now.
   * @param isDrained whether all our segments are acknowledged or abandoned (P-CLOSE-01)
   * @returns its stage, 0 for none
   */
  poll(nowMs: number, isDrained: boolean, rtoMs: number, capMs: number): number {
    if (this.answerStage !== 0) {
      const stage = this.answerStage;
      this.answerStage = 0;
      return stage;
    }
    const isDue = this.ours === 'sent' && nowMs >= this.retryAtMs;
    if (!isDue && !(this.ours === 'wanted' && isDrained)) return 0;
    if (this.ours === 'wanted') this.stage = this.isPeerOver ? CLOSE.PEER_FIN : CLOSE.FIN;
    this.ours = 'sent';
    const backoffMs = Math.min(rtoMs * 2 ** Math.max(0, this.finsSent - 1), Math.max(rtoMs, capMs));
    this.retryAtMs = nowMs + (this.finsSent === 0 ? Math.min(SECOND_COPY_MS, rtoMs) : backoffMs);
    this.finsSent += 1;
    return this.stage;
  }

  /** Header flags of a message of `stage`: fin, fin+ack, none, ack, each with cnt. */
  static flags(stage: number): number {
    if (stage === CLOSE.FIN) return FLAG.CNT | FLAG.FIN;
    if (stage === CLOSE.FIN_ACK) return FLAG.CNT | FLAG.FIN | FLAG.ACK;
    return stage === CLOSE.PEER_FIN ? FLAG.CNT : FLAG.CNT | FLAG.ACK;
  }
}
