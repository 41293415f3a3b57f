/** What a client holds of a file, compared with the server's: only the rest is fetched. */
import type { ClientSession } from '../client-session.ts';
import { EXIT, LftpError } from '../error.ts';
import type { Exchange } from '../exchanges.ts';
import type { FileSink } from '../file-ends.ts';
import type { HeldPart } from '../file-receiver.ts';
import { MAX_RANGES_WANTED } from '../limits.ts';
import type { FileAnswer } from '../messages.ts';
import { bytesIn, CHUNK_BYTES, differingChunks, rangesOf, recordRanges } from './chunks.ts';
import type { Mark } from './running-digest.ts';
import { ownChunks } from './tell-chunks.ts';
import type { ReadableFile } from './tell-chunks.ts';

/** What an earlier transfer left. */
export interface HeldFile {
  /** Whole chunks from the start of the file on. */
  readonly chunks: number;
  /** Of the file that they are of. */
  readonly sizeBytes: number;
  /** ms since 1970 */
  readonly mtimeMs: number;
  /** Digest of those chunks when they were stored. */
  readonly mark: Mark | undefined;
  /** The unfinished file; from here on it belongs to whoever took it. */
  take(answer: FileAnswer): Promise<FileSink & ReadableFile>;
  /** Removes the unfinished file. Never rejects. */
  drop(): Promise<void>;
}

export interface GoingOn {
  readonly sink: FileSink;
  readonly held: HeldPart;
  /** Bytes that need not travel. */
  readonly keptBytes: number;
}

/**
 * Hashes what is held while the server does the same, and says what is missing (P-RES-04).
 * @param onChanged called when the source is another one; what it throws ends the transfer
 * @throws LftpError, with the sink let go of
 */
export async function compareHeld(
  session: ClientSession,
  exchange: Exchange,
  answer: FileAnswer,
  held: HeldFile,
  options: { readonly signal: AbortSignal; readonly onChanged: () => void },
): Promise<GoingOn> {
  const { signal, onChanged } = options;
  const { have = 0, size } = answer;
  if (have > held.chunks) throw tooManyError();
  const sink = await held.take(answer);
  try {
    const reading = { file: sink, count: have, sizeBytes: size, signal };
    const own = await ownChunks(reading);
    const theirs = await exchange.chunks.all;
    let missing = differingChunks(own.digests, theirs);
    if (missing.length > 0 && isAsStored(own.whole.peek(), held.mark, have)) {
      // P-RES-05: the disk gave back what was stored, so it is the source that differs.
      onChanged();
      missing = Array.from({ length: have }, (_, chunk) => chunk);
    }
    const ranges = rangesOf(missing, MAX_RANGES_WANTED);
    await session.send({ op: 'want', id: exchange.id, ranges });
    const byteRanges = recordRanges(ranges, have, size);
    const before =
      missing.length === 0
        ? () => Promise.resolve(own.whole)
        : async () => (await ownChunks(reading)).whole;
    const keptBytes = size - bytesIn(byteRanges);
    return { sink, held: { ranges: byteRanges, before }, keptBytes };
  } catch (error) {
    await (sink.keep?.() ?? sink.discard());
    throw error;
  }
}

function isAsStored(found: Uint8Array, mark: Mark | undefined, have: number): boolean {
  if (mark === undefined || Math.floor(mark.bytes / CHUNK_BYTES) !== have) return false;
  return mark.digest.every((byte, index) => byte === found[index]);
}

function tooManyError(): LftpError {
  return new LftpError(EXIT.PROTOCOL, 'remote', 'the server compares more than was asked for', {
    hint: 'Both sides must run versions that speak the same protocol.',
  });
}
