/**
 * P-OPEN-01: the three-way opening (docs/PROTOCOL.md, "Opening").
 *
 * initiator: closed -> synSent -> unproven -> done      responder: synReceived -> done
 *
 * P-OPEN-03: the initiator repeats its message with doubling timers until it is answered; the
 * responder speaks only when spoken to. Every message is built once and repeated byte for byte.
 * The first repeats come soon, since a lost datagram of an opening delays all that follows it.
 */
import { ERROR } from '../wire/codes.ts';
import { SYN_BYTES } from '../wire/layout.ts';
import {
  endParameters,
  type Parameters,
  writeFirstSegment,
  writeParameters,
} from '../wire/parameters.ts';
import { cookieRange } from '../wire/segment.ts';
import { finishSegment } from '../wire/segment-write.ts';
import type { Handshake, MessageNumber } from './protection.ts';
import type { SegmentWriter } from './segment-writer.ts';
import type { TransmitSlot } from './types.ts';

/** P-OPEN-03: least interval before the first repeat, as between attempts in RFC 8305 §5. */
export const OPENING_RETRY_MS = 100;
export const OPENING_RETRY_CAP_MS = 1000;

/** Cookies that one opening takes from unproven answers (docs/LIMITS.md). */
export const MAX_COOKIES_TAKEN = 8;

export type OpeningState = 'synSent' | 'unproven' | 'synReceived' | 'done';

/** Stream segment ISN, which rides in the third message. */
export interface FirstSegment {
  readonly flags: number;
  readonly payload: Uint8Array;
}

export class Opening {
  state: OpeningState;
  /** When the first message left; -1 before. */
  firstSentMs = -1;
  /** Times the current message was sent. */
  attempts = 0;
  /** Newest error code in an unproven answer: shown if the attempt times out (P-OPEN-07). */
  advice = ERROR.NONE as number;
  private message: Uint8Array | undefined;
  private sentMs = -Infinity;
  private retryAtMs = Infinity;
  private intervalMs = OPENING_RETRY_MS;
  private intervalCapMs = OPENING_RETRY_CAP_MS;
  private copies = 0;
  private cookiesTaken = 0;
  private readonly writer: SegmentWriter;
  private readonly handshake: Handshake;
  private readonly versions: readonly number[];
  private readonly controlCopies: number;

  /** @param version what VERSIONS lists */
  constructor(
    isInitiator: boolean,
    writer: SegmentWriter,
    handshake: Handshake,
    version: number,
    controlCopies: number,
  ) {
    this.state = isInitiator ? 'synSent' : 'synReceived';
    this.writer = writer;
    this.handshake = handshake;
    this.versions = [version];
    this.controlCopies = controlCopies;
  }

  get isDone(): boolean {
    return this.state === 'done';
  }

  /** The SYN: versions, room for a cookie, parameters, filled up to 1,200 bytes (P-OPEN-02). */
  buildSyn(buffer: Uint8Array, seq: number, txn: number, parameters: Parameters): void {
    this.start(buffer, this.build(buffer, 1, seq, txn, SYN_BYTES, parameters));
  }

  buildSynAck(buffer: Uint8Array, seq: number, txn: number, parameters: Parameters): void {
    this.message = buffer.slice(0, this.build(buffer, 2, seq, txn, 0, parameters));
  }

  private build(
    buffer: Uint8Array,
    n: MessageNumber,
    seq: number,
    txn: number,
    padToBytes: number,
    parameters: Parameters,
    first?: FirstSegment,
  ): number {
    const versions = n === 3 ? [] : this.versions;
    const { handshake } = this;
    return this.writer.handshake(
      buffer,
      n,
      handshake,
      seq,
      txn,
      versions,
      padToBytes,
      (bytes, at) => {
        let next = writeParameters(bytes, at, parameters);
        if (first !== undefined) next = writeFirstSegment(bytes, next, first.flags, first.payload);
        return endParameters(bytes, next);
      },
    );
  }

  /**
   * The third message, with the first operation inside when there is one.
   * @param answerMs after which its answer should be here
   * @param capMs longest interval between its repeats
   */
  buildThird(
    buffer: Uint8Array,
    seq: number,
    txn: number,
    parameters: Parameters,
    first: FirstSegment | undefined,
    answerMs: number,
    capMs: number,
  ): void {
    const length = this.build(buffer, 3, seq, txn, 0, parameters, first);
    this.writer.sealer = this.handshake.sealer;
    this.state = 'unproven';
    this.intervalMs = Math.max(OPENING_RETRY_MS, answerMs);
    this.intervalCapMs = capMs;
    this.start(buffer, length);
  }

  private start(buffer: Uint8Array, length: number): void {
    this.message = buffer.slice(0, length);
    this.attempts = 0;
    this.retryAtMs = -Infinity;
  }

  /** The message to be built next, while it does not exist yet. */
  get isSynMissing(): boolean {
    return this.message === undefined;
  }

  /** P-OPEN-04: a SYN, first or repeated, is answered; nothing else makes a SYN-ACK leave. */
  onSyn(): void {
    if (this.state === 'synReceived') this.retryAtMs = -Infinity;
  }

  /**
   * P-COOKIE-02: the responder wants to see that the SYN's address is ours: the same SYN leaves
   * again at once, with the cookie, once for each. Whoever forges cookies delays an opening a few
   * times.
   * @returns false when it is refused
   */
  onCookie(cookie: Uint8Array): boolean {
    if (this.state !== 'synSent' || this.message === undefined) return false;
    const range = cookieRange(this.message);
    if (range === undefined || this.cookiesTaken >= MAX_COOKIES_TAKEN) return false;
    this.cookiesTaken += 1;
    // A SYN that was repeated on its way is asked again by each copy.
    const shown = this.message.subarray(range.from, range.to);
    if (cookie.every((byte, i) => byte === shown[i])) return true;
    this.message.set(cookie, range.from);
    finishSegment(this.message, 0, this.message.length);
    // The answer to a datagram that was not sent before can be timed, if nothing else was sent.
    if (this.cookiesTaken === 1 && this.attempts === 1) {
      this.attempts = 0;
      this.firstSentMs = -1;
    }
    this.retryAtMs = -Infinity;
    return true;
  }

  /** P-OPEN-05: a segment is to leave that would be dropped unless the third message came first. */
  precede(nowMs: number): void {
    if (this.state === 'unproven' && this.sentMs < nowMs) this.retryAtMs = nowMs;
  }

  /** P-OPEN-05: any segment of an open connection proves that the third message arrived. */
  onProof(): void {
    this.state = 'done';
    this.retryAtMs = Infinity;
    this.message = undefined;
  }

  nextTimeout(): number {
    return this.copies > 0 ? -Infinity : this.retryAtMs;
  }

  /** Writes the message when it is due. */
  poll(nowMs: number, slot: TransmitSlot): boolean {
    if (this.message === undefined || nowMs < this.nextTimeout()) return false;
    if (this.copies === 0) {
      this.copies = this.controlCopies;
      this.attempts += 1;
      this.sentMs = nowMs;
      if (this.firstSentMs < 0) this.firstSentMs = nowMs;
      this.retryAtMs = this.state === 'synReceived' ? Infinity : nowMs + this.intervalMs;
      this.intervalMs = Math.min(
        this.intervalMs * 2,
        Math.max(this.intervalCapMs, this.intervalMs),
      );
    }
    this.copies -= 1;
    slot.buffer.set(this.message);
    slot.length = this.message.length;
    return true;
  }
}
