/**
 * One side's records of one connection: what waits to be sent, and what is expected to come.
 * Every byte is checked against the sender's pattern the moment it is delivered.
 */
import type { Connection } from '../transport/connection.ts';
import type { DataRun } from '../transport/types.ts';
import { ERROR } from '../wire/codes.ts';
import { SLAB_MAX_BYTES, type SlabPool } from '../util/slab.ts';
import type { Random } from '../util/random.ts';
import { Disk, type DiskOptions } from './disk.ts';
import { check } from './failure.ts';
import { type ExchangeMessage, decodeMessage, encodeMessage } from './exchange-message.ts';
import { fillPattern, findMismatch } from './pattern.ts';

/** How an application reads and writes; all of it may change when the faults end. */
export interface Habits {
  /** Argument of `readRun`. */
  readonly minReadBytes: number;
  /** Probability that a read is followed by a pause of up to `stallMs`. */
  readonly stallChance: number;
  readonly stallMs: number;
  /** Most bytes handed over at once. */
  readonly writeBytes: number;
  /** Bytes of files that the source can have given by a time; without it, all of them. */
  readonly suppliedBytes?: (nowMs: number) => number;
  /** What files are read from and written to; without one both take no time. */
  readonly disk?: DiskOptions;
}

/** A file as one side knows it. */
export interface RecordPlan {
  readonly id: number;
  readonly sizeBytes: number;
  readonly seed: number;
}

interface Outgoing extends RecordPlan {
  sentBytes: number;
  error: number;
}

interface Incoming extends RecordPlan {
  receivedBytes: number;
}

export interface RecordHandlers {
  onMessage(message: ExchangeMessage): void;
  /** A record ended: whole when `error` is 0. */
  onRecordEnd(plan: RecordPlan, receivedBytes: number, error: number): void;
  /** A record's bytes are handed to the connection to the last, or to its early end. */
  onRecordSent(plan: RecordPlan, error: number): void;
}

/** A pool without room, or a source without bytes, is asked again after this long. */
const RETRY_MS = 20;

export class RecordStream {
  /** File bytes that arrived, cancelled files included. */
  bytesReceived = 0;
  /** Bytes of messages and files that this application is done with. */
  consumedBytes = 0;
  habits: Habits;
  private readonly connection: Connection;
  private readonly sendPool: SlabPool;
  private readonly random: Random;
  private readonly handlers: RecordHandlers;
  private readonly outbox: Uint8Array[] = [];
  private readonly outgoing: Outgoing[] = [];
  private readonly incoming: Incoming[] = [];
  private readonly held: DataRun[] = [];
  private readonly disk: Disk | undefined;
  /** Runs that are being written, and when they will be, in that order. */
  private readonly writing: { readonly run: DataRun; readonly doneMs: number }[] = [];
  /** When each read that is under way will be done. */
  private readonly reading: number[] = [];
  private stalledUntilMs = -Infinity;
  private retryMs = Infinity;
  private bytesTaken = 0;

  constructor(
    connection: Connection,
    sendPool: SlabPool,
    habits: Habits,
    random: Random,
    handlers: RecordHandlers,
  ) {
    this.connection = connection;
    this.sendPool = sendPool;
    this.habits = habits;
    this.disk = habits.disk === undefined ? undefined : new Disk(habits.disk);
    this.random = random;
    this.handlers = handlers;
  }

  say(message: ExchangeMessage): void {
    this.outbox.push(encodeMessage(message));
  }

  send(plan: RecordPlan): void {
    this.outgoing.push({ ...plan, sentBytes: 0, error: ERROR.NONE });
  }

  expect(plan: RecordPlan): void {
    this.incoming.push({ ...plan, receivedBytes: 0 });
  }

  /** Ends the sending of a file early; nothing happens when it is all handed over already. */
  cancel(id: number): void {
    const record = this.outgoing.find((entry) => entry.id === id);
    if (record !== undefined) record.error = ERROR.CANCELLED;
  }

  /** True when nothing waits to be handed to the connection. */
  get isDrained(): boolean {
    return this.outbox.length === 0 && this.outgoing.length === 0;
  }

  /** Bytes of the file under reception. */
  receivedOf(id: number): number {
    return this.incoming.find((entry) => entry.id === id)?.receivedBytes ?? 0;
  }

  nextWakeMs(): number {
    return Math.min(
      this.retryMs,
      this.writing[0]?.doneMs ?? Infinity,
      this.stalledUntilMs === -Infinity ? Infinity : this.stalledUntilMs,
    );
  }

  /** Hands over as much as the connection takes now. */
  pump(nowMs: number): void {
    this.retryMs = Infinity;
    for (;;) {
      while (this.outbox.length > 0 && this.connection.sendMessage(this.outbox[0]!)) {
        this.outbox.shift();
      }
      // A message that does not fit must not be overtaken by the file that follows it.
      const record = this.outgoing[0];
      if (this.outbox.length > 0 || record === undefined) return;
      if (!this.pumpRecord(record, nowMs)) return;
    }
  }

  /** Takes what has arrived, unless the application is in a pause. */
  read(nowMs: number): void {
    this.readMessages();
    if (nowMs < this.stalledUntilMs) return;
    this.stalledUntilMs = -Infinity;
    this.releaseHeld();
    this.releaseWritten(nowMs);
    while (this.stalledUntilMs === -Infinity && this.mayWrite) {
      const run = this.connection.readRun(this.habits.minReadBytes);
      if (run === undefined) return;
      // A message that belongs before these bytes may have come in the same batch.
      this.readMessages();
      this.take(run);
      if (this.random.chance(this.habits.stallChance)) {
        this.stalledUntilMs = nowMs + 1 + this.random.float() * this.habits.stallMs;
        this.held.push(run);
      } else if (this.disk === undefined) {
        this.release(run);
      } else {
        this.writing.push({ run, doneMs: this.disk.request(nowMs, run.length) });
      }
    }
  }

  /** Ends every pause: the reader is healthy from now on. */
  heal(habits: Habits): void {
    this.habits = habits;
    if (this.stalledUntilMs !== -Infinity) this.stalledUntilMs = 0;
  }

  /** After the connection closed: gives back what is held. */
  releaseAll(): void {
    this.releaseHeld();
    this.releaseWritten(Infinity);
  }

  private releaseHeld(): void {
    for (const run of this.held.splice(0)) this.release(run);
  }

  private get mayWrite(): boolean {
    return this.writing.length < (this.disk?.depth ?? Infinity);
  }

  private releaseWritten(nowMs: number): void {
    while (this.writing.length > 0 && this.writing[0]!.doneMs <= nowMs) {
      this.release(this.writing.shift()!.run);
    }
  }

  private release(run: DataRun): void {
    this.consumedBytes += run.length;
    this.connection.releaseRun(run);
  }

  private readMessages(): void {
    for (;;) {
      const bytes = this.connection.readMessage();
      if (bytes === undefined) return;
      this.consumedBytes += bytes.length;
      const message = decodeMessage(bytes);
      check(message !== undefined, 'bytes', () => `message of ${bytes.length} bytes is damaged`);
      this.handlers.onMessage(message!);
    }
  }

  private pumpRecord(record: Outgoing, nowMs: number): boolean {
    if (record.error !== ERROR.NONE) {
      if (record.sentBytes === 0) this.connection.endData(record.error);
      else this.connection.abandonData(record.error);
    } else {
      while (record.sentBytes < record.sizeBytes) {
        if (!this.pumpBytes(record, nowMs)) return false;
      }
      this.connection.endData();
    }
    this.outgoing.shift();
    this.handlers.onRecordSent(record, record.error);
    return true;
  }

  private pumpBytes(record: Outgoing, nowMs: number): boolean {
    const room = this.connection.dataRoomBytes;
    if (room <= 0) return false;
    const left = record.sizeBytes - record.sentBytes;
    const { suppliedBytes, writeBytes } = this.habits;
    const supplied = Math.floor(suppliedBytes?.(nowMs) ?? Infinity) - this.bytesTaken;
    const length = Math.min(room, left, writeBytes, SLAB_MAX_BYTES, supplied);
    if (!this.hasRead(nowMs, left)) return false;
    const slab = length > 0 ? this.sendPool.acquire(length) : undefined;
    if (slab === undefined) {
      this.retryMs = nowMs + RETRY_MS;
      return false;
    }
    this.reading.shift();
    fillPattern(slab.bytes, 0, length, record.seed, record.sentBytes);
    this.connection.sendData(slab, 0, length);
    record.sentBytes += length;
    this.bytesTaken += length;
    return true;
  }

  /** Keeps reads under way; true when the oldest, one `writeBytes` of the file, is done. */
  private hasRead(nowMs: number, leftBytes: number): boolean {
    if (this.disk === undefined) return true;
    const { writeBytes } = this.habits;
    const most = Math.min(this.disk.depth, Math.ceil(leftBytes / writeBytes));
    while (this.reading.length < most) this.reading.push(this.disk.request(nowMs, writeBytes));
    const [doneMs = nowMs] = this.reading;
    if (doneMs > nowMs) this.retryMs = doneMs;
    return doneMs <= nowMs;
  }

  private take(run: DataRun): void {
    const record = this.incoming[0];
    check(record !== undefined, 'bytes', () => `${run.length} bytes of a file nobody asked for`);
    const { id, seed, sizeBytes, receivedBytes } = record!;
    const wrong = findMismatch(run.slab.bytes, run.length, seed, receivedBytes);
    check(wrong < 0, 'bytes', () => `job ${id}: byte ${receivedBytes + wrong} is wrong`);
    record!.receivedBytes += run.length;
    this.bytesReceived += run.length;
    const total = record!.receivedBytes;
    check(total <= sizeBytes, 'bytes', () => `job ${id}: ${total} of ${sizeBytes} bytes came`);
    if (!run.end) return;
    const isWhole = run.error !== ERROR.NONE || total === sizeBytes;
    check(isWhole, 'bytes', () => `job ${id}: ended after ${total} of ${sizeBytes} bytes`);
    this.incoming.shift();
    this.handlers.onRecordEnd(record!, total, run.error);
  }
}
