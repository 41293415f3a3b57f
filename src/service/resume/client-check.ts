/**
 * Compares a file here with one on the server, chunk by chunk: a `get` whose client holds all of
 * them and wants none (docs/PROTOCOL.md, P-RES-01 to P-RES-04). No content travels.
 */
import { beforeRecord, cancel, fetchInTurn } from '../client-fetch.ts';
import type { ClientSession, MakeRequest } from '../client-session.ts';
import type { Exchange } from '../exchanges.ts';
import { drainRecord } from '../file-receiver.ts';
import { MAX_CHUNKS_COMPARED } from '../limits.ts';
import type { FileAnswer } from '../messages.ts';
import { pathText } from '../path.ts';
import type { RemotePath } from '../path.ts';
import { unexpectedAnswer } from '../remote-error.ts';
import { chunkCount, differingChunks, rangesOf } from './chunks.ts';
import { ownChunks } from './tell-chunks.ts';
import type { ReadableFile } from './tell-chunks.ts';

export interface CheckOptions {
  readonly path: RemotePath;
  readonly file: ReadableFile & { readonly sizeBytes: number };
  readonly signal: AbortSignal;
}

export interface Checked {
  readonly isSame: boolean;
  /** Bytes of the server's file. */
  readonly remoteBytes: number;
  /** First and last of each run of chunks that both have and that differ. */
  readonly differing: readonly number[];
  /** BLAKE3 of the whole file here. */
  readonly digest: Uint8Array;
}

/** @returns what {@link checkFile} begins with */
export function checkRequest(path: RemotePath, sizeBytes: number): MakeRequest {
  const have = Math.min(chunkCount(sizeBytes), MAX_CHUNKS_COMPARED);
  if (have === 0) return (id) => ({ op: 'get', id, path });
  return (id) => ({ op: 'get', id, path, have });
}

/** @throws LftpError; the signal's reason */
export async function checkFile(session: ClientSession, options: CheckOptions): Promise<Checked> {
  const { path, file, signal } = options;
  const request = checkRequest(path, file.sizeBytes);
  return await fetchInTurn(session, request, signal, async (exchange, answer) => {
    if (answer.kind !== 'file') throw unexpectedAnswer(answer, pathText(path));
    return await compare(session, exchange, answer, options);
  });
}

async function compare(
  session: ClientSession,
  exchange: Exchange,
  { size, have = 0 }: FileAnswer,
  { file, signal }: CheckOptions,
): Promise<Checked> {
  const { sizeBytes } = file;
  const reading = { file, count: chunkCount(sizeBytes), sizeBytes, signal };
  const { own, differing } = await beforeRecord(session, exchange, signal, async () => {
    const own = await ownChunks(reading);
    if (have === 0) return { own, differing: [] };
    const chunks = differingChunks(own.digests, await exchange.chunks.all);
    await session.send({ op: 'want', id: exchange.id, ranges: [] });
    return { own, differing: rangesOf(chunks, Infinity) };
  });
  // What is behind the compared chunks would travel: nobody wants it.
  const isLonger = size > 0 && have < chunkCount(size);
  if (isLonger) cancel(session, exchange);
  await drainRecord(session.channel);
  const digest = own.whole.digest();
  const isAlike = size === sizeBytes && differing.length === 0 && !isLonger;
  // The whole counts, not only its parts: the server has read all of it.
  const isSame = isAlike && Buffer.compare((await exchange.digest).digest, digest) === 0;
  return { isSame, remoteBytes: size, differing, digest };
}
