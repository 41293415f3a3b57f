/** Files of the person who runs the command: what is sent, and where what is fetched goes. */
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { EXIT, LftpError, systemCode } from './error.ts';
import type { FileStats, FileSystem } from './file-system.ts';
import { COMPONENT_MAX_BYTES } from './limits.ts';
import type { FileAnswer, OverwriteRule } from './messages.ts';
import { existsError, localFileError } from './store-errors.ts';
import { nodeFileSystem } from './store-file-system.ts';
import { mayReplace } from './store-overwrite.ts';
import { OpenFile, statOf } from './store-source.ts';
import { requireSpace } from './store-space.ts';
import { StagedFile } from './store-staged.ts';
import type { StagedOptions } from './store-staged.ts';

/** Where a fetched file will be. */
export interface LocalTarget {
  readonly folder: string;
  readonly name: string;
  /** As a person would type it. */
  readonly path: string;
}

/** @throws LftpError 14 unreadable, 10 a folder */
export async function openLocalFile(path: string): Promise<OpenFile> {
  const wrap = (error: unknown): LftpError => localFileError(error, path);
  try {
    const handle = await nodeFileSystem.open(path, 'readLinked');
    const stats = await statOf(nodeFileSystem, handle);
    if (stats.isFile()) return new OpenFile(nodeFileSystem, handle, stats, wrap);
    await handle.close();
    if (stats.isDirectory()) throw localFolderError(path, 'Name a file, or send it with -r.');
    throw localSpecialError(path);
  } catch (error) {
    throw wrap(error);
  }
}

/**
 * Decides where a `get` puts its file, before anything is asked of the server.
 * @param local what was typed, or undefined for the remote name in this folder
 * @param remoteName last name of the remote path, taken when `local` is a folder
 * @throws LftpError 14 no such folder, 18 it exists and must stay
 */
export async function planLocalTarget(
  local: string | undefined,
  remoteName: string,
  overwrite: OverwriteRule,
): Promise<LocalTarget> {
  const typed = local ?? remoteName;
  try {
    const stats = await statOrNone(nodeFileSystem, typed);
    const isFolder = local !== undefined && (stats?.isDirectory() ?? typed.endsWith('/'));
    const path = isFolder ? join(typed, remoteName) : await followLink(typed);
    const target = { folder: dirname(path), name: basename(path), path };
    if (!(await nodeFileSystem.stat(target.folder)).isDirectory())
      throw missingFolderError(target.folder);
    const existing = isFolder ? await statOrNone(nodeFileSystem, path) : stats;
    if (existing?.isDirectory()) throw localFolderError(path);
    if (existing !== undefined && !existing.isFile()) throw localSpecialError(path);
    if (existing !== undefined && overwrite === 'never') throw existsError('local', path);
    return target;
  } catch (error) {
    throw localFileError(error, typed);
  }
}

/**
 * Opens the unfinished file beside `target`.
 * @throws LftpError 11 does not fit, 14, 18 exists and may not be replaced
 */
export async function createDownload(
  target: LocalTarget,
  file: FileAnswer,
  overwrite: OverwriteRule,
  isKept: boolean,
  fileSystem: FileSystem = nodeFileSystem,
): Promise<StagedFile> {
  const part = stagedName(target.name);
  const options = await downloadOptions(target, file, overwrite, isKept, fileSystem, part);
  return await StagedFile.create(options);
}

/**
 * The same before it is opened, under the name `part`; the folder is held already.
 * @param heldBytes of the file that take up space already
 * @throws LftpError 11, 14, 18
 */
export async function downloadOptions(
  target: LocalTarget,
  file: FileAnswer,
  overwrite: OverwriteRule,
  isKept: boolean,
  fileSystem: FileSystem,
  part: string,
  heldBytes = 0,
): Promise<StagedOptions> {
  const { folder, path } = target;
  const wrapError = (error: unknown): LftpError => localFileError(error, path);
  const recheck = async (): Promise<void> => {
    const existing = await statOrNone(fileSystem, path);
    if (existing === undefined) return;
    const source = { sizeBytes: file.size, mtimeMs: file.mtimeMs };
    const found = { sizeBytes: existing.size, mtimeMs: existing.mtimeMs };
    if (!mayReplace(overwrite, source, found)) throw existsError('local', path);
  };
  try {
    await recheck();
    await requireSpace(fileSystem, folder, file.size - heldBytes, path);
    const handle = await fileSystem.open(folder, 'folderLinked');
    return {
      fileSystem,
      stagedPath: join(folder, part),
      targetPath: path,
      mustNotExist: overwrite === 'never',
      keep: isKept ? { mtimeMs: file.mtimeMs, mode: file.mode } : undefined,
      syncFolder: () => handle.sync(),
      release: () => handle.close(),
      recheck,
      wrapError,
    };
  } catch (error) {
    throw wrapError(error);
  }
}

/** Tells unfinished files of one command from each other; drawn once, as a tree has many. */
let stagedCount = randomBytes(4).readUInt32BE();

/** `.NAME.<8 hex>.lftp-part`, with NAME cut where the whole would be too long for a file name. */
export function stagedName(name: string): string {
  stagedCount = (stagedCount + 1) % 2 ** 32;
  const suffix = `.${stagedCount.toString(16).padStart(8, '0')}.lftp-part`;
  let kept = name;
  while (Buffer.byteLength(`.${kept}${suffix}`) > COMPONENT_MAX_BYTES) {
    kept = kept.replace(/.$/su, '');
  }
  return `.${kept}${suffix}`;
}

async function statOrNone(fileSystem: FileSystem, path: string): Promise<FileStats | undefined> {
  try {
    return await fileSystem.stat(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** A link to a file is kept, and the file behind it replaced; a link to nothing is replaced. */
async function followLink(path: string): Promise<string> {
  try {
    return (await nodeFileSystem.lstat(path)).isSymbolicLink()
      ? await nodeFileSystem.realpath(path)
      : path;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return path;
    throw error;
  }
}

function missingFolderError(folder: string): LftpError {
  return new LftpError(EXIT.LOCAL_IO, 'local', 'no such folder', {
    path: folder,
    hint: 'Make it first.',
  });
}

function localFolderError(path: string, hint = 'Name a file.'): LftpError {
  return new LftpError(EXIT.REFUSED, 'local', 'it is a folder', { path, hint });
}

function localSpecialError(path: string): LftpError {
  return new LftpError(EXIT.LOCAL_IO, 'local', 'not a regular file', {
    path,
    hint: 'Use - for standard input or output.',
  });
}
