/** The home of an account inside the served folder. */
import { systemCode } from '../error.ts';
import type { LftpError } from '../error.ts';
import { checkPath, pathText } from '../path.ts';
import type { RemotePath } from '../path.ts';
import { localFileError } from '../store-errors.ts';
import type { Folder } from '../store-walk.ts';

/** How errors are told: the server's to a client are of another kind than a person's own. */
type WrapError = (error: unknown, path: string) => LftpError;

/**
 * Opens a home below the served folder, and makes what is missing of it, 0700. Each step starts
 * from the folder before and follows no link, so a home can never lie outside.
 * @returns a held folder, which the caller closes
 * @throws LftpError 10, 11, 14, or what `wrapError` makes of it
 */
export async function openHome(
  root: Folder,
  home: RemotePath,
  wrapError: WrapError = localFileError,
): Promise<Folder> {
  checkPath(home);
  try {
    let folder = await root.openFolder('.');
    for (const name of home) {
      const parent = folder;
      try {
        folder = await openOrMake(parent, name);
      } finally {
        await parent.close();
      }
    }
    return folder;
  } catch (error) {
    throw wrapError(error, pathText(home));
  }
}

async function openOrMake(parent: Folder, name: string): Promise<Folder> {
  try {
    return await parent.openFolder(name);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
  // Another login of the same account may have been quicker.
  await parent.make(name, 0o700);
  return await parent.openFolder(name);
}
