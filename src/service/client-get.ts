/** Fetches one file over a session: request, bytes, digest, then the file gets its name. */
import { ERROR } from '../wire/codes.ts';
import type { ClientSession, MakeRequest } from './client-session.ts';
import type { Exchange } from './exchanges.ts';
import { EXIT, LftpError } from './error.ts';
import type { FileSink } from './file-ends.ts';
import { drainRecord, receiveFile } from './file-receiver.ts';
import type { FileAnswer, SegmentCounts } from './messages.ts';
import { pathText } from './path.ts';
import type { RemotePath } from './path.ts';
import { earlyEndError, unexpectedAnswer } from './remote-error.ts';
import type { TransferObserver } from './transfer-observer.ts';

export interface GetOptions {
  readonly path: RemotePath;
  /** Opens the place for the bytes once size and time are known; what it throws ends the get. */
  readonly openSink: (file: FileAnswer) => Promise<FileSink>;
  /** Ends the transfer; its reason is what is thrown then. */
  readonly signal: AbortSignal;
  readonly observer: TransferObserver;
}

export interface TransferResult {
  readonly bytes: number;
  /** BLAKE3 of the whole file. */
  readonly digest: Uint8Array;
  /** The sender's segments, as far as it could tell when it told them. */
  readonly counts: SegmentCounts | undefined;
  /** Where the file is on the server. */
  readonly path: RemotePath;
}

/** What {@link getFile} begins with. */
export function getRequest(path: RemotePath): MakeRequest {
  return (id) => ({ op: 'get', id, path });
}

/** @throws LftpError, with nothing left of the file in that case; the signal's reason */
export async function getFile(
  session: ClientSession,
  options: GetOptions,
): Promise<TransferResult> {
  const { path, signal, observer } = options;
  signal.throwIfAborted();
  const turn = session.incoming.take();
  let exchange: Exchange | undefined;
  const onAbort = (): void => cancel(session, exchange);
  signal.addEventListener('abort', onAbort);
  try {
    observer.onPhase('request', null);
    exchange = await session.begin(getRequest(path));
    const answer = await exchange.first;
    await turn.ready;
    if (answer.kind !== 'file') throw unexpectedAnswer(answer, pathText(path));
    return await receive(session, exchange, answer, options);
  } catch (error) {
    throw signal.aborted ? signal.reason : await session.explain(error);
  } finally {
    signal.removeEventListener('abort', onAbort);
    exchange?.end();
    turn.done();
  }
}

/** Receives the file that `answer` announces. @throws LftpError, with nothing left of it */
export async function receive(
  session: ClientSession,
  exchange: Exchange,
  answer: FileAnswer,
  options: GetOptions,
): Promise<TransferResult> {
  const { path, signal, observer } = options;
  const { channel } = session;
  let sink: FileSink;
  try {
    signal.throwIfAborted();
    sink = await options.openSink(answer);
  } catch (error) {
    cancel(session, exchange);
    // What went wrong here is the news, not what becomes of the connection afterwards.
    await drainRecord(channel).catch(() => undefined);
    throw error;
  }
  try {
    observer.onPhase('data', answer.size);
    const received = await receiveFile(channel, sink, {
      sizeBytes: answer.size,
      onFault: () => cancel(session, exchange),
    });
    signal.throwIfAborted();
    if (received.error !== 0) throw earlyEndError(received.error, pathText(path));
    observer.onPhase('verify', answer.size);
    const { digest, counts } = await exchange.digest;
    checkDigest(digest, received.digest, path);
    signal.throwIfAborted();
    await sink.commit();
    return { bytes: received.bytes, digest, counts, path };
  } catch (error) {
    await sink.discard();
    throw error;
  }
}

/** Asks the server to stop; it then ends the record early, so that the session stays usable. */
export function cancel(session: ClientSession, exchange: Exchange | undefined): void {
  if (exchange === undefined) return;
  const message = { op: 'cancel', id: exchange.id, code: ERROR.CANCELLED } as const;
  session.send(message).catch(() => undefined);
}

/** What arrived is kept only if it is what was read on the other side (P-SVC-09). */
function checkDigest(told: Uint8Array, found: Uint8Array, path: RemotePath): void {
  if (told.every((byte, index) => byte === found[index])) return;
  throw new LftpError(EXIT.VERIFICATION, 'local', 'the file arrived, but its digest is wrong', {
    path: pathText(path),
    hint: 'Nothing was kept. Run the command again.',
  });
}
