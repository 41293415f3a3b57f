/** Why a client without an account may not do what it asked for. */
import { EXIT, LftpError } from './error.ts';
import { pathText } from './path.ts';
import type { RemotePath } from './path.ts';
import { INCOMING } from './rights.ts';

export function droppedError(path: RemotePath): LftpError {
  return new LftpError(EXIT.REFUSED, 'local', 'what was dropped here is not handed out', {
    path: pathText(path),
    hint: 'Log in with an account to read it.',
  });
}

export function notIncomingError(path: RemotePath): LftpError {
  return new LftpError(EXIT.REFUSED, 'local', `files may only be dropped into ${INCOMING}`, {
    path: pathText(path),
    hint: `Post it to ${INCOMING}/NAME.`,
  });
}

/** Without `rw` there is not even a folder for unfinished files (P-SVC-19). */
export function readOnlyError(path: RemotePath): LftpError {
  return new LftpError(EXIT.REFUSED, 'local', 'this server only lets files be read', {
    path: pathText(path),
    hint: 'Whoever runs it can allow uploads with --anonymous=rw.',
  });
}
