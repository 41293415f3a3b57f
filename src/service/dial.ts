/** Opening a connection to a server, and what its failures mean. */
import { connect, ConnectFailed } from '../io/connect.ts';
import type { ClientLink, ConnectOptions } from '../io/connect.ts';
import { ERROR } from '../wire/codes.ts';
import { ClientSession, encodeFirst } from './client-session.ts';
import type { MakeRequest } from './client-session.ts';
import type { SessionLogin } from './login/session-login.ts';
import { EXIT, LftpError } from './error.ts';

export interface DialOptions extends Omit<ConnectOptions, 'firstMessage'> {
  /**
   * The request that the session will begin with. It travels inside the third handshake message,
   * which saves a small file a third of its time. Of several addresses of one name more than one
   * may get it, but only the first to answer is talked to; the others are told to forget it.
   */
  readonly firstRequest?: MakeRequest | undefined;
  /** The account to be, and how to prove it. */
  readonly login?: SessionLogin | undefined;
}

export interface Connected {
  readonly session: ClientSession;
  readonly link: ClientLink;
}

/** @throws LftpError 6, 7, 13, 21; the signal's reason when that ended the attempt */
export async function dial(options: DialOptions): Promise<Connected> {
  const { firstRequest, login, ...rest } = options;
  const config = login === undefined ? rest.config : { ...rest.config, login: login.blob };
  const firstMessage = firstRequest === undefined ? undefined : encodeFirst(firstRequest);
  try {
    const link = await connect({ ...rest, config, firstMessage });
    return { session: new ClientSession(link.channel, firstMessage, login), link };
  } catch (error) {
    if (options.signal?.aborted === true) throw options.signal.reason;
    throw error instanceof ConnectFailed ? dialError(error, options) : error;
  }
}

function dialError(error: ConnectFailed, options: DialOptions): LftpError {
  const path = `${options.host}:${options.port}`;
  const details = { path, cause: error };
  switch (error.code) {
    case 'resolve':
      return new LftpError(EXIT.RESOLVE, 'local', 'the name has no address', {
        path: options.host,
        cause: error,
        hint: 'Check the spelling, and that the name server answers.',
      });
    case 'unreachable':
      return new LftpError(EXIT.NO_ANSWER, 'remote', 'nobody is listening there', {
        ...details,
        hint: 'Check that the server runs and the port is right; UDP may be blocked.',
      });
    case 'silent':
      return silentError(error.advice, options.security?.kind === 'insecure', details);
    case 'refused':
      return refusedError(error.advice, details);
    case 'untrusted':
      return new LftpError(EXIT.HOST_KEY, 'remote', 'the host key is not the trusted one', details);
    case 'aborted':
      return new LftpError(EXIT.OTHER, 'local', 'connecting was given up', details);
  }
}

interface Details {
  readonly path: string;
  readonly cause: unknown;
}

/** Whoever wrote the advice was not proven to be the server, so it only explains. */
function silentError(advice: number, isInsecure: boolean, details: Details): LftpError {
  // A server of the other kind has nothing to say that this side could believe.
  const other = isInsecure
    ? 'a server without --insecure never answers a client that has it.'
    : 'a server with --insecure answers only clients that have it too.';
  const reason = advice === ERROR.NONE ? '' : ` (a header said code ${advice})`;
  return new LftpError(EXIT.NO_ANSWER, 'remote', `nothing ever answered${reason}`, {
    ...details,
    hint: `Check address, port and that the server runs. A firewall may block UDP; ${other}`,
  });
}

function refusedError(code: number, details: Details): LftpError {
  if (code === ERROR.BUSY) {
    return new LftpError(EXIT.BUSY, 'remote', 'the server is full', {
      ...details,
      hint: 'Try again later.',
    });
  }
  return new LftpError(EXIT.PROTOCOL, 'remote', `the server refused to talk (code ${code})`, {
    ...details,
    hint: 'Both sides must run versions that speak the same protocol.',
  });
}
