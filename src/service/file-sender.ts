/**
 * Sends one file as one `dat` record: two reads ahead of the network, the digest on the way.
 *
 * Whatever happens, exactly one record goes out, because the peer counts on it: a failure ends it
 * early with a code.
 */
import { createDigest } from '../io/digest.ts';
import { assert } from '../util/assert.ts';
import type { Slab } from '../util/slab.ts';
import { ERROR } from '../wire/codes.ts';
import { EXIT, LftpError } from './error.ts';
import type { FileSource } from './file-ends.ts';
import { FILE_RUN_BYTES, FILE_RUNS_AHEAD } from './limits.ts';
import type { TransferChannel } from './transfer-channel.ts';

export interface SentFile {
  readonly digest: Uint8Array;
  readonly bytes: number;
}

interface ReadRun {
  readonly slab: Slab;
  readonly lengthBytes: number;
}

/**
 * @param signal ends the record early; its reason is what is thrown then
 * @throws LftpError when the source fails or changed; the channel's error when that closed
 */
export async function sendFile(
  channel: TransferChannel,
  source: FileSource,
  signal: AbortSignal,
): Promise<SentFile> {
  let isOpen = true;
  const abandon = (code: number): void => {
    if (isOpen && !channel.isClosed) channel.abandonData(code);
    isOpen = false;
  };
  // Straight from the event: who waits for room, or for a silent pipe, would otherwise wait on.
  const onAbort = (): void => {
    abandon(ERROR.CANCELLED);
    void source.close();
  };
  signal.addEventListener('abort', onAbort);
  const reader = new ReadAhead(channel, source);
  try {
    signal.throwIfAborted();
    const sent = await sendAll(channel, reader, signal);
    await checkWhole(source, sent.bytes);
    signal.throwIfAborted();
    channel.endData();
    isOpen = false;
    return sent;
  } catch (error) {
    abandon(earlyEndCode(error));
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    await reader.drop();
  }
}

async function sendAll(
  channel: TransferChannel,
  reader: ReadAhead,
  signal: AbortSignal,
): Promise<SentFile> {
  const digest = await createDigest();
  let bytes = 0;
  for (;;) {
    const run = await reader.next();
    if (run === undefined) return { digest: digest.digest(), bytes };
    if (signal.aborted) channel.releaseSlab(run.slab);
    signal.throwIfAborted();
    digest.update(run.slab.bytes.subarray(0, run.lengthBytes));
    bytes += run.lengthBytes;
    await channel.sendData(run.slab, run.lengthBytes);
    signal.throwIfAborted();
  }
}

/** A file that was written to while it was read is a mixture that nobody ever saved. */
async function checkWhole(source: FileSource, bytes: number): Promise<void> {
  const isWhole = source.sizeBytes === null || source.sizeBytes === bytes;
  if (isWhole && (await source.isUnchanged())) return;
  throw changedError();
}

function changedError(): LftpError {
  return new LftpError(EXIT.SOURCE_CHANGED, 'local', 'the file changed while it was being sent', {
    hint: 'Send it again once nothing writes to it.',
  });
}

/** What the peer is told: its view of our local trouble. */
function earlyEndCode(error: unknown): number {
  if (!(error instanceof LftpError)) return ERROR.OTHER;
  if (error.code === EXIT.SOURCE_CHANGED) return ERROR.SOURCE_CHANGED;
  return error.code === EXIT.LOCAL_IO || error.code === EXIT.REMOTE_IO
    ? ERROR.REMOTE_IO
    : ERROR.OTHER;
}

/** Keeps reads under way, and hands their results out in order. */
class ReadAhead {
  private readonly channel: TransferChannel;
  private readonly source: FileSource;
  private readonly pending: Promise<ReadRun | undefined>[] = [];
  private position = 0;

  constructor(channel: TransferChannel, source: FileSource) {
    this.channel = channel;
    this.source = source;
  }

  /** The next run, or undefined at the end. */
  async next(): Promise<ReadRun | undefined> {
    const most = Math.min(FILE_RUNS_AHEAD, this.source.concurrentReads);
    while (this.pending.length < most && !this.isAllAsked()) this.ask();
    const first = this.pending.shift();
    return first === undefined ? undefined : await first;
  }

  /** Gives back what was read and not taken. */
  async drop(): Promise<void> {
    for (const read of this.pending.splice(0)) {
      const run = await read.catch(() => undefined);
      if (run !== undefined) this.channel.releaseSlab(run.slab);
    }
  }

  private isAllAsked(): boolean {
    return this.source.sizeBytes !== null && this.position >= this.source.sizeBytes;
  }

  private ask(): void {
    const { sizeBytes } = this.source;
    const want = Math.min(
      FILE_RUN_BYTES,
      sizeBytes === null ? Infinity : sizeBytes - this.position,
    );
    const read = this.read(want, this.position, sizeBytes !== null);
    // Its failure is told by `next`, in order; until then it must not look unhandled.
    read.catch(() => undefined);
    this.pending.push(read);
    this.position += want;
  }

  /** @param isExact true: fewer bytes than wanted mean that the file shrank */
  private async read(
    wantBytes: number,
    position: number,
    isExact: boolean,
  ): Promise<ReadRun | undefined> {
    assert(wantBytes > 0, 'a read of nothing');
    const slab = await this.channel.acquireSlab(wantBytes);
    let isKept = false;
    try {
      let lengthBytes = 0;
      do {
        const rest = slab.bytes.subarray(lengthBytes, wantBytes);
        const got = await this.source.read(rest, rest.length, position + lengthBytes);
        if (got === 0 && isExact) throw changedError();
        if (got === 0) return undefined;
        lengthBytes += got;
      } while (isExact && lengthBytes < wantBytes);
      isKept = true;
      return { slab, lengthBytes };
    } finally {
      if (!isKept) this.channel.releaseSlab(slab);
    }
  }
}
