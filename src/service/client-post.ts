/** Sends one file over a session: offer, bytes and digest, then the server's *committed*. */
import { ERROR } from '../wire/codes.ts';
import { cancel } from './client-fetch.ts';
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
import type { Offer } from './resume/client-offer.ts';
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
  /** Names the transfer, so that it can be gone on with. */
  readonly transfer?: { readonly transfer: Uint8Array; readonly isAgain: boolean } | undefined;
}

export interface PostOptions extends PostOffer {
  readonly signal: AbortSignal;
  readonly observer: TransferObserver;
}

/** What {@link postFile} begins with. */
export function postRequest(offer: PostOffer): MakeRequest {
  const { path, name, source, overwrite, keep } = offer;
  const { sizeBytes: size, mtimeMs, mode } = source;
  const { transfer, isAgain } = offer.transfer ?? {};
  // Left out where it says nothing, as small files are many.
  const again = isAgain === true ? true : undefined;
  const told = { path, name, size, overwrite, mtimeMs, mode, keep, transfer, again };
  return (id) => ({ op: 'post', id, ...told });
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
  const either = AbortSignal.any([signal, refusal.signal]);
  const offer = await offerOf(session, exchange, options);
  if (offer.kind === 'done') {
    channel.endData();
    const { digest, path: where = path } = offer.answer;
    const bytes = source.sizeBytes ?? 0;
    return { bytes, keptBytes: bytes, digest, counts: undefined, path: where };
  }
  const { part, keptBytes } = offer;
  observer.onPhase('data', source.sizeBytes, keptBytes);
  let sent;
  try {
    sent = await sendFile(channel, source, either, part);
  } catch (error) {
    // The server's answer to an early end closes the exchange, and the session goes on.
    await exchange.last.catch(() => undefined);
    throw error;
  }
  const { digest } = sent;
  await channel.sendMessage(encodeMessage({ op: 'digest', id: exchange.id, digest }));
  observer.onPhase('verify', source.sizeBytes, keptBytes);
  const answer = await exchange.last;
  checkCommitted(answer, digest, path);
  const after = channel.stats();
  const counts: SegmentCounts = {
    sent: after.segmentsSent - before.segmentsSent,
    retransmitted: after.segmentsRetransmitted - before.segmentsRetransmitted,
    controller: after.controller,
  };
  const bytes = sent.bytes + keptBytes;
  return { bytes, keptBytes, digest, counts, path: answer.path ?? path };
}

/** What of the file is to be sent: all of it, unless the server was asked for it before. */
async function offerOf(
  session: ClientSession,
  exchange: Exchange,
  { transfer, source, path, signal }: PostOptions,
): Promise<Offer> {
  if (transfer?.isAgain !== true) return { kind: 'send', part: undefined, keptBytes: 0 };
  // Loaded by those alone who go on.
  const { offerAgain } = await import('./resume/client-offer.ts');
  try {
    return await offerAgain(session, { exchange, source, path, signal });
  } catch (error) {
    // The record was announced, and the server may still wait to hear what it will hold.
    cancel(session, exchange);
    if (!session.channel.isClosed) session.channel.endData(ERROR.CANCELLED);
    await exchange.last.catch(() => undefined);
    throw error;
  }
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
