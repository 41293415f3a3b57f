/** One connection for one command: opened, told about, and ended in order whatever happens. */
import type { ClientSession, MakeRequest } from '../service/client-session.ts';
import { EXIT, LftpError } from '../service/error.ts';
import { ERROR } from '../wire/codes.ts';
import { dialSecurely } from './secure-dial.ts';
import type { DialContext, Dialled } from './secure-dial.ts';
import { formatDuration } from './units.ts';

export type Opened = Dialled;

/**
 * @param firstRequest what the session begins with, if that is known before it is open
 * @throws LftpError; the signal's reason
 */
export async function openConnection(
  context: DialContext,
  signal: AbortSignal,
  firstRequest?: MakeRequest,
): Promise<Opened> {
  const { target, flags, output } = context;
  const { host, port } = target;
  const { cc, patienceMs, family } = flags;
  if (patienceMs !== undefined) output.detail(`patience ${formatDuration(patienceMs)}`);
  const config = {
    ...(cc === undefined ? {} : { controller: cc }),
    ...(patienceMs === undefined ? {} : { patienceMs }),
  };
  const connected = await dialSecurely(context, {
    host,
    port,
    family,
    config,
    signal,
    firstRequest,
  });
  const rttMs = connected.link.channel.stats().srttMs;
  const { address, fragments, trains, bufferAdvice } = connected.link;
  output.event('connected', { host, port, address, rttMs });
  output.detail(`connected to ${host} (${address}), port ${port}, RTT ${rttMs.toFixed(1)} ms`);
  output.detail(`fragments ${fragments}, datagrams ${trains}`);
  if (bufferAdvice !== undefined) output.detail(`for larger buffers: ${bufferAdvice}`);
  heedWait(context, connected.session);
  return connected;
}

/** P-WAIT-02: whoever does not want to wait for a place leaves. */
function heedWait({ flags, output }: DialContext, session: ClientSession): void {
  session.heedWait((place) => {
    if (flags.isNoWait) {
      const details = { hint: 'Without --no-wait it waits for its turn.' };
      session.giveUp(new LftpError(EXIT.BUSY, 'remote', 'the server is full', details));
      return;
    }
    output.event('waiting', { place });
    output.say(`The server is full; place ${place} in its queue.`);
  });
}

/**
 * Resolves once the server has let us in, which may take somebody who types a password: before that
 * nothing may be drawn.
 * @throws LftpError 8, 21; the signal's reason
 */
export async function untilEntered({ session }: Opened, signal: AbortSignal): Promise<void> {
  let onAbort: () => void = () => undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason as Error);
  });
  signal.addEventListener('abort', onAbort);
  try {
    signal.throwIfAborted();
    await Promise.race([session.entered, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/**
 * Opens a connection, does `work` over it and ends it. An abort of `signal` ends it at once and
 * tells the server.
 * @throws what `work` throws; the signal's reason
 */
export async function withConnection<T>(
  context: DialContext,
  signal: AbortSignal,
  firstRequest: MakeRequest,
  work: (session: ClientSession, startedMs: number) => Promise<T>,
): Promise<T> {
  const opened = await openConnection(context, signal, firstRequest);
  const { session, link, startedMs } = opened;
  // Ending the link rejects whatever `work` waits for.
  const onAbort = (): void => {
    void session.abort(ERROR.CANCELLED).then(() => link.close());
  };
  signal.addEventListener('abort', onAbort);
  try {
    await untilEntered(opened, signal);
    const result = await work(session, startedMs);
    signal.removeEventListener('abort', onAbort);
    await session.finish();
    return result;
  } catch (error) {
    if (!signal.aborted) await session.abort(ERROR.CANCELLED);
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    link.close();
  }
}
