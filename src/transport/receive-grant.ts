/**
 * What a receiver lets the peer send: a right edge in segments and one in bytes (RFC 9293 §3.8.6,
 * twice). Neither ever moves left (P-FLOW-01).
 *
 * Segments are granted by the size that comes lately, not by the largest that would be taken: on a
 * path of 1,500 bytes the window must not shrink because 65,507 would be welcome. A peer that sends
 * larger ones than it granted for is held by the credit.
 */
import type { Inbox } from './inbox.ts';

/** Payload that the first window is reckoned in: that of a datagram of 1,500 bytes. */
const USUAL_PAYLOAD_BYTES = 1_468;

/** Segments granted before any has come (P-FLOW-03). */
export function firstWindow(
  windowSegments: number,
  windowBytes: number,
  maxPayloadBytes: number,
): number {
  const payloadBytes = Math.min(maxPayloadBytes, USUAL_PAYLOAD_BYTES);
  return Math.min(windowSegments, Math.floor(windowBytes / payloadBytes));
}

export class ReceiveGrant {
  /** First segment beyond the window; absolute. */
  windowEdge: number;
  private creditEdge: number;
  private toldCreditEdge: number;
  /** Largest payload of this windowful of bytes and of the one before it. */
  private largestBytes: number;
  private priorLargestBytes = 0;
  private windowfulEndsAt: number;
  private readonly inbox: Inbox;
  private readonly usualBytes: number;
  private readonly windowSegments: number;

  constructor(
    initialSeq: number,
    inbox: Inbox,
    maxPayloadBytes: number,
    windowSegments: number,
    windowBytes: number,
  ) {
    this.inbox = inbox;
    this.usualBytes = Math.min(maxPayloadBytes, USUAL_PAYLOAD_BYTES);
    this.windowSegments = windowSegments;
    this.largestBytes = this.usualBytes;
    this.windowfulEndsAt = windowBytes;
    this.windowEdge = initialSeq + firstWindow(windowSegments, windowBytes, maxPayloadBytes);
    this.creditEdge = windowBytes;
    this.toldCreditEdge = windowBytes;
  }

  /** Header field `window`. */
  window(rcvNxt: number): number {
    // P-FLOW-03: no more segments than the credit has room for.
    const segments = Math.floor(this.credit() / this.payloadBytes);
    this.windowEdge = Math.max(this.windowEdge, rcvNxt + Math.min(this.windowSegments, segments));
    return this.windowEdge - rcvNxt;
  }

  /** CREDIT: bytes that may follow `rcvNxt`. */
  credit(): number {
    return this.creditEdgeNow() - this.inbox.deliveredBytes;
  }

  private creditEdgeNow(): number {
    const { consumedBytes, partialBytes } = this.inbox;
    // A message begun takes no credit, or a long one could shut the window before it is whole.
    this.creditEdge = Math.max(
      this.creditEdge,
      consumedBytes + partialBytes + this.inbox.windowBytes,
    );
    return this.creditEdge;
  }

  /** P-FLOW-04: whether the window has opened enough since it was told to be worth a segment. */
  isUpdateDue(): boolean {
    const gained = this.creditEdgeNow() - this.toldCreditEdge;
    const left = this.toldCreditEdge - this.inbox.deliveredBytes;
    if (gained <= 0) return false;
    return gained >= this.inbox.windowBytes / 4 || left < 2 * this.payloadBytes;
  }

  onTold(): void {
    this.toldCreditEdge = this.creditEdge;
  }

  private get payloadBytes(): number {
    return Math.max(this.largestBytes, this.priorLargestBytes);
  }

  /** A segment came. A path that shrinks must not leave a window of few large ones for ever. */
  noteSize(bytes: number): void {
    const { deliveredBytes } = this.inbox;
    if (deliveredBytes >= this.windowfulEndsAt) {
      this.windowfulEndsAt = deliveredBytes + this.inbox.windowBytes;
      this.priorLargestBytes = this.largestBytes;
      this.largestBytes = this.usualBytes;
    }
    if (bytes > this.largestBytes) this.largestBytes = bytes;
  }
}
