/** A `post` that was begun before: what the server holds of it, and whether it is done already. */
import type { ClientSession } from '../client-session.ts';
import { EXIT, LftpError } from '../error.ts';
import type { Exchange } from '../exchanges.ts';
import type { FileSource } from '../file-ends.ts';
import type { PartOfFile } from '../file-sender.ts';
import { MAX_RANGES_WANTED } from '../limits.ts';
import type { CommittedAnswer } from '../messages.ts';
import { pathText } from '../path.ts';
import type { RemotePath } from '../path.ts';
import { unexpectedAnswer } from '../remote-error.ts';
import { bytesIn, chunkCount, differingChunks, rangesOf, recordRanges } from './chunks.ts';
import { ownChunks } from './tell-chunks.ts';

export interface Offered {
  readonly exchange: Exchange;
  readonly source: FileSource;
  readonly path: RemotePath;
  readonly signal: AbortSignal;
}

export type Offer =
  /** What has to be sent: all of it where `part` is undefined. */
  | { readonly kind: 'send'; readonly part: PartOfFile | undefined; readonly keptBytes: number }
  | { readonly kind: 'done'; readonly answer: CommittedAnswer };

/**
 * Waits for the server's answer, and hashes what it holds while it does the same.
 * @throws LftpError when it refuses; 16 when what it committed is not this file
 */
export async function offerAgain(session: ClientSession, offered: Offered): Promise<Offer> {
  const { exchange, source, path, signal } = offered;
  const answer = await unlessAborted(exchange.first, signal);
  const sizeBytes = source.sizeBytes ?? 0;
  if (answer.kind === 'committed') {
    const count = chunkCount(sizeBytes);
    const own = await ownChunks({ file: source, count, sizeBytes, signal });
    const digest = own.whole.digest();
    if (answer.digest.every((byte, index) => byte === digest[index])) {
      return { kind: 'done', answer };
    }
    throw otherError(path);
  }
  if (answer.kind !== 'go') throw unexpectedAnswer(answer, pathText(path));
  const { have = 0 } = answer;
  if (have === 0) return { kind: 'send', part: undefined, keptBytes: 0 };
  const own = await ownChunks({ file: source, count: have, sizeBytes, signal });
  const theirs = await unlessAborted(exchange.chunks.all, signal);
  const ranges = rangesOf(differingChunks(own.digests, theirs), MAX_RANGES_WANTED);
  await session.send({ op: 'want', id: exchange.id, ranges });
  const byteRanges = recordRanges(ranges, have, sizeBytes);
  const keptBytes = sizeBytes - bytesIn(byteRanges);
  return { kind: 'send', part: { ranges: byteRanges, before: own.whole }, keptBytes };
}

async function unlessAborted<T>(wanted: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
  });
  signal.addEventListener('abort', onAbort);
  try {
    signal.throwIfAborted();
    return await Promise.race([wanted, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function otherError(path: RemotePath): LftpError {
  return new LftpError(EXIT.SOURCE_CHANGED, 'local', 'the file changed since it was sent', {
    path: pathText(path),
    hint: 'Send it anew with --no-resume.',
  });
}
