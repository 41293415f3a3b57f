/** What every request has in common whose answer announces a record: files, trees and checks. */
import { ERROR } from '../wire/codes.ts';
import type { ClientSession, MakeRequest } from './client-session.ts';
import type { Exchange } from './exchanges.ts';
import { drainRecord } from './file-receiver.ts';
import type { Answer } from './messages.ts';

/**
 * Sends a request, and hands its answer on when the records asked for before have come.
 * @throws LftpError; the signal's reason
 */
export async function fetchInTurn<T>(
  session: ClientSession,
  make: MakeRequest,
  signal: AbortSignal,
  use: (exchange: Exchange, answer: Answer) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const turn = session.incoming.take();
  let exchange: Exchange | undefined;
  const onAbort = (): void => {
    cancel(session, exchange);
    exchange?.chunks.fail(signal.reason);
  };
  signal.addEventListener('abort', onAbort);
  try {
    exchange = await session.begin(make);
    const answer = await exchange.first;
    await turn.ready;
    return await use(exchange, answer);
  } catch (error) {
    throw signal.aborted ? signal.reason : await session.explain(error);
  } finally {
    signal.removeEventListener('abort', onAbort);
    exchange?.end();
    turn.done();
  }
}

/**
 * Makes ready for a record that was announced; if that fails nobody takes it, and it is read away.
 * @throws what `prepare` throws; the signal's reason
 */
export async function beforeRecord<T>(
  session: ClientSession,
  exchange: Exchange,
  signal: AbortSignal,
  prepare: () => Promise<T>,
): Promise<T> {
  try {
    signal.throwIfAborted();
    return await prepare();
  } catch (error) {
    cancel(session, exchange);
    // What went wrong here is the news, not what becomes of the connection afterwards.
    await drainRecord(session.channel).catch(() => undefined);
    throw error;
  }
}

/** Asks the server to stop; it then ends the record early, so that the session stays usable. */
export function cancel(session: ClientSession, exchange: Exchange | undefined): void {
  if (exchange === undefined) return;
  const message = { op: 'cancel', id: exchange.id, code: ERROR.CANCELLED } as const;
  session.send(message).catch(() => undefined);
}
