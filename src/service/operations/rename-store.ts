/**
 * Another name for a file or folder (P-OP-05). Unless it is told to replace, nothing that is at
 * the new name is lost, whoever else puts something there at the same moment.
 */
import { countFiles } from '../accounts/quota-count-store.ts';
import { usageOf } from '../accounts/quota-ledger.ts';
import { existsError, servedFileError } from '../store-errors.ts';
import { EXIT, LftpError, systemCode } from '../error.ts';
import { pathText } from '../path.ts';
import type { RemotePath } from '../path.ts';
import { moveRefusal, refusal } from '../rights.ts';
import type { Folder } from '../store-walk.ts';
import { isFolderError, specialError, statOf } from './entries-store.ts';
import { inFolderOf } from './place-store.ts';
import type { OperationView } from './place-store.ts';

export interface Renaming {
  readonly path: RemotePath;
  readonly to: RemotePath;
  readonly replace: boolean;
}

interface Place {
  readonly folder: Folder;
  readonly name: string;
}

/** @throws LftpError 4, 10, 15, 18, 21 */
export async function renameEntry(view: OperationView, renaming: Renaming): Promise<void> {
  const { path, to, replace } = renaming;
  const refused =
    moveRefusal(view.owner, path, to) ?? (replace ? refusal(view.owner, 'write', to) : undefined);
  if (refused !== undefined) throw refused;
  // Whoever is asked to move a thing to itself has nothing to do, and must not remove it.
  const isSame = path.length === to.length && path.every((name, index) => name === to[index]);
  await inFolderOf(view, path, async (folder, name) => {
    const stats = await statOf(folder, name);
    if (!stats.isFile() && !stats.isDirectory()) throw specialError(path);
    if (isSame) return;
    await inFolderOf(view, to, async (target, newName) => {
      const places = [
        { folder, name },
        { folder: target, name: newName },
      ] as const;
      const isFolder = stats.isDirectory();
      await view.quota.move(path, to, {
        move: () => (isFolder ? moveFolder : moveFile)(...places, renaming),
        held: async () =>
          isFolder ? await countFiles(folder, [name]) : usageOf(await folder.stat(name)),
        replaced: async () => usageOf(replace ? await target.stat(newName) : undefined),
      });
      await target.handle.sync();
      await folder.handle.sync();
    });
  });
}

async function moveFile(from: Place, to: Place, { to: path, replace }: Renaming): Promise<void> {
  const { fileSystem } = from.folder;
  const [source, target] = [from.folder.entry(from.name), to.folder.entry(to.name)];
  if (!replace) {
    // A link fails if the name is taken, in one step.
    await fileSystem.link(source, target).catch((error: unknown) => {
      throw systemCode(error) === 'EEXIST' ? existsError('local', pathText(path)) : error;
    });
    // The new name is on the disk before the old one goes, or a power cut could lose both.
    await to.folder.handle.sync();
    await fileSystem.unlink(source);
    return;
  }
  const stats = await to.folder.stat(to.name);
  if (stats?.isDirectory() === true) throw isFolderError(path);
  if (stats !== undefined && !stats.isFile()) throw specialError(path);
  await fileSystem.rename(source, target);
}

/** The new name is taken by an empty folder first: that fails if anything is there. */
async function moveFolder(from: Place, to: Place, { path, to: newPath }: Renaming): Promise<void> {
  if (path.every((name, index) => name === newPath[index])) throw intoItselfError(newPath);
  const { fileSystem } = from.folder;
  const target = to.folder.entry(to.name);
  await fileSystem.mkdir(target).catch((error: unknown) => {
    throw systemCode(error) === 'EEXIST' ? existsError('local', pathText(newPath)) : error;
  });
  try {
    await fileSystem.rename(from.folder.entry(from.name), target);
  } catch (error) {
    await fileSystem.rmdir(target).catch(() => undefined);
    if (systemCode(error) === 'EINVAL') throw intoItselfError(newPath);
    throw servedFileError(error, pathText(path));
  }
}

function intoItselfError(path: RemotePath): LftpError {
  return new LftpError(EXIT.REFUSED, 'local', 'a folder cannot be moved into itself', {
    path: pathText(path),
    hint: 'Choose a place outside of it.',
  });
}
