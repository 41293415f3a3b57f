/** Whether what came of a file is of use to a later transfer of it. */
import { EXIT, LftpError } from '../error.ts';

/** What is wrong with the file itself is not mended by going on. */
export function isWorthKeeping(error: unknown): boolean {
  if (!(error instanceof LftpError)) return true;
  return error.code !== EXIT.VERIFICATION && error.code !== EXIT.SOURCE_CHANGED;
}
