/**
 * The served folder: the only way from a path of the wire to a file.
 *
 * Every path is checked, then walked from one held handle (store-walk.ts). Only regular files are
 * read or replaced (P-SVC-06). Unfinished uploads live in ROOT/.lftp-udp/partial, which no path can
 * name.
 */
import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { access, chmod, constants, mkdir } from 'node:fs/promises';
import type { Access } from './access.ts';
import { EXIT, LftpError } from './error.ts';
import { STORE_MAX_OPEN_FILES } from './limits.ts';
import type { OverwriteRule } from './messages.ts';
import { checkPath, pathText, PRIVATE_NAME } from './path.ts';
import type { RemotePath } from './path.ts';
import { removeAbandoned } from './store-abandoned.ts';
import { existsError, localFileError, servedFileError } from './store-errors.ts';
import { mayReplace } from './store-overwrite.ts';
import { OpenFile, statOf } from './store-source.ts';
import { requireSpace } from './store-space.ts';
import { StagedFile } from './store-staged.ts';
import { Folder, walk } from './store-walk.ts';

export interface UploadOffer {
  readonly path: RemotePath;
  /** Name to take when `path` is a folder (P-SVC-14). */
  readonly name: string | undefined;
  readonly sizeBytes: number | null;
  readonly mtimeMs: number;
  readonly overwrite: OverwriteRule;
  /** Permissions to give the file, with its time; undefined for those of a new file. */
  readonly keepMode: number | undefined;
}

export interface Upload {
  readonly file: StagedFile;
  /** Where it will be. */
  readonly path: RemotePath;
}

export class Store {
  readonly access: Access;
  private readonly root: Folder;
  private readonly partial: Folder | undefined;
  private openFiles = 0;

  private constructor(root: Folder, access: Access, partial: Folder | undefined) {
    this.root = root;
    this.access = access;
    this.partial = partial;
  }

  /** @throws LftpError 14 when the folder cannot be served this way */
  static async open(path: string, access: Access): Promise<Store> {
    try {
      const root = await Folder.openRoot(path);
      return new Store(root, access, access === 'rw' ? await openPartial(root, path) : undefined);
    } catch (error) {
      throw localFileError(error, path);
    }
  }

  /** Files held open now. */
  get openFileCount(): number {
    return this.openFiles;
  }

  /** Removes what killed servers left unfinished a day ago or longer; tells how many files. */
  async removeAbandoned(nowMs: number): Promise<number> {
    return this.partial === undefined ? 0 : await removeAbandoned(this.partial, nowMs);
  }

  /** @throws LftpError 4, 10, 15, 21 */
  async openForRead(path: RemotePath): Promise<OpenFile> {
    checkPath(path);
    const name = path.at(-1);
    if (name === undefined) throw folderError(path);
    const release = this.hold();
    const wrap = (error: unknown): LftpError => servedFileError(error, pathText(path));
    try {
      const folder = await walk(this.root, path.slice(0, -1));
      try {
        const handle = await folder.openFile(name);
        const stats = await statOf(handle);
        if (stats.isFile()) return new OpenFile(handle, stats, wrap, release);
        await handle.close();
        throw stats.isDirectory() ? folderError(path) : specialError(path);
      } finally {
        await folder.close();
      }
    } catch (error) {
      release();
      throw wrap(error);
    }
  }

  /** @throws LftpError 4, 10, 11, 15, 18, 21 */
  async createUpload(offer: UploadOffer): Promise<Upload> {
    checkPath(offer.path);
    const { partial } = this;
    if (partial === undefined) throw readOnlyError(offer.path);
    const release = this.hold();
    try {
      const target = await this.findTarget(offer);
      const file = await stage(partial, target, offer, release);
      return { file, path: target.path };
    } catch (error) {
      release();
      throw servedFileError(error, pathText(offer.path));
    }
  }

  async close(): Promise<void> {
    await this.partial?.close();
    await this.root.close();
  }

  private async findTarget(offer: UploadOffer): Promise<Target> {
    const last = offer.path.at(-1);
    let folder = await walk(this.root, offer.path.slice(0, -1));
    try {
      const stats = last === undefined ? undefined : await folder.stat(last);
      if (last !== undefined && !stats?.isDirectory()) {
        checkTarget(offer, offer.path, stats);
        return { folder, name: last, path: offer.path };
      }
      if (offer.name === undefined) throw folderError(offer.path);
      const path = [...offer.path, offer.name];
      checkPath(path);
      if (last !== undefined) {
        const parent = folder;
        folder = await parent.openFolder(last);
        await parent.close();
      }
      checkTarget(offer, path, await folder.stat(offer.name));
      return { folder, name: offer.name, path };
    } catch (error) {
      await folder.close().catch(() => undefined);
      throw error;
    }
  }

  /** Counts one open file; the result ends that, once. */
  private hold(): () => void {
    if (this.openFiles >= STORE_MAX_OPEN_FILES) {
      throw new LftpError(EXIT.BUSY, 'local', 'too many files are open', {
        hint: 'Try again in a moment.',
      });
    }
    this.openFiles += 1;
    let isHeld = true;
    return () => {
      if (isHeld) this.openFiles -= 1;
      isHeld = false;
    };
  }
}

interface Target {
  readonly folder: Folder;
  readonly name: string;
  readonly path: RemotePath;
}

async function stage(
  partial: Folder,
  target: Target,
  offer: UploadOffer,
  release: () => void,
): Promise<StagedFile> {
  const { folder, name, path } = target;
  const { keepMode, mtimeMs } = offer;
  try {
    await requireSpace(partial.entry('.'), offer.sizeBytes, pathText(path));
  } catch (error) {
    await folder.close();
    throw error;
  }
  return await StagedFile.create({
    stagedPath: partial.entry(randomBytes(16).toString('hex')),
    targetPath: folder.entry(name),
    mustNotExist: offer.overwrite === 'never',
    keep: keepMode === undefined ? undefined : { mtimeMs, mode: keepMode },
    syncFolder: () => folder.handle.sync(),
    release: async () => {
      release();
      await folder.close();
    },
    recheck: async () => checkTarget(offer, path, await folder.stat(name)),
    wrapError: (error) => servedFileError(error, pathText(path)),
  });
}

/** @throws LftpError when what is there may not be replaced */
function checkTarget(offer: UploadOffer, path: RemotePath, stats: Stats | undefined): void {
  if (stats === undefined) return;
  if (stats.isDirectory()) throw folderError(path);
  if (!stats.isFile()) throw specialError(path);
  const target = { sizeBytes: stats.size, mtimeMs: stats.mtimeMs };
  if (!mayReplace(offer.overwrite, offer, target)) throw existsError('local', pathText(path));
}

/** Makes the folder of unfinished uploads, and checks that it is ours alone and a rename away. */
async function openPartial(root: Folder, rootPath: string): Promise<Folder> {
  await access(root.entry('.'), constants.W_OK);
  const own = await openPrivate(root, PRIVATE_NAME, rootPath);
  try {
    const partial = await openPrivate(own, 'partial', rootPath);
    const [rootStats, stats] = await Promise.all([root.handle.stat(), partial.handle.stat()]);
    if (stats.dev === rootStats.dev) return partial;
    await partial.close();
    throw new LftpError(EXIT.LOCAL_IO, 'local', 'unfinished files are on another file system', {
      path: `${rootPath}/${PRIVATE_NAME}`,
      hint: 'Make it an ordinary folder of the served file system.',
    });
  } finally {
    await own.close();
  }
}

async function openPrivate(parent: Folder, name: string, rootPath: string): Promise<Folder> {
  await mkdir(parent.entry(name), 0o700).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
  const folder = await parent.openFolder(name);
  const { uid, mode } = await folder.handle.stat();
  if (uid !== process.getuid?.() && process.getuid !== undefined) {
    await folder.close();
    throw new LftpError(EXIT.LOCAL_IO, 'local', `${PRIVATE_NAME} belongs to somebody else`, {
      path: `${rootPath}/${PRIVATE_NAME}`,
      hint: 'Remove it, or run the server as its owner.',
    });
  }
  if ((mode & 0o077) !== 0) await chmod(folder.entry('.'), 0o700);
  return folder;
}

function folderError(path: RemotePath): LftpError {
  return new LftpError(EXIT.REFUSED, 'local', 'it is a folder', {
    path: pathText(path),
    hint: 'Name a file in it.',
  });
}

function specialError(path: RemotePath): LftpError {
  return new LftpError(EXIT.REFUSED, 'local', 'not a regular file', {
    path: pathText(path),
    hint: 'Only regular files are served; links are not followed.',
  });
}

/** Without `rw` there is not even a folder for unfinished files (P-SVC-19). */
function readOnlyError(path: RemotePath): LftpError {
  return new LftpError(EXIT.REFUSED, 'local', 'this server only lets files be read', {
    path: pathText(path),
    hint: 'Whoever runs it can allow uploads with --anonymous=rw.',
  });
}
