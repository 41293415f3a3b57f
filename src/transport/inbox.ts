/**
 * P-MSG-02: in-order segments become records, messages to read and runs of file bytes to write.
 * Counts what the application has consumed, from which the credit for the peer follows.
 */
import type { Slab, SlabPool } from '../util/slab.ts';
import { SLAB_CLASSES_BYTES, SLAB_MAX_BYTES, SlabAccount } from '../util/slab.ts';
import { FLAG } from '../wire/codes.ts';
import { MAX_MESSAGE_BYTES } from '../wire/layout.ts';
import type { ConnectionConfig } from './config.ts';
import type { DataRun } from './types.ts';
import { startWindowBytes, WindowTuner } from './window-tuner.ts';

export type InboxResult = 'taken' | 'noMemory' | 'messageTooLong';

interface OpenRun {
  readonly slab: Slab;
  length: number;
}

/** Stands in for the slab of an end without bytes; belongs to no pool. */
const NO_SLAB: Slab = { bytes: new Uint8Array(0), refs: 1 };

/** Messages and runs that wait for the application; a small one costs more than its bytes. */
export const MAX_HELD_MESSAGES = 256;
export const MAX_HELD_RUNS = 512;
/** Bytes of messages that wait: they lie outside every pool, so they are few (P-FLOW-06). */
export const MAX_HELD_MESSAGE_BYTES = 65_536;

export class Inbox {
  /** Stream payload bytes taken in order, and of those the ones the application is done with. */
  deliveredBytes = 0;
  consumedBytes = 0;
  private hasNewMessage = false;
  private readonly messages: Uint8Array[] = [];
  private messageBytes = 0;
  private partial: Uint8Array | undefined;
  /** Bytes of a message that is not whole yet. */
  partialBytes = 0;
  private readonly runs: DataRun[] = [];
  private open: OpenRun | undefined;
  /** Bytes the application waits for; Infinity while it has been told and has not asked again. */
  private wantedBytes = 1;
  /** Bytes of the record so far; small records get small slabs. */
  private recordBytes = 0;
  private readonly pool: SlabPool;
  private readonly account = new SlabAccount();
  /** Bytes that may have come and not be consumed; it only grows. */
  windowBytes: number;

  private readonly tuner: WindowTuner;

  /** @param maxWindowBytes what the window may grow to */
  constructor(pool: SlabPool, windowBytes: number, maxWindowBytes = windowBytes) {
    this.pool = pool;
    this.windowBytes = windowBytes;
    this.tuner = new WindowTuner(maxWindowBytes);
  }

  static open(config: ConnectionConfig, pool: SlabPool): Inbox {
    return new Inbox(pool, startWindowBytes(config, pool), config.receiveWindowBytes);
  }

  /** P-FLOW-07: the window grows with what is consumed. @param minRttMs Infinity if unknown */
  tuneWindow(nowMs: number, minRttMs: number): void {
    const { tuner, windowBytes, consumedBytes, pool } = this;
    this.windowBytes = tuner.tune(nowMs, windowBytes, consumedBytes, minRttMs, pool.freeBytes);
  }

  /** Takes the next segment in order: `bytes[start … end)`. Nothing changes unless 'taken'. */
  take(flags: number, error: number, bytes: Uint8Array, start: number, end: number): InboxResult {
    const length = end - start;
    if (this.isFull) return 'noMemory';
    if ((flags & FLAG.OP) !== 0) return this.takeMessage(flags, bytes, start, end);
    if (length > 0 && !this.append(bytes, start, end)) return 'noMemory';
    this.deliveredBytes += length;
    this.recordBytes += length;
    if ((flags & FLAG.END) !== 0) this.endRecord(error);
    return 'taken';
  }

  private get isFull(): boolean {
    if (this.messages.length >= MAX_HELD_MESSAGES) return true;
    return this.messageBytes >= MAX_HELD_MESSAGE_BYTES || this.runs.length >= MAX_HELD_RUNS;
  }

  private keep(message: Uint8Array): void {
    this.messages.push(message);
    this.messageBytes += message.length;
  }

  private takeMessage(flags: number, bytes: Uint8Array, start: number, end: number): InboxResult {
    const length = end - start;
    if (this.partialBytes + length > MAX_MESSAGE_BYTES) return 'messageTooLong';
    const isLast = (flags & FLAG.END) !== 0;
    if (this.partial === undefined && isLast) {
      this.keep(bytes.slice(start, end));
    } else {
      this.partial ??= new Uint8Array(MAX_MESSAGE_BYTES);
      this.partial.set(bytes.subarray(start, end), this.partialBytes);
      if (isLast) this.keep(this.partial.slice(0, this.partialBytes + length));
    }
    this.partialBytes = isLast ? 0 : this.partialBytes + length;
    if (isLast) {
      this.partial = undefined;
      this.hasNewMessage = true;
    }
    this.deliveredBytes += length;
    return 'taken';
  }

  /** Appends to the open run, starting new slabs as needed; false when the pool is used up. */
  private append(bytes: Uint8Array, start: number, end: number): boolean {
    let run = this.open;
    let at = start;
    if (run !== undefined && run.slab.bytes.length - run.length < end - at) {
      const next = this.nextSlab(end - start);
      if (next === undefined) {
        // What is here is handed on, however little was asked for: its slab may be the one missing.
        this.closeRun(false, 0);
        return false;
      }
      const fits = run.slab.bytes.length - run.length;
      run.slab.bytes.set(bytes.subarray(at, at + fits), run.length);
      run.length += fits;
      at += fits;
      this.closeRun(false, 0);
      run = { slab: next, length: 0 };
      this.open = run;
    }
    if (run === undefined) {
      const slab = this.nextSlab(end - start);
      if (slab === undefined) return false;
      run = { slab, length: 0 };
      this.open = run;
    }
    run.slab.bytes.set(bytes.subarray(at, end), run.length);
    run.length += end - at;
    return true;
  }

  /** Slabs grow with the record, so that what is lent stays in proportion to what has come. */
  private nextSlab(lengthBytes: number): Slab | undefined {
    const [small, middle, large] = SLAB_CLASSES_BYTES;
    const recordBytes = this.recordBytes + lengthBytes;
    const growthBytes = recordBytes >= middle ? large : recordBytes >= small ? middle : small;
    // A segment spans at most two slabs, so the next one must hold what is left of it.
    const wantBytes = Math.max(growthBytes, lengthBytes);
    return this.pool.acquireSome(wantBytes, lengthBytes, this.account);
  }

  private closeRun(end: boolean, error: number): void {
    const run = this.open;
    if (run === undefined) return;
    // Many records of a few bytes must not cost a slab each.
    const slab = end ? this.pool.fitted(run.slab, run.length) : run.slab;
    this.runs.push({ slab, length: run.length, end, error });
    this.open = undefined;
  }

  private endRecord(error: number): void {
    if (this.open === undefined) {
      this.runs.push({ slab: NO_SLAB, length: 0, end: true, error });
    } else this.closeRun(true, error);
    this.recordBytes = 0;
  }

  readMessage(): Uint8Array | undefined {
    const message = this.messages.shift();
    if (message === undefined) return undefined;
    this.messageBytes -= message.length;
    this.consumedBytes += message.length;
    return message;
  }

  /** True once when what the application waits for has come. */
  takeReadable(): boolean {
    const isReady = this.runs.length > 0 || (this.open?.length ?? 0) >= this.wantedBytes;
    if (!isReady || this.wantedBytes === Infinity) return false;
    this.wantedBytes = Infinity;
    return true;
  }

  /** Edge for `message`. */
  takeNewMessage(): boolean {
    const isNew = this.hasNewMessage;
    this.hasNewMessage = false;
    return isNew;
  }

  readRun(minBytes: number): DataRun | undefined {
    const enough = Math.min(minBytes, SLAB_MAX_BYTES, this.windowBytes / 4);
    const ready = this.runs[0];
    // A full run goes out even when less was asked for: asking later would gain nothing.
    if (ready === undefined) {
      if (this.open === undefined || this.open.length < enough) {
        this.wantedBytes = enough;
        return undefined;
      }
      this.closeRun(false, 0);
    }
    const run = this.runs.shift();
    return run;
  }

  /** Whether file bytes or the end of a record wait; if not, the first that come are told. */
  hasData(): boolean {
    const isWaiting = this.runs.length > 0 || this.open !== undefined;
    if (!isWaiting) this.wantedBytes = 1;
    return isWaiting;
  }

  releaseRun(run: DataRun): void {
    this.consumedBytes += run.length;
    if (run.slab !== NO_SLAB) this.pool.release(run.slab);
  }

  /** Gives back every slab that the application has not taken. */
  clear(): void {
    this.closeRun(false, 0);
    for (const run of this.runs) if (run.slab !== NO_SLAB) this.pool.release(run.slab);
    this.runs.length = 0;
    this.messages.length = 0;
    this.messageBytes = 0;
  }

  /** Whether the application has taken everything. */
  get isEmpty(): boolean {
    return this.messages.length === 0 && this.runs.length === 0 && this.open === undefined;
  }
}
