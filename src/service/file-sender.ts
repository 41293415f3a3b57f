/**
 * Sends one file as one `dat` record: reads run ahead of the network, the digest on the way. What
 * is read waits in the transport's queue, so that a disk that pauses is not seen by the path.
 *
 * Whatever happens, exactly one record goes out, because the peer counts on it: a failure ends it
 * early with a code.
 */
import { createDigest } from '../io/digest.ts';
import type { Slab } from '../util/slab.ts';
import { ERROR } from '../wire/codes.ts';
import { EXIT, LftpError } from './error.ts';
import type { FileSource } from './file-ends.ts';
import { FILE_RUN_BYTES, FILE_READS_AHEAD } from './limits.ts';
import { OutgoingRecord } from './outgoing-record.ts';
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
  const record = new OutgoingRecord(channel);
  // Straight from the event: who waits for room, or for a silent pipe, would otherwise wait on.
  const onAbort = (): void => {
    record.abandon(ERROR.CANCELLED);
    void source.close();
  };
  signal.addEventListener('abort', onAbort);
  const reader = new ReadAhead(channel, source);
  try {
    signal.throwIfAborted();
    const sent = await sendAll(channel, record, reader, signal);
    await checkWhole(source, sent.bytes);
    signal.throwIfAborted();
    record.end();
    return sent;
  } catch (error) {
    record.abandon(earlyEndCode(error));
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    await reader.drop();
  }
}

async function sendAll(
  channel: TransferChannel,
  record: OutgoingRecord,
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
    await record.send(run.slab, run.lengthBytes);
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

/** Where a read goes, and from where in the file. */
interface Claim {
  readonly slab: Slab;
  readonly lengthBytes: number;
  readonly position: number;
}

/** Keeps reads under way, and hands their results out in order. */
class ReadAhead {
  private readonly channel: TransferChannel;
  private readonly source: FileSource;
  private readonly pending: Promise<ReadRun | undefined>[] = [];
  private lastClaim: Promise<unknown> = Promise.resolve();
  private position = 0;

  constructor(channel: TransferChannel, source: FileSource) {
    this.channel = channel;
    this.source = source;
  }

  /** The next run, or undefined at the end. */
  async next(): Promise<ReadRun | undefined> {
    const most = Math.min(FILE_READS_AHEAD, this.source.concurrentReads);
    while (this.pending.length < most && this.restBytes > 0) this.ask();
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

  private get restBytes(): number {
    return (this.source.sizeBytes ?? Infinity) - this.position;
  }

  private ask(): void {
    // One after the other: only the slab tells how far a read goes and where the next one begins.
    const claimed = this.lastClaim.then(() => this.claim());
    this.lastClaim = claimed.catch(() => undefined);
    const read = claimed.then((claim) => (claim === undefined ? undefined : this.read(claim)));
    // Its failure is told by `next`, in order; until then it must not look unhandled.
    read.catch(() => undefined);
    this.pending.push(read);
  }

  /** Undefined when an earlier claim took the rest. */
  private async claim(): Promise<Claim | undefined> {
    const wantBytes = Math.min(FILE_RUN_BYTES, this.restBytes);
    if (wantBytes <= 0) return undefined;
    const slab = await this.channel.acquireSlab(wantBytes);
    const lengthBytes = Math.min(wantBytes, slab.bytes.length);
    const { position } = this;
    this.position += lengthBytes;
    return { slab, lengthBytes, position };
  }

  private async read({ slab, lengthBytes, position }: Claim): Promise<ReadRun | undefined> {
    // Of a file whose size is known, fewer bytes than wanted mean that it shrank.
    const isExact = this.source.sizeBytes !== null;
    let isKept = false;
    try {
      let readBytes = 0;
      do {
        const rest = slab.bytes.subarray(readBytes, lengthBytes);
        const got = await this.source.read(rest, rest.length, position + readBytes);
        if (got === 0 && isExact) throw changedError();
        if (got === 0) return undefined;
        readBytes += got;
      } while (isExact && readBytes < lengthBytes);
      isKept = true;
      return { slab, lengthBytes: readBytes };
    } finally {
      if (!isKept) this.channel.releaseSlab(slab);
    }
  }
}
