/**
 * P-OPEN-01: the three-way opening (docs/PROTOCOL.md, "Opening").
 *
 * initiator: closed -> synSent -> unproven -> done      responder: synReceived -> done
 *
 * P-OPEN-03: the initiator repeats its message with doubling timers until it is answered; the
 * responder speaks only when spoken to. Every message is built once and repeated byte for byte.
 */
import { ERROR, FLAG, WIRE_VERSION } from '../wire/codes.ts';
import { SYN_BYTES } from '../wire/layout.ts';
import {
  endParameters,
  type Parameters,
  writeFirstSegment,
  writeParameters,
} from '../wire/parameters.ts';
import type { SegmentWriter } from './segment-writer.ts';
import type { TransmitSlot } from './types.ts';

/** First interval between repeats while no round trip is known (founding documents). */
export const OPENING_RETRY_MS = 500;
export const OPENING_RETRY_CAP_MS = 1000;

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
  private retryAtMs = Infinity;
  private intervalMs = OPENING_RETRY_MS;
  private intervalCapMs = OPENING_RETRY_CAP_MS;
  private copies = 0;
  private readonly writer: SegmentWriter;
  private readonly controlCopies: number;

  constructor(isInitiator: boolean, writer: SegmentWriter, controlCopies: number) {
    this.state = isInitiator ? 'synSent' : 'synReceived';
    this.writer = writer;
    this.controlCopies = controlCopies;
  }

  get isDone(): boolean {
    return this.state === 'done';
  }

  /** The SYN: versions, parameters, filled up to 1,200 bytes (P-OPEN-02). */
  buildSyn(buffer: Uint8Array, seq: number, txn: number, parameters: Parameters): void {
    const length = this.writer.handshake(
      buffer,
      seq,
      FLAG.CNT | FLAG.SYN,
      txn,
      ERROR.NONE,
      [WIRE_VERSION],
      SYN_BYTES,
      (bytes, at) => endParameters(bytes, writeParameters(bytes, at, parameters)),
    );
    this.start(buffer, length);
  }

  buildSynAck(buffer: Uint8Array, seq: number, txn: number, parameters: Parameters): void {
    const length = this.writer.handshake(
      buffer,
      seq,
      FLAG.CNT | FLAG.SYN | FLAG.ACK,
      txn,
      ERROR.NONE,
      [WIRE_VERSION],
      0,
      (bytes, at) => endParameters(bytes, writeParameters(bytes, at, parameters)),
    );
    this.message = buffer.slice(0, length);
  }

  /** The third message, with the first operation inside when there is one. */
  buildThird(
    buffer: Uint8Array,
    seq: number,
    txn: number,
    parameters: Parameters,
    first: FirstSegment | undefined,
    rttMs: number,
    capMs: number,
  ): void {
    const length = this.writer.handshake(
      buffer,
      seq,
      FLAG.CNT | FLAG.ACK,
      txn,
      ERROR.NONE,
      [],
      0,
      (bytes, at) => {
        let next = writeParameters(bytes, at, parameters);
        if (first !== undefined) next = writeFirstSegment(bytes, next, first.flags, first.payload);
        return endParameters(bytes, next);
      },
    );
    this.state = 'unproven';
    this.intervalMs = rttMs;
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
