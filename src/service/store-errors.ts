/** File-system errors as ours: the server speaks of its files, the client of its own. */
import { EXIT, errorText, LftpError, systemCode } from './error.ts';

/**
 * What went wrong with a file under the served root, with the code that the client exits with
 * (P-COMMIT-03).
 */
export function servedFileError(error: unknown, path: string): LftpError {
  if (error instanceof LftpError) return error;
  const details = { path, cause: error };
  switch (systemCode(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new LftpError(EXIT.MISSING, 'local', 'no such file or folder', details);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new LftpError(EXIT.REFUSED, 'local', 'permission denied', details);
    case 'ELOOP':
      return new LftpError(EXIT.REFUSED, 'local', 'symbolic links are not followed', details);
    case 'EISDIR':
    case 'ENOTEMPTY':
      return new LftpError(EXIT.REFUSED, 'local', 'it is a folder', details);
    case 'ENXIO':
    case 'ENAMETOOLONG':
      return new LftpError(EXIT.REFUSED, 'local', 'not a regular file', details);
    case 'ENOSPC':
    case 'EDQUOT':
      return new LftpError(EXIT.NO_SPACE, 'local', 'no space left on the disk', details);
    case 'EEXIST':
      return new LftpError(EXIT.EXISTS, 'local', 'it exists already', details);
    case 'EMFILE':
    case 'ENFILE':
      return new LftpError(EXIT.BUSY, 'local', 'too many files are open', details);
    default:
      return new LftpError(EXIT.REMOTE_IO, 'local', 'the disk failed', details);
  }
}

/** The same of a folder that the server keeps for a client, and that no path of the wire names. */
export function keptFolderError(error: unknown, path: string): LftpError {
  const found = servedFileError(error, path);
  if (error instanceof LftpError) return found;
  if (found.code === EXIT.NO_SPACE || found.code === EXIT.BUSY) return found;
  const text = 'the server cannot keep files';
  return new LftpError(EXIT.REMOTE_IO, 'local', text, { path, cause: error });
}

/** What went wrong with a file of the person who runs the command. */
export function localFileError(error: unknown, path: string): LftpError {
  if (error instanceof LftpError) return error;
  const details = { path, cause: error };
  const code = systemCode(error);
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new LftpError(EXIT.LOCAL_IO, 'local', 'no such file or folder', {
        ...details,
        hint: 'Check the name; a missing folder has to be made first.',
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new LftpError(EXIT.LOCAL_IO, 'local', 'permission denied', {
        ...details,
        hint: 'Check the permissions of the file and its folder.',
      });
    case 'ENOSPC':
    case 'EDQUOT':
      return new LftpError(EXIT.NO_SPACE, 'local', 'no space left on the disk', {
        ...details,
        hint: 'Free some space, or choose another folder.',
      });
    case 'EISDIR':
      return new LftpError(EXIT.LOCAL_IO, 'local', 'it is a folder', {
        ...details,
        hint: 'Name a file.',
      });
    case 'EEXIST':
      return existsError('local', path);
    default:
      return new LftpError(EXIT.LOCAL_IO, 'local', errorText(error), {
        ...details,
        hint: 'Check the disk and the name of the file.',
      });
  }
}

/** The target is there and must stay. */
export function existsError(where: 'local' | 'remote', path: string): LftpError {
  return new LftpError(EXIT.EXISTS, where, 'the target exists and was left as it is', {
    path,
    hint: 'Choose another name, or allow it with --overwrite=always.',
  });
}
