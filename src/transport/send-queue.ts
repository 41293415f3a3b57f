/**
 * Records accepted from the application and not yet cut into segments.
 * P-MSG-04: `op` goes before unsent `dat`, so that a shell answers while a file flows.
 */
import { assert } from '../util/assert.ts';
import { type Slab, SLAB_MAX_BYTES, type SlabPool } from '../util/slab.ts';
import { FLAG } from '../wire/codes.ts';
import { MAX_MESSAGE_BYTES } from '../wire/layout.ts';

/** Most op records that wait unsent (docs/LIMITS.md). */
export const MAX_QUEUED_MESSAGES = 64;

/** One segment's worth of stream, cut from the queue; reused. */
export interface Cut {
  flags: number;
  error: number;
  bytes: Uint8Array;
  /** The holder of `bytes` that is released once they are acknowledged; undefined for messages. */
  slab: Slab | undefined;
  offset: number;
  length: number;
}

interface Message {
  readonly bytes: Uint8Array;
  sent: number;
}

interface Chunk {
  readonly record: number;
  readonly slab: Slab | undefined;
  offset: number;
  length: number;
  end: boolean;
  error: number;
}

const EMPTY = new Uint8Array(0);

export class SendQueue {
  private readonly messages: Message[] = [];
  private readonly chunks: Chunk[] = [];
  private queuedBytes = 0;
  /** Number of the dat record that is being queued, and whether its end is still to come. */
  private record = 0;
  private isRecordOpen = false;
  /** The application met a full queue and waits to hear that there is room. */
  private isBlocked = false;
  readonly cut: Cut = { flags: 0, error: 0, bytes: EMPTY, slab: undefined, offset: 0, length: 0 };
  private readonly capBytes: number;
  private readonly pool: SlabPool;

  constructor(capBytes: number, pool: SlabPool) {
    this.capBytes = capBytes;
    this.pool = pool;
  }

  get isEmpty(): boolean {
    return this.messages.length === 0 && this.chunks.length === 0;
  }

  /** Bytes of file data the queue takes now; the last chunk may overshoot. */
  get roomBytes(): number {
    const room = this.capBytes - this.queuedBytes;
    if (room <= 0) this.isBlocked = true;
    return Math.max(0, room);
  }

  pushMessage(bytes: Uint8Array): boolean {
    assert(bytes.length > 0 && bytes.length <= MAX_MESSAGE_BYTES, 'message of 1 … 16,384 bytes');
    if (this.messages.length >= MAX_QUEUED_MESSAGES) {
      this.isBlocked = true;
      return false;
    }
    this.messages.push({ bytes: new Uint8Array(bytes), sent: 0 });
    return true;
  }

  pushData(slab: Slab, offset: number, length: number): void {
    assert(length > 0 && offset + length <= slab.bytes.length, 'chunk within its slab');
    if (!this.isRecordOpen) {
      this.isRecordOpen = true;
      this.record += 1;
    }
    this.chunks.push({ record: this.record, slab, offset, length, end: false, error: 0 });
    this.queuedBytes += length;
  }

  endData(error: number): void {
    const last = this.chunks.at(-1);
    if (this.isRecordOpen && last?.record === this.record) {
      last.end = true;
      last.error = error;
    } else {
      if (!this.isRecordOpen) this.record += 1;
      this.chunks.push({
        record: this.record,
        slab: undefined,
        offset: 0,
        length: 0,
        end: true,
        error,
      });
    }
    this.isRecordOpen = false;
  }

  /** P-MSG-03: drops the unsent rest of the newest record and ends it with `error`, if any. */
  abandonData(error: number): void {
    let dropped = false;
    while (this.chunks.at(-1)?.record === this.record) {
      this.drop(this.chunks.pop()!);
      dropped = true;
    }
    if (!dropped && !this.isRecordOpen) return;
    this.isRecordOpen = true;
    this.endData(error);
  }

  /** Drops everything, for a connection that is given up. */
  clear(): void {
    this.messages.length = 0;
    while (this.chunks.length > 0) this.drop(this.chunks.pop()!);
    this.isRecordOpen = false;
  }

  private drop(chunk: Chunk): void {
    this.queuedBytes -= chunk.length;
    if (chunk.slab !== undefined) this.pool.release(chunk.slab);
  }

  /** Bytes of payload the next segment will have. */
  nextLength(maxPayloadBytes: number): number {
    const message = this.messages[0];
    if (message !== undefined)
      return Math.min(maxPayloadBytes, message.bytes.length - message.sent);
    return Math.min(maxPayloadBytes, this.chunks[0]?.length ?? 0);
  }

  /** Cuts the next segment into `this.cut`, whose reference to the slab passes to the caller. */
  take(maxPayloadBytes: number): Cut {
    const message = this.messages[0];
    if (message !== undefined) return this.takeMessage(message, maxPayloadBytes);
    const chunk = this.chunks[0];
    assert(chunk !== undefined, 'take from an empty queue');
    const cut = this.cut;
    const length = Math.min(maxPayloadBytes, chunk.length);
    const isLast = length === chunk.length;
    cut.bytes = chunk.slab?.bytes ?? EMPTY;
    cut.slab = chunk.slab;
    cut.offset = chunk.offset;
    cut.length = length;
    cut.flags = FLAG.DAT | (isLast && chunk.end ? FLAG.END : 0);
    cut.error = isLast && chunk.end ? chunk.error : 0;
    this.queuedBytes -= length;
    if (isLast) {
      this.chunks.shift();
    } else {
      if (chunk.slab !== undefined) this.pool.retain(chunk.slab);
      chunk.offset += length;
      chunk.length -= length;
    }
    return cut;
  }

  private takeMessage(message: Message, maxPayloadBytes: number): Cut {
    const cut = this.cut;
    cut.bytes = message.bytes;
    cut.slab = undefined;
    cut.offset = message.sent;
    cut.length = Math.min(maxPayloadBytes, message.bytes.length - message.sent);
    message.sent += cut.length;
    const isLast = message.sent === message.bytes.length;
    cut.flags = FLAG.OP | (isLast ? FLAG.END : 0);
    cut.error = 0;
    if (isLast) this.messages.shift();
    return cut;
  }

  /** True once after the application met a full queue and a slab, or half of it, has drained. */
  takeWritable(): boolean {
    const mostBytes = this.capBytes - Math.min(this.capBytes / 2, SLAB_MAX_BYTES);
    const hasRoom =
      this.queuedBytes <= mostBytes && this.messages.length <= MAX_QUEUED_MESSAGES / 2;
    if (!this.isBlocked || !hasRoom) return false;
    this.isBlocked = false;
    return true;
  }
}
