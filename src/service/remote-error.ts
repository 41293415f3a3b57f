/** What the server said, as an error of ours. Its words are shown, never trusted. */
import { ERROR } from '../wire/codes.ts';
import { displayText } from './display.ts';
import { EXIT, LftpError } from './error.ts';
import type { Answer } from './messages.ts';

/** @param path what the request was about, from our own side */
export function remoteError(code: number, message: string, path?: string): LftpError {
  return new LftpError(exitCodeOf(code), 'remote', displayText(message) || 'it failed', { path });
}

/** A `dat` record that its sender ended early with `code`. */
export function earlyEndError(code: number, path: string): LftpError {
  const hint = 'Nothing was kept. Try again.';
  switch (code) {
    case ERROR.SOURCE_CHANGED: {
      const text = 'the remote file changed while it was being sent';
      return new LftpError(EXIT.SOURCE_CHANGED, 'remote', text, { path, hint });
    }
    case ERROR.REMOTE_IO:
      return new LftpError(EXIT.REMOTE_IO, 'remote', 'the file could not be read', { path, hint });
    default:
      return remoteError(code, `the server ended the file early (code ${code})`, path);
  }
}

function exitCodeOf(code: number): number {
  if (code === ERROR.IDLE || code === ERROR.GOING_AWAY) return EXIT.TEMPORARY;
  return code > 0 && code <= EXIT.BUSY ? code : EXIT.OTHER;
}

/** The error in an answer, or that it was not the kind of answer that was asked for. */
export function unexpectedAnswer(answer: Answer, path?: string): LftpError {
  if (answer.kind === 'error') return remoteError(answer.error, answer.message, path);
  return brokenServer(`an answer of kind ${answer.kind}`);
}

/** A server that does not keep to the protocol. */
export function brokenServer(what: string): LftpError {
  return new LftpError(EXIT.PROTOCOL, 'remote', `the server's words make no sense: ${what}`, {
    hint: 'Both sides must run versions that speak the same protocol.',
  });
}
