/** Trees of the person who runs the command: what is sent, and where what is fetched goes. */
import { basename, dirname, join } from 'node:path';
import { EXIT, LftpError, systemCode } from '../error.ts';
import type { FileStats } from '../file-system.ts';
import type { OverwriteRule } from '../message-types.ts';
import { localFileError } from '../store-errors.ts';
import { nodeFileSystem } from '../store-file-system.ts';
import { stagedName } from '../store-local.ts';
import { Folder } from '../store-walk.ts';
import { shareFolder, TreePlace } from './tree-place-store.ts';
import { TreeFlush } from './tree-flush.ts';
import type { SourceTree } from './tree-served-store.ts';

/** Where a fetched tree will be. */
export interface LocalRoot {
  /** As a person would type it. */
  readonly path: string;
  /** A folder that is there, and the name below it; undefined: the folder itself. */
  readonly parent: string;
  readonly name: string | undefined;
}

/**
 * The folder at `path`, or undefined if a file is there; the caller releases it.
 * @throws LftpError 14
 */
export async function openLocalTree(path: string): Promise<SourceTree | undefined> {
  try {
    if (!(await nodeFileSystem.stat(path)).isDirectory()) return undefined;
    const root = await shareFolder(await Folder.openRoot(path));
    const { mode, mtimeMs } = await root.folder.handle.stat();
    const view = {
      root,
      base: [],
      isHidden: () => false,
      refusal: () => undefined,
      wrapError: localFileError,
    };
    return { view, times: { mode: mode & 0o777, mtimeMs } };
  } catch (error) {
    throw localFileError(error, path);
  }
}

/**
 * Decides where a tree goes, before anything is asked of the server.
 * @param local what was typed, or undefined for the remote name in this folder
 * @param remoteName last name of the remote path; undefined for the served folder itself
 * @throws LftpError 14 no such folder
 */
export async function planLocalRoot(
  local: string | undefined,
  remoteName: string | undefined,
): Promise<LocalRoot> {
  const typed = local ?? '.';
  try {
    const found = await statOrNone(typed);
    if (found === undefined) return await planNew(typed);
    if (!found.isDirectory()) return await planNew(typed);
    if (remoteName === undefined) return { path: typed, parent: typed, name: undefined };
    return { path: join(typed, remoteName), parent: typed, name: remoteName };
  } catch (error) {
    throw localFileError(error, typed);
  }
}

async function planNew(typed: string): Promise<LocalRoot> {
  const parent = dirname(typed);
  if ((await statOrNone(parent))?.isDirectory() === true) {
    return { path: typed, parent, name: basename(typed) };
  }
  throw new LftpError(EXIT.LOCAL_IO, 'local', 'no such folder', {
    path: parent,
    hint: 'Make it first.',
  });
}

/**
 * Makes the folder, unless it is there, and opens it; the caller releases the root of the place.
 * @throws LftpError 10, 14
 */
export async function openLocalPlace(
  { path, parent, name }: LocalRoot,
  overwrite: OverwriteRule,
  keep: boolean,
): Promise<TreePlace> {
  try {
    const root = await shareFolder(await openRoot(parent, name));
    return new TreePlace({
      root,
      base: [],
      overwrite,
      keep,
      flush: new TreeFlush(root, root.folder.fileSystem.wholeFlush()),
      stagedPath: (folder, fileName) => folder.folder.entry(stagedName(fileName)),
      wrapError: localFileError,
    });
  } catch (error) {
    if (systemCode(error) === 'ENOTDIR') throw notFolderError(path);
    if (systemCode(error) !== 'ELOOP') throw localFileError(error, path);
    throw new LftpError(EXIT.REFUSED, 'local', 'a symbolic link stands where the tree should be', {
      path,
      hint: 'Name the folder that it leads to.',
    });
  }
}

async function openRoot(parent: string, name: string | undefined): Promise<Folder> {
  const folder = await Folder.openRoot(parent);
  if (name === undefined) return folder;
  try {
    await folder.make(name);
    return await folder.openFolder(name);
  } finally {
    await folder.close();
  }
}

async function statOrNone(path: string): Promise<FileStats | undefined> {
  try {
    return await nodeFileSystem.stat(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function notFolderError(path: string): LftpError {
  return new LftpError(EXIT.REFUSED, 'local', 'a file stands where the tree should be', {
    path,
    hint: 'Move it away, or choose another name.',
  });
}
