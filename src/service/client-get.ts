/** Fetches one file over a session: request, bytes, digest, then the file gets its name. */
import { beforeRecord, cancel, fetchInTurn } from './client-fetch.ts';
import type { ClientSession, MakeRequest } from './client-session.ts';
import type { Exchange } from './exchanges.ts';
import { EXIT, LftpError } from './error.ts';
import type { FileSink } from './file-ends.ts';
import { receiveFile } from './file-receiver.ts';
import type { FileAnswer, SegmentCounts } from './messages.ts';
import type { GoingOn, HeldFile } from './resume/client-held.ts';
import { isWorthKeeping } from './resume/worth-keeping.ts';
import { pathText } from './path.ts';
import type { RemotePath } from './path.ts';
import { earlyEndError, unexpectedAnswer } from './remote-error.ts';
import type { TransferObserver } from './transfer-observer.ts';

export interface GetOptions {
  readonly path: RemotePath;
  /** Opens the place for the bytes once size and time are known; what it throws ends the get. */
  readonly openSink: (file: FileAnswer) => Promise<FileSink>;
  /** What an earlier transfer left of the file; only the rest is fetched then. */
  readonly held?: HeldFile | undefined;
  /** Called when the file is no longer the one of which a part is held; may throw. */
  readonly onChanged?: (() => void) | undefined;
  /** Ends the transfer; its reason is what is thrown then. */
  readonly signal: AbortSignal;
  readonly observer: TransferObserver;
}

export interface TransferResult {
  readonly bytes: number;
  /** Of these, bytes that an earlier transfer had brought. */
  readonly keptBytes?: number | undefined;
  /** BLAKE3 of the whole file. */
  readonly digest: Uint8Array;
  /** The sender's segments, as far as it could tell when it told them. */
  readonly counts: SegmentCounts | undefined;
  /** Where the file is on the server. */
  readonly path: RemotePath;
}

/** What {@link getFile} begins with. */
export function getRequest(path: RemotePath, held?: HeldFile): MakeRequest {
  if (held === undefined) return (id) => ({ op: 'get', id, path });
  const { chunks: have, sizeBytes: ofSize, mtimeMs: ofMtimeMs } = held;
  return (id) => ({ op: 'get', id, path, have, ofSize, ofMtimeMs });
}

/**
 * @throws LftpError, with nothing left of the file unless the sink keeps it; the signal's reason
 */
export async function getFile(
  session: ClientSession,
  options: GetOptions,
): Promise<TransferResult> {
  const { path, signal, observer } = options;
  observer.onPhase('request', null);
  const request = getRequest(path, options.held);
  return await fetchInTurn(session, request, signal, async (exchange, answer) => {
    if (answer.kind !== 'file') throw unexpectedAnswer(answer, pathText(path));
    return await receive(session, exchange, answer, options);
  });
}

/** Receives the file that `answer` announces. @throws LftpError */
export async function receive(
  session: ClientSession,
  exchange: Exchange,
  answer: FileAnswer,
  options: GetOptions,
): Promise<TransferResult> {
  const { path, signal, observer } = options;
  const { channel } = session;
  const place = await beforeRecord(session, exchange, signal, () =>
    openPlace(session, exchange, answer, options),
  );
  const { sink, held, keptBytes } = place;
  try {
    observer.onPhase('data', answer.size, keptBytes);
    const received = await receiveFile(channel, sink, {
      sizeBytes: answer.size,
      held,
      onFault: () => cancel(session, exchange),
    });
    signal.throwIfAborted();
    if (received.error !== 0) throw earlyEndError(received.error, pathText(path));
    observer.onPhase('verify', answer.size, keptBytes);
    const { digest, counts } = await exchange.digest;
    checkDigest(digest, received.digest, path);
    signal.throwIfAborted();
    await sink.commit(digest);
    return { bytes: received.bytes, keptBytes, digest, counts, path };
  } catch (error) {
    if (sink.keep !== undefined && isWorthKeeping(error)) await sink.keep();
    else await sink.discard();
    throw error;
  }
}

/** A new file, or what is held of it and what of that is missing. */
async function openPlace(
  session: ClientSession,
  exchange: Exchange,
  answer: FileAnswer,
  { held, openSink, signal, onChanged = () => undefined }: GetOptions,
): Promise<Pick<GoingOn, 'sink'> & Partial<GoingOn>> {
  if (held === undefined) return { sink: await openSink(answer) };
  if (answer.have !== undefined) {
    // Loaded by those alone who hold something.
    const { compareHeld } = await import('./resume/client-held.ts');
    return await compareHeld(session, exchange, answer, held, { signal, onChanged });
  }
  onChanged();
  await held.drop();
  return { sink: await openSink(answer) };
}

/** What arrived is kept only if it is what was read on the other side (P-SVC-09). */
function checkDigest(told: Uint8Array, found: Uint8Array, path: RemotePath): void {
  if (told.every((byte, index) => byte === found[index])) return;
  throw new LftpError(EXIT.VERIFICATION, 'local', 'the file arrived, but its digest is wrong', {
    path: pathText(path),
    hint: 'Nothing was kept. Run the command again.',
  });
}
