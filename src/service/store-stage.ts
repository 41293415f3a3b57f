/** Where an upload goes, and the unfinished file that it is until then. */
import { randomBytes } from 'node:crypto';
import type { UploadQuota } from './accounts/upload-quota.ts';
import { EXIT, LftpError } from './error.ts';
import type { FileStats } from './file-system.ts';
import { pathText } from './path.ts';
import type { RemotePath } from './path.ts';
import type { JournalEntry } from './resume/journal-store.ts';
import { heldUpload, openUpload } from './resume/uploads-store.ts';
import type { TransferKey } from './resume/uploads-store.ts';
import type { Upload, UploadOffer } from './store.ts';
import { existsError, servedFileError } from './store-errors.ts';
import { mayReplace } from './store-overwrite.ts';
import type { Room, SpaceBook } from './store-space.ts';
import { StagedFile } from './store-staged.ts';
import type { StagedOptions } from './store-staged.ts';
import type { Folder } from './store-walk.ts';

/** Where an upload will be. */
export interface Target {
  readonly folder: Folder;
  readonly name: string;
  readonly path: RemotePath;
}

/** Opens the unfinished file of an upload, or goes on with the one that is held. */
export async function stage(
  partial: Folder,
  target: Target,
  offer: UploadOffer,
  quota: UploadQuota,
  space: SpaceBook,
  release: () => void,
  key: TransferKey | undefined,
): Promise<Omit<Upload, 'path'>> {
  const { folder, name, path } = target;
  const { keepMode, mtimeMs, sizeBytes } = offer;
  const whole = { remote: `/${path.join('/')}`, sizeBytes: sizeBytes ?? 0, mtimeMs };
  let held: JournalEntry | undefined;
  let room: Room;
  try {
    await quota.holds(sizeBytes ?? 0);
    if (key !== undefined) held = await heldUpload(partial, key, whole);
    const newBytes = sizeBytes === null ? null : sizeBytes - (held?.mark?.bytes ?? 0);
    room = await space.reserve(newBytes, pathText(path));
  } catch (error) {
    quota.release();
    await folder.close();
    throw error;
  }
  const staged: StagedOptions = {
    fileSystem: folder.fileSystem,
    stagedPath: partial.entry(randomBytes(16).toString('hex')),
    targetPath: folder.entry(name),
    mustNotExist: offer.overwrite === 'never',
    keep: keepMode === undefined ? undefined : { mtimeMs, mode: keepMode },
    quota,
    room,
    syncFolder: () => folder.handle.sync(),
    release: async () => {
      room.release();
      release();
      await folder.close();
    },
    recheck: async () => checkTarget(offer, path, await folder.stat(name)),
    wrapError: (error) => servedFileError(error, pathText(path)),
  };
  const kept = key && (await openUpload(partial, key, whole, staged, held));
  if (kept === undefined) return { file: await StagedFile.create(staged) };
  return { file: kept, held: held === undefined ? undefined : kept };
}

/** @throws LftpError when what is there may not be replaced */
export function checkTarget(
  offer: UploadOffer,
  path: RemotePath,
  stats: FileStats | undefined,
): void {
  if (stats === undefined) return;
  if (stats.isDirectory()) throw folderError(path);
  if (!stats.isFile()) throw specialError(path);
  const target = { sizeBytes: stats.size, mtimeMs: stats.mtimeMs };
  if (!mayReplace(offer.overwrite, offer, target)) throw existsError('local', pathText(path));
}

export function folderError(path: RemotePath): LftpError {
  return new LftpError(EXIT.REFUSED, 'local', 'it is a folder', {
    path: pathText(path),
    hint: 'Name a file in it, or move all of it with -r.',
  });
}

export function specialError(path: RemotePath): LftpError {
  return new LftpError(EXIT.REFUSED, 'local', 'not a regular file', {
    path: pathText(path),
    hint: 'Only regular files are served; links are not followed.',
  });
}
