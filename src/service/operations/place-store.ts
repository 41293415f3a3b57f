/** The way from a path of an operation to the held folder that the name stands in (P-OP-01). */
import type { ViewQuota } from '../accounts/upload-quota.ts';
import { EXIT, LftpError } from '../error.ts';
import { checkPath, pathText } from '../path.ts';
import type { RemotePath } from '../path.ts';
import type { RightsHolder } from '../rights.ts';
import { servedFileError } from '../store-errors.ts';
import { type Folder, walk } from '../store-walk.ts';

/** What operations need of a client's view of the served folder. */
export interface OperationView {
  /** What is seen as `/`. */
  readonly root: Folder;
  readonly owner: RightsHolder;
  /** Is told of every file that goes, or gets another name. */
  readonly quota: ViewQuota;
  /** Counts what is open; the result ends that. @throws LftpError 21 */
  hold(): () => void;
}

/**
 * Does `work` with the folder of what `path` names. The folder is held, and reached without
 * following a link; it is closed afterwards.
 * @throws LftpError 4, 10, 15, 18, 21
 */
export async function inFolderOf<T>(
  view: OperationView,
  path: RemotePath,
  work: (folder: Folder, name: string) => Promise<T>,
): Promise<T> {
  checkPath(path);
  const name = path.at(-1);
  if (name === undefined) throw rootError(path);
  return await inFolder(view, path.slice(0, -1), (folder) => work(folder, name), path);
}

/** The same with the folder that `path` names itself. @param shown what errors name */
export async function inFolder<T>(
  view: OperationView,
  path: RemotePath,
  work: (folder: Folder) => Promise<T>,
  shown = path,
): Promise<T> {
  checkPath(path);
  const release = view.hold();
  try {
    const folder = await walk(view.root, path);
    try {
      return await work(folder);
    } finally {
      await folder.close();
    }
  } catch (error) {
    throw servedFileError(error, pathText(shown));
  } finally {
    release();
  }
}

function rootError(path: RemotePath): LftpError {
  return new LftpError(EXIT.REFUSED, 'local', 'it is the served folder itself', {
    path: pathText(path),
    hint: 'Name something in it.',
  });
}

/** As the system says it of a name that is not there. */
export function missing(): Error {
  return Object.assign(new Error('no such entry'), { code: 'ENOENT' });
}
