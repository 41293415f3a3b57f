/** What the end of a connection means to a person, as one error. */
import type { CloseReason } from '../transport/types.ts';
import { ERROR } from '../wire/codes.ts';
import { EXIT, LftpError } from './error.ts';
import { closeReasonOf } from './transfer-channel.ts';

/** The error for a connection that ended while something was still wanted from it. */
export function closeError(reason: CloseReason, cause?: unknown): LftpError {
  switch (reason.kind) {
    case 'finished':
      return new LftpError(EXIT.REMOTE_IO, 'remote', 'the other side ended the connection', {
        cause,
        hint: 'Try again; the log of the server says why it left.',
      });
    case 'aborted':
      return abortedError(reason.code, reason.by === 'local' ? 'local' : 'remote', cause);
    case 'timedOut':
      return timedOutError(reason, cause);
    case 'untrusted':
      return new LftpError(EXIT.HOST_KEY, 'remote', "the server's key is not the trusted one", {
        cause,
        hint: 'Ask its operator for the fingerprint that `lftp hostkey` shows there.',
      });
    case 'reset':
      return new LftpError(EXIT.SILENT, 'remote', 'the server was started anew', {
        cause,
        hint: 'Run the command again.',
      });
    case 'violation':
      return new LftpError(
        EXIT.PROTOCOL,
        reason.by === 'local' ? 'remote' : 'local',
        rule(reason),
        {
          cause,
          hint: 'Both sides must run versions that speak the same protocol.',
        },
      );
  }
}

/** Any error that a channel threw, as one of ours; others pass unchanged. */
export function fromChannel(error: unknown): unknown {
  const reason = closeReasonOf(error);
  return reason === undefined ? error : closeError(reason, error);
}

function rule(reason: { readonly rule: string }): string {
  return `the other side broke a rule of the protocol: ${reason.rule}`;
}

function abortedError(code: number, where: 'local' | 'remote', cause: unknown): LftpError {
  switch (code) {
    case ERROR.CANCELLED:
      return new LftpError(EXIT.OTHER, where, 'the transfer was cancelled', { cause });
    case ERROR.IDLE:
      return new LftpError(EXIT.TEMPORARY, where, 'the connection was idle for too long', {
        cause,
        hint: 'Connect again.',
      });
    case ERROR.GOING_AWAY:
      return new LftpError(EXIT.TEMPORARY, where, 'the server is going away', {
        cause,
        hint: 'Try again when it is back.',
      });
    case ERROR.DEADLINE:
      return new LftpError(EXIT.DEADLINE, where, 'the time allowed by --max-time is used up', {
        cause,
        hint: 'Allow more with --max-time.',
      });
    default: {
      const known = code > 0 && code <= EXIT.BUSY ? code : EXIT.OTHER;
      const text = `the other side gave up the connection (code ${code})`;
      return new LftpError(known, where, text, { cause });
    }
  }
}

function timedOutError(
  reason: { readonly phase: string; readonly advice: number },
  cause: unknown,
): LftpError {
  if (reason.phase === 'opening') {
    return new LftpError(EXIT.NO_ANSWER, 'remote', 'nothing ever answered', {
      cause,
      hint: 'Check address and port; a firewall may block UDP.',
    });
  }
  if (reason.phase === 'idle') return abortedError(ERROR.IDLE, 'remote', cause);
  return new LftpError(EXIT.SILENT, 'remote', 'the other side fell silent', {
    cause,
    hint: 'Check the network and the server, then run the command again; --patience waits longer.',
  });
}
