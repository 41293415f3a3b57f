/** Whether a file fits, asked before its first byte. */
import { statfs } from 'node:fs/promises';
import { EXIT, LftpError } from './error.ts';

/**
 * @param folder any path on the file system in question
 * @param path what the error names
 * @throws LftpError 11 when fewer bytes are free for us than `sizeBytes`
 */
export async function requireSpace(
  folder: string,
  sizeBytes: number | null,
  path: string,
): Promise<void> {
  if (sizeBytes === null || sizeBytes === 0) return;
  const { bavail, bsize } = await statfs(folder);
  const freeBytes = bavail * bsize;
  if (sizeBytes <= freeBytes) return;
  const text = `the file has ${sizeBytes} bytes, but only ${freeBytes} are free`;
  throw new LftpError(EXIT.NO_SPACE, 'local', text, {
    path,
    hint: 'Free some space, or choose another place.',
  });
}
