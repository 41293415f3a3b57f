/**
 * Sends one file as one `dat` record: reads run ahead of the network, the digest on the way. What
 * is read waits in the transport's queue, so that a disk that pauses is not seen by the path.
 *
 * Whatever happens, exactly one record goes out, because the peer counts on it: a failure ends it
 * early with a code.
 */
import { createDigest } from '../io/digest.ts';
import type { Digest } from '../io/digest.ts';
import type { Slab } from '../util/slab.ts';
import { ERROR } from '../wire/codes.ts';
import { EXIT, LftpError } from './error.ts';
import type { FileSource } from './file-ends.ts';
import { FILE_RUN_BYTES, FILE_READS_AHEAD } from './limits.ts';
import { OutgoingRecord } from './outgoing-record.ts';
import { bytesIn } from './resume/chunks.ts';
import type { ByteRange } from './resume/chunks.ts';
import type { TransferChannel } from './transfer-channel.ts';

export interface SentFile {
  readonly digest: Uint8Array;
  readonly bytes: number;
}

/** What travels of a file that the other side holds in part. */
export interface PartOfFile {
  /** In this order; the last one goes to the end of the file. */
  readonly ranges: readonly ByteRange[];
  /** Digest of all before the last range. */
  readonly before: Digest;
}

interface ReadRun {
  readonly slab: Slab;
  readonly lengthBytes: number;
  readonly position: number;
}

/**
 * @param part what to send; all of it if it is left out
 * @param signal ends the record early; its reason is what is thrown then
 * @throws LftpError when the source fails or changed; the channel's error when that closed
 */
export async function sendFile(
  channel: TransferChannel,
  source: FileSource,
  signal: AbortSignal,
  part?: PartOfFile,
): Promise<SentFile> {
  const ranges = part?.ranges ?? [{ start: 0, end: source.sizeBytes ?? Infinity }];
  const record = new OutgoingRecord(channel);
  // Straight from the event: who waits for room, or for a silent pipe, would otherwise wait on.
  const onAbort = (): void => {
    record.abandon(ERROR.CANCELLED);
    void source.close();
  };
  signal.addEventListener('abort', onAbort);
  const reader = new ReadAhead(channel, source, ranges);
  try {
    signal.throwIfAborted();
    const digest = part?.before ?? (await createDigest());
    const digestFrom = ranges.at(-1)?.start ?? 0;
    const sent = await sendAll({ channel, record, reader, signal, digest, digestFrom });
    await checkWhole(source, sent.bytes, bytesIn(ranges));
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

interface Sending {
  readonly channel: TransferChannel;
  readonly record: OutgoingRecord;
  readonly reader: ReadAhead;
  readonly signal: AbortSignal;
  readonly digest: Digest;
  /** What lies before has been hashed. */
  readonly digestFrom: number;
}

async function sendAll(sending: Sending): Promise<SentFile> {
  const { channel, record, reader, signal, digest, digestFrom } = sending;
  let bytes = 0;
  for (;;) {
    const run = await reader.next();
    if (run === undefined) return { digest: digest.digest(), bytes };
    if (signal.aborted) channel.releaseSlab(run.slab);
    signal.throwIfAborted();
    const isNew = run.position >= digestFrom;
    if (isNew) digest.update(run.slab.bytes.subarray(0, run.lengthBytes));
    bytes += run.lengthBytes;
    await record.send(run.slab, run.lengthBytes);
    signal.throwIfAborted();
  }
}

/** A file that was written to while it was read is a mixture that nobody ever saved. */
async function checkWhole(source: FileSource, bytes: number, wanted: number): Promise<void> {
  const isWhole = source.sizeBytes === null || wanted === bytes;
  if (isWhole && (await source.isUnchanged())) return;
  throw changedError();
}

function changedError(): LftpError {
  return new LftpError(EXIT.SOURCE_CHANGED, 'local', 'the file changed while it was being sent', {
    hint: 'Send it again once nothing writes to it.',
  });
}

/** What the peer is told: its view of our local trouble. */
export function earlyEndCode(error: unknown): number {
  if (!(error instanceof LftpError)) return ERROR.OTHER;
  if (error.code === ERROR.CANCELLED) return error.code;
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
  private readonly ranges: ByteRange[];
  /** Of the range that is being read. */
  private position: number;

  /** @param ranges to read, at least one */
  constructor(channel: TransferChannel, source: FileSource, ranges: readonly ByteRange[]) {
    this.channel = channel;
    this.source = source;
    this.ranges = [...ranges];
    this.position = ranges[0]?.start ?? 0;
  }

  /** The next run, or undefined at the end. */
  async next(): Promise<ReadRun | undefined> {
    const most = Math.min(FILE_READS_AHEAD, this.source.concurrentReads);
    while (this.pending.length < most && this.restOfRange() > 0) this.ask();
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

  /** Bytes left of the range that is read now, which is the next one where one has ended. */
  private restOfRange(): number {
    for (;;) {
      const range = this.ranges[0];
      if (range === undefined) return 0;
      if (range.end > this.position) return range.end - this.position;
      this.ranges.shift();
      this.position = this.ranges[0]?.start ?? 0;
    }
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
    const wantBytes = Math.min(FILE_RUN_BYTES, this.restOfRange());
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
      return { slab, lengthBytes: readBytes, position };
    } finally {
      if (!isKept) this.channel.releaseSlab(slab);
    }
  }
}
