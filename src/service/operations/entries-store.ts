/**
 * Reading and changing single names of the served folder. Each change is answered after the
 * folders that hold the names are flushed, so what was told stays (P-OP-03).
 */
import { createDigest } from '../../io/digest.ts';
import { usageOf } from '../accounts/quota-ledger.ts';
import { EXIT, LftpError, systemCode } from '../error.ts';
import type { FileStats, OpenHandle } from '../file-system.ts';
import { FILE_RUN_BYTES } from '../limits.ts';
import { pathText } from '../path.ts';
import type { RemotePath } from '../path.ts';
import { refusal } from '../rights.ts';
import type { Right } from '../rights.ts';
import type { Folder } from '../store-walk.ts';
import type { WireEntry } from './operation-types.ts';
import { inFolder, inFolderOf, missing } from './place-store.ts';
import type { OperationView } from './place-store.ts';
import { wireEntryOf } from './remote-entry.ts';

/** Rights that the server's own user keeps, or it could not serve what it holds. */
const FILE_KEEPS = 0o400;
const FOLDER_KEEPS = 0o500;

/** @throws LftpError 4, 10, 15, 21 */
export async function statEntry(view: OperationView, path: RemotePath): Promise<WireEntry> {
  require(view, 'list', path);
  if (path.length === 0) {
    return await inFolder(view, path, async (folder) =>
      wireEntryOf('', await folder.handle.stat()),
    );
  }
  return await inFolderOf(view, path, async (folder, name) =>
    wireEntryOf(name, await statOf(folder, name)),
  );
}

/** P-OP-04: one, or all that are missing. @throws LftpError 4, 10, 15, 18 if one is there, 21 */
export async function makeFolder(
  view: OperationView,
  path: RemotePath,
  parents: boolean,
): Promise<void> {
  require(view, 'mkdir', path);
  if (!parents) {
    await inFolderOf(view, path, makeOne);
    return;
  }
  for (let depth = 1; depth <= path.length; depth += 1) {
    const upper = path.slice(0, depth);
    await inFolderOf(view, upper, async (folder, name) => {
      const stats = await folder.stat(name);
      if (stats?.isDirectory() === true) return;
      if (stats !== undefined) throw notFolderError(upper);
      require(view, 'mkdir', upper);
      await makeOne(folder, name);
    });
  }
}

async function makeOne(folder: Folder, name: string): Promise<void> {
  await folder.fileSystem.mkdir(folder.entry(name));
  await folder.handle.sync();
}

/** @throws LftpError 4, 10 also when it is not empty or no folder, 15, 21 */
export async function removeFolder(view: OperationView, path: RemotePath): Promise<void> {
  require(view, 'delete', path);
  await inFolderOf(view, path, async (folder, name) => {
    const stats = await statOf(folder, name);
    if (!stats.isDirectory()) throw notFolderError(path);
    try {
      await folder.fileSystem.rmdir(folder.entry(name));
    } catch (error) {
      if (!['ENOTEMPTY', 'EEXIST'].includes(systemCode(error))) throw error;
      throw notEmptyError(path);
    }
    await folder.handle.sync();
  });
}

/** The name alone: of a link, never what it leads to. @throws LftpError 4, 10, 15, 21 */
export async function deleteEntry(view: OperationView, path: RemotePath): Promise<void> {
  require(view, 'delete', path);
  await inFolderOf(view, path, async (folder, name) => {
    await view.quota.remove(path, async () => {
      const stats = await statOf(folder, name);
      if (stats.isDirectory()) throw isFolderError(path);
      await folder.fileSystem.unlink(folder.entry(name));
      return usageOf(stats);
    });
    await folder.handle.sync();
  });
}

/** @throws LftpError 4, 10, 15, 21 */
export async function touchEntry(
  view: OperationView,
  path: RemotePath,
  mtimeMs: number,
): Promise<void> {
  requireChange(view, path);
  await withEntry(view, path, (handle) => handle.utimes(mtimeMs / 1000, mtimeMs / 1000));
}

/** P-OP-06: nine bits, of which the server keeps its own right to read. @throws LftpError 4, 10 */
export async function chmodEntry(
  view: OperationView,
  path: RemotePath,
  mode: number,
): Promise<void> {
  requireChange(view, path);
  await withEntry(view, path, async (handle, stats) => {
    const keeps = stats.isDirectory() ? FOLDER_KEEPS : FILE_KEEPS;
    await handle.chmod((mode & 0o777) | keeps);
  });
}

/** P-OP-07. @throws LftpError 4, 10, 15, 16 when it changed meanwhile, 21; the signal's reason */
export async function checksumOf(
  view: OperationView,
  path: RemotePath,
  signal: AbortSignal,
): Promise<{ readonly checksum: Uint8Array; readonly bytes: number }> {
  require(view, 'read', path);
  return await inFolderOf(view, path, async (folder, name) => {
    const handle = await folder.openFile(name);
    try {
      const before = await handle.stat();
      if (before.isDirectory()) throw isFolderError(path);
      if (!before.isFile()) throw specialError(path);
      const result = await digestOf(handle, before.size, signal);
      const after = await handle.stat();
      if (after.mtimeMs === before.mtimeMs && result.bytes === after.size) return result;
      throw new LftpError(EXIT.SOURCE_CHANGED, 'local', 'the file changed while it was read', {
        path: pathText(path),
      });
    } finally {
      await handle.close();
    }
  });
}

/** Space of the file system that a folder is on, bytes. @throws LftpError 4, 10, 15 */
export async function spaceOf(
  view: OperationView,
  path: RemotePath,
): Promise<{ readonly freeBytes: number; readonly totalBytes: number }> {
  require(view, 'list', path);
  return await inFolder(view, path, async (folder) => {
    const { bsize, blocks, bavail } = await folder.fileSystem.statfs(folder.entry('.'));
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  });
}

/** Of a file that grows, not more than it had: it might grow for ever. */
async function digestOf(handle: OpenHandle, sizeBytes: number, signal: AbortSignal) {
  const digest = await createDigest();
  const buffer = new Uint8Array(FILE_RUN_BYTES);
  let bytes = 0;
  for (;;) {
    signal.throwIfAborted();
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, bytes);
    if (bytesRead === 0 || bytes >= sizeBytes) return { checksum: digest.digest(), bytes };
    digest.update(buffer.subarray(0, bytesRead));
    bytes += bytesRead;
  }
}

/** Opens a file or a folder, never what a link leads to, and flushes what `work` changed. */
async function withEntry(
  view: OperationView,
  path: RemotePath,
  work: (handle: OpenHandle, stats: FileStats) => Promise<void>,
): Promise<void> {
  await inFolderOf(view, path, async (folder, name) => {
    const handle = await folder.openFile(name);
    try {
      const stats = await handle.stat();
      if (!stats.isFile() && !stats.isDirectory()) throw specialError(path);
      await work(handle, stats);
      await handle.sync();
    } finally {
      await handle.close();
    }
  });
}

export async function statOf(folder: Folder, name: string): Promise<FileStats> {
  const stats = await folder.stat(name);
  if (stats === undefined) throw missing();
  return stats;
}

/** @throws LftpError 10 */
function require(view: OperationView, right: Right, path: RemotePath): void {
  const refused = refusal(view.owner, right, path);
  if (refused !== undefined) throw refused;
}

/** Whoever may only drop files may not change what others dropped. @throws LftpError 10 */
function requireChange(view: OperationView, path: RemotePath): void {
  require(view, 'write', path);
  require(view, 'read', path);
}

const refused = (path: RemotePath, text: string, hint: string): LftpError =>
  new LftpError(EXIT.REFUSED, 'local', text, { path: pathText(path), hint });

export const isFolderError = (path: RemotePath): LftpError =>
  refused(
    path,
    'it is a folder',
    'Remove folders with rmdir, or with all that is in them by rm -r.',
  );

const notFolderError = (path: RemotePath): LftpError =>
  refused(path, 'it is not a folder', 'Choose another name, or delete the file first.');

const notEmptyError = (path: RemotePath): LftpError =>
  refused(path, 'the folder is not empty', 'Delete what is in it first, or use rm -r.');

export const specialError = (path: RemotePath): LftpError =>
  refused(path, 'neither a regular file nor a folder', 'Links are not followed.');
