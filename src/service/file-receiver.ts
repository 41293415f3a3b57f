/**
 * Receives one `dat` record into a file: writes run behind the network, the digest on the way. What
 * a disk that pauses does not take waits in the receive window, which is made for that.
 *
 * A record is always read to its end, even when its bytes are of no use any more, because the next
 * record stands behind it.
 */
import { createDigest } from '../io/digest.ts';
import type { DataRun } from '../transport/types.ts';
import { asError, EXIT, LftpError } from './error.ts';
import type { FileSink } from './file-ends.ts';
import { FILE_RUN_BYTES, FILE_WRITES_BEHIND } from './limits.ts';
import type { TransferChannel } from './transfer-channel.ts';

/** The other side finished where a record was due. */
export class PeerLeft extends LftpError {
  constructor() {
    super(EXIT.REMOTE_IO, 'remote', 'the other side left without sending the file', {
      hint: 'Try again; the log of the server says why it left.',
    });
  }
}

export interface ReceivedFile {
  readonly digest: Uint8Array;
  readonly bytes: number;
  /** Code of an early end by the sender (wire/codes.ts), 0 for a complete record. */
  readonly error: number;
}

export interface ReceiveOptions {
  /** Bytes that were told, or null; a record of another length is refused. */
  readonly sizeBytes: number | null;
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
  const digest = await createDigest();
  const writer = new WriteBehind(channel, sink);
  try {
    for (;;) {
      const run = await nextRun(channel, sink.runBytes);
      digest.update(run.slab.bytes.subarray(0, run.length));
      const { end, error } = run;
      const isFirstFault = await writer.push(run, options.sizeBytes);
      if (isFirstFault) options.onFault(writer.fault);
      if (!end) continue;
      await writer.flush();
      if (error === 0) writer.checkLength(options.sizeBytes);
      if (writer.fault !== undefined) throw writer.fault;
      return { digest: digest.digest(), bytes: writer.bytes, error };
    }
  } finally {
    await writer.flush();
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

/** Keeps writes under way; the first failure is kept and everything after it thrown away. */
class WriteBehind {
  private readonly channel: TransferChannel;
  private readonly sink: FileSink;
  private readonly pending: Promise<void>[] = [];
  /** Bytes received, written or not. */
  bytes = 0;
  fault: Error | undefined;
  private isFaultTold = false;

  constructor(channel: TransferChannel, sink: FileSink) {
    this.channel = channel;
    this.sink = sink;
  }

  /** Takes the run over. True once, as soon as a fault is known. */
  async push(run: DataRun, sizeBytes: number | null): Promise<boolean> {
    const position = this.bytes;
    this.bytes += run.length;
    if (sizeBytes !== null && this.bytes > sizeBytes) this.fault ??= lengthError();
    if (this.fault !== undefined || run.length === 0) this.channel.releaseRun(run);
    else this.pending.push(this.write(run, position));
    while (this.pending.length >= FILE_WRITES_BEHIND) await this.pending.shift();
    const isFirst = this.fault !== undefined && !this.isFaultTold;
    this.isFaultTold ||= isFirst;
    return isFirst;
  }

  async flush(): Promise<void> {
    while (this.pending.length > 0) await this.pending.shift();
  }

  checkLength(sizeBytes: number | null): void {
    if (sizeBytes !== null && this.bytes !== sizeBytes) this.fault ??= lengthError();
  }

  private async write(run: DataRun, position: number): Promise<void> {
    try {
      await this.sink.write(run.slab.bytes.subarray(0, run.length), position);
    } catch (error) {
      this.fault ??= asError(error);
    } finally {
      this.channel.releaseRun(run);
    }
  }
}

function lengthError(): LftpError {
  return new LftpError(EXIT.VERIFICATION, 'remote', 'the file had another length than was told', {
    hint: 'Run the command again.',
  });
}
