/** Whether a file fits, asked before its first byte. */
import { EXIT, LftpError } from './error.ts';
import type { FileSystem } from './file-system.ts';

/**
 * @param folder any path on the file system in question
 * @param path what the error names
 * @throws LftpError 11 when fewer bytes are free for us than `sizeBytes`
 */
export async function requireSpace(
  fileSystem: FileSystem,
  folder: string,
  sizeBytes: number | null,
  path: string,
): Promise<void> {
  if (sizeBytes === null || sizeBytes === 0) return;
  const { bavail, bsize } = await fileSystem.statfs(folder);
  const freeBytes = bavail * bsize;
  if (sizeBytes <= freeBytes) return;
  const text = `the file has ${sizeBytes} bytes, but only ${freeBytes} are free`;
  throw new LftpError(EXIT.NO_SPACE, 'local', text, {
    path,
    hint: 'Free some space, or choose another place.',
  });
}
