/** Sends one file over a session: offer, bytes and digest, then the server's *committed*. */
import type { TransferResult } from './client-get.ts';
import { unexpectedAnswer } from './remote-error.ts';
import type { ClientSession, MakeRequest } from './client-session.ts';
import type { Exchange } from './exchanges.ts';
import { EXIT, LftpError } from './error.ts';
import type { FileSource } from './file-ends.ts';
import { sendFile } from './file-sender.ts';
import type { Answer, PostRule, SegmentCounts } from './messages.ts';
import { encodeMessage } from './messages.ts';
import { pathText } from './path.ts';
import type { RemotePath } from './path.ts';
import type { TransferObserver } from './transfer-observer.ts';

/** What the server is asked to take. */
export interface PostOffer {
  readonly path: RemotePath;
  /** Name to take when `path` is a folder. */
  readonly name: string | undefined;
  readonly source: FileSource;
  readonly overwrite: PostRule;
  /** True: the target gets the source's time and permissions. */
  readonly keep: boolean;
}

export interface PostOptions extends PostOffer {
  readonly signal: AbortSignal;
  readonly observer: TransferObserver;
}

/** What {@link postFile} begins with. */
export function postRequest(offer: PostOffer): MakeRequest {
  const { path, name, source, overwrite, keep } = offer;
  const { sizeBytes: size, mtimeMs, mode } = source;
  return (id) => ({ op: 'post', id, path, name, size, overwrite, mtimeMs, mode, keep });
}

/** @throws LftpError, in which case the target is what it was; the signal's reason */
export async function postFile(
  session: ClientSession,
  options: PostOptions,
): Promise<TransferResult> {
  const { signal } = options;
  signal.throwIfAborted();
  options.observer.onPhase('request', options.source.sizeBytes);
  const turn = session.outgoing.take();
  let exchange: Exchange | undefined;
  try {
    exchange = await session.begin(postRequest(options));
    await turn.ready;
    return await send(session, exchange, options);
  } catch (error) {
    throw signal.aborted ? signal.reason : await session.explain(error);
  } finally {
    exchange?.end();
    turn.done();
  }
}

async function send(
  session: ClientSession,
  exchange: Exchange,
  options: PostOptions,
): Promise<TransferResult> {
  const { path, source, observer, signal } = options;
  const { channel } = session;
  const before = channel.stats();
  // The server's refusal stops the bytes, as the caller's own signal does.
  const refusal = new AbortController();
  exchange.last.then(
    (answer) => refusal.abort(unexpectedAnswer(answer, pathText(path))),
    (error: unknown) => refusal.abort(error),
  );
  await session.entered;
  observer.onPhase('data', source.sizeBytes);
  const either = AbortSignal.any([signal, refusal.signal]);
  let sent;
  try {
    sent = await sendFile(channel, source, either);
  } catch (error) {
    // The server's answer to an early end closes the exchange, and the session goes on.
    await exchange.last.catch(() => undefined);
    throw error;
  }
  const { digest, bytes } = sent;
  await channel.sendMessage(encodeMessage({ op: 'digest', id: exchange.id, digest }));
  observer.onPhase('verify', source.sizeBytes);
  const answer = await exchange.last;
  checkCommitted(answer, digest, path);
  const after = channel.stats();
  const counts: SegmentCounts = {
    sent: after.segmentsSent - before.segmentsSent,
    retransmitted: after.segmentsRetransmitted - before.segmentsRetransmitted,
    controller: after.controller,
  };
  return { bytes, digest, counts, path: answer.path ?? path };
}

function checkCommitted(
  answer: Answer,
  digest: Uint8Array,
  path: RemotePath,
): asserts answer is Extract<Answer, { kind: 'committed' }> {
  if (answer.kind !== 'committed') throw unexpectedAnswer(answer, pathText(path));
  if (answer.digest.every((byte, index) => byte === digest[index])) return;
  throw new LftpError(EXIT.VERIFICATION, 'remote', 'the server committed another digest', {
    path: pathText(path),
    hint: 'Fetch the file and compare it, then send it again.',
  });
}
