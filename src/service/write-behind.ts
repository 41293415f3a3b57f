/** Keeps writes under way; the first failure is kept and everything after it thrown away. */
import type { DataRun } from '../transport/types.ts';
import { asError } from './error.ts';
import type { FileSink } from './file-ends.ts';
import { FILE_WRITES_BEHIND } from './limits.ts';
import type { Mark, RunningDigest } from './resume/running-digest.ts';
import type { TransferChannel } from './transfer-channel.ts';

/** A piece of a run, and where it belongs in the file. */
export interface PlacedPiece {
  readonly from: number;
  readonly to: number;
  readonly position: number;
}

/** What is held is made durable when that many bytes have come since, or that long ago. */
const SECURE_BYTES = 8_388_608;
const SECURE_MS = 1000;

/** With more than this not durable yet the disk is waited for: it is what a crash can cost. */
const UNSECURED_BYTES = 15_728_640;

interface PendingWrite {
  readonly done: Promise<void>;
  /** Where the file is whole up to, once this is done. */
  readonly end: number;
}

export class WriteBehind {
  private readonly channel: TransferChannel;
  private readonly sink: FileSink;
  private readonly pending: PendingWrite[] = [];
  fault: Error | undefined;
  private isFaultTold = false;
  /** All before this is written. */
  private writtenBytes = 0;
  private lastMark: Mark | undefined;
  private securedMs = performance.now();
  private securing: Promise<void> | undefined;

  constructor(channel: TransferChannel, sink: FileSink) {
    this.channel = channel;
    this.sink = sink;
  }

  /** Takes the run over. True once, as soon as a fault is known. */
  async push(run: DataRun, pieces: readonly PlacedPiece[]): Promise<boolean> {
    const end = pieces.at(-1);
    if (this.fault !== undefined || end === undefined) {
      this.channel.releaseRun(run);
    } else {
      const done = this.write(run, pieces);
      this.pending.push({ done, end: end.position + end.to - end.from });
    }
    while (this.pending.length >= FILE_WRITES_BEHIND) await this.shift();
    const isFirst = this.fault !== undefined && !this.isFaultTold;
    this.isFaultTold ||= isFirst;
    return isFirst;
  }

  async flush(): Promise<void> {
    while (this.pending.length > 0) await this.shift();
  }

  /** Has what is written made durable, if that is due. Waits only when too much is not. */
  async secureIfDue(digest: RunningDigest): Promise<void> {
    if (this.sink.secure === undefined) return;
    const newBytes = this.writtenBytes - (this.lastMark?.bytes ?? 0);
    const isDue = newBytes >= SECURE_BYTES || performance.now() - this.securedMs >= SECURE_MS;
    if (isDue && this.securing === undefined) this.secure(digest);
    if (newBytes > UNSECURED_BYTES) await this.securing;
  }

  /** Resolves when nothing is being made durable any more. */
  async secured(): Promise<void> {
    await this.securing;
  }

  /** Has all that is written made durable, up to its last mark. */
  async secureRest(digest: RunningDigest | undefined): Promise<void> {
    await this.flush();
    await this.securing;
    if (digest !== undefined) this.secure(digest);
    await this.securing;
  }

  private secure(digest: RunningDigest): void {
    const mark = this.fault === undefined ? digest.takeMark(this.writtenBytes) : undefined;
    if (mark === undefined || this.sink.secure === undefined) return;
    this.securing = this.sink
      .secure(mark)
      .catch((error: unknown) => {
        this.fault ??= asError(error);
      })
      .finally(() => {
        this.lastMark = mark;
        this.securedMs = performance.now();
        this.securing = undefined;
      });
  }

  private async shift(): Promise<void> {
    const write = this.pending.shift();
    await write?.done;
    if (write !== undefined && this.fault === undefined) this.writtenBytes = write.end;
  }

  private async write(run: DataRun, pieces: readonly PlacedPiece[]): Promise<void> {
    try {
      for (const { from, to, position } of pieces) {
        await this.sink.write(run.slab.bytes.subarray(from, to), position);
      }
    } catch (error) {
      this.fault ??= asError(error);
    } finally {
      this.channel.releaseRun(run);
    }
  }
}
