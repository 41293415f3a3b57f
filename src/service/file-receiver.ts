/**
 * Receives one `dat` record into a file: writes run behind the network, the digest on the way. What
 * a disk that pauses does not take waits in the receive window, which is made for that.
 *
 * A record is always read to its end, even when its bytes are of no use any more, because the next
 * record stands behind it.
 */
import { createDigest } from '../io/digest.ts';
import type { Digest } from '../io/digest.ts';
import type { DataRun } from '../transport/types.ts';
import { assert } from '../util/assert.ts';
import { EXIT, LftpError } from './error.ts';
import type { FileSink } from './file-ends.ts';
import { FILE_RUN_BYTES } from './limits.ts';
import type { ByteRange } from './resume/chunks.ts';
import { RunningDigest } from './resume/running-digest.ts';
import type { TransferChannel } from './transfer-channel.ts';
import { WriteBehind } from './write-behind.ts';
import type { PlacedPiece } from './write-behind.ts';

/** The other side finished where a record was due. */
export class PeerLeft extends LftpError {
  constructor() {
    super(EXIT.REMOTE_IO, 'remote', 'the other side left without sending the file', {
      hint: 'Try again; the log of the server says why it left.',
    });
  }
}

export interface ReceivedFile {
  /** BLAKE3 of the whole file; empty after an early end. */
  readonly digest: Uint8Array;
  /** Of the whole file, what was held before included. */
  readonly bytes: number;
  /** Code of an early end by the sender (wire/codes.ts), 0 for a complete record. */
  readonly error: number;
}

/** Where a record goes of which part is held already. */
export interface HeldPart {
  /** What the record carries, in this order; the last range goes to the end of the file. */
  readonly ranges: readonly ByteRange[];
  /** Digest of all before the last range. Called once, when all of that is written. */
  readonly before: () => Promise<Digest>;
}

export interface ReceiveOptions {
  /** Size of the file that was told, or null; a record of another length is refused. */
  readonly sizeBytes: number | null;
  /** Absent: nothing is held. */
  readonly held?: HeldPart | undefined;
  /** Told at once when the sink fails, so that the sender can be stopped. */
  readonly onFault: (fault: unknown) => void;
}

/**
 * Resolves after the record's end with all bytes written.
 * @throws what the sink threw, after the record's end; the channel's error when that closed
 */
export async function receiveFile(
  channel: TransferChannel,
  sink: FileSink,
  options: ReceiveOptions,
): Promise<ReceivedFile> {
  return await new Reception(channel, sink, options).run();
}

class Reception {
  private readonly channel: TransferChannel;
  private readonly sink: FileSink;
  private readonly options: ReceiveOptions;
  private readonly writer: WriteBehind;
  private readonly place: RecordPlace;
  private digest: RunningDigest | undefined;

  constructor(channel: TransferChannel, sink: FileSink, options: ReceiveOptions) {
    this.channel = channel;
    this.sink = sink;
    this.options = options;
    this.writer = new WriteBehind(channel, sink);
    this.place = new RecordPlace(
      options.held?.ranges ?? [{ start: 0, end: options.sizeBytes ?? Infinity }],
    );
  }

  async run(): Promise<ReceivedFile> {
    const { writer, place } = this;
    try {
      if (this.options.held === undefined) this.digest = new RunningDigest(await createDigest());
      for (;;) {
        const run = await nextRun(this.channel, this.sink.runBytes);
        const { end, error } = run;
        await this.take(run);
        if (!end) continue;
        await writer.flush();
        if (error === 0 && !place.isFull) writer.fault ??= lengthError();
        if (writer.fault !== undefined) throw writer.fault;
        return await this.finish(error);
      }
    } catch (error) {
      // Whatever ended it, somebody may go on with what came.
      await writer.secureRest(this.digest);
      throw error;
    }
  }

  private async finish(error: number): Promise<ReceivedFile> {
    const { writer, place } = this;
    if (error === 0) this.digest ??= await this.begin();
    else await writer.secureRest(this.digest);
    await writer.secured();
    if (writer.fault !== undefined) throw writer.fault;
    const digest = error === 0 ? this.digest?.digest() : undefined;
    return { digest: digest ?? new Uint8Array(), bytes: place.fileBytes, error };
  }

  private async take(run: DataRun): Promise<void> {
    const { writer, place } = this;
    const pieces = place.take(run.length);
    if (place.isExceeded) writer.fault ??= lengthError();
    for (const piece of pieces) await this.hash(run, piece);
    const isFirstFault = await writer.push(run, pieces);
    if (isFirstFault) this.options.onFault(writer.fault);
    if (this.digest !== undefined) await writer.secureIfDue(this.digest);
  }

  private async hash(run: DataRun, { from, to, position }: PlacedPiece): Promise<void> {
    if (position < this.place.lastStart || this.writer.fault !== undefined) return;
    this.digest ??= await this.begin();
    this.digest.update(run.slab.bytes.subarray(from, to));
  }

  /** What was held is whole now: the digest goes on behind it. */
  private async begin(): Promise<RunningDigest> {
    const { held } = this.options;
    assert(held !== undefined, 'a file without a held part has its digest from the start');
    await this.writer.flush();
    return new RunningDigest(await held.before(), this.place.lastStart);
  }
}

/** Turns the bytes of a record into places in the file. */
class RecordPlace {
  private readonly ranges: readonly ByteRange[];
  private index = 0;
  private position: number;
  isExceeded = false;
  /** Where the range begins that goes to the end of the file. */
  readonly lastStart: number;

  /** @param ranges at least one */
  constructor(ranges: readonly ByteRange[]) {
    this.ranges = ranges;
    this.position = ranges[0]?.start ?? 0;
    this.lastStart = ranges.at(-1)?.start ?? 0;
  }

  /** Bytes of the file as far as it is known: up to here where its size was not told. */
  get fileBytes(): number {
    return this.index < this.ranges.length - 1 ? this.lastStart : this.position;
  }

  /** Whether every range of a known end has come. */
  get isFull(): boolean {
    this.skipEnded();
    const range = this.ranges[this.index];
    return !this.isExceeded && (range === undefined || range.end === Infinity);
  }

  take(lengthBytes: number): PlacedPiece[] {
    const pieces: PlacedPiece[] = [];
    let from = 0;
    while (from < lengthBytes) {
      this.skipEnded();
      const range = this.ranges[this.index];
      if (range === undefined) {
        this.isExceeded = true;
        break;
      }
      const to = Math.min(lengthBytes, from + range.end - this.position);
      pieces.push({ from, to, position: this.position });
      this.position += to - from;
      from = to;
    }
    return pieces;
  }

  /** The last range is left only when more bytes come than it has. */
  private skipEnded(): void {
    for (;;) {
      const range = this.ranges[this.index];
      if (range === undefined || this.position < range.end) return;
      this.index += 1;
      this.position = this.ranges[this.index]?.start ?? this.position;
    }
  }
}

/** Reads a record to its end and forgets it. */
export async function drainRecord(channel: TransferChannel): Promise<void> {
  for (;;) {
    const run = await nextRun(channel, FILE_RUN_BYTES);
    channel.releaseRun(run);
    if (run.end) return;
  }
}

async function nextRun(channel: TransferChannel, minBytes: number): Promise<DataRun> {
  const run = await channel.nextRun(minBytes);
  if (run !== undefined) return run;
  throw new PeerLeft();
}

function lengthError(): LftpError {
  return new LftpError(EXIT.VERIFICATION, 'remote', 'the file had another length than was told', {
    hint: 'Run the command again.',
  });
}
