/** The served folder as a whole: its handle, its unfinished uploads, and how much is open. */
import { QuotaBook } from './accounts/quota-book.ts';
import { countFiles } from './accounts/quota-count-store.ts';
import { EXIT, LftpError, systemCode } from './error.ts';
import type { FileSystem } from './file-system.ts';
import { STORE_MAX_OPEN_FILES } from './limits.ts';
import { PRIVATE_NAME } from './path.ts';
import { sweepUploads } from './resume/uploads-store.ts';
import { removeAbandoned } from './store-abandoned.ts';
import { localFileError } from './store-errors.ts';
import { SpaceBook } from './store-space.ts';
import { Folder } from './store-walk.ts';

export class ServedTree {
  readonly root: Folder;
  private readonly path: string;
  /** Shared by all who bring files. */
  readonly space: SpaceBook;
  /** Made when the first upload needs it: a folder that is only read stays as it is. */
  private partial: Promise<Folder> | undefined;
  private openFiles = 0;
  /** Of all homes in it. */
  readonly quotas = new QuotaBook((home) => countFiles(this.root, home));

  private constructor(root: Folder, path: string) {
    this.root = root;
    this.space = new SpaceBook(root.fileSystem, root.entry('.'));
    this.path = path;
  }

  /** @throws LftpError 14 */
  static async open(path: string, fileSystem?: FileSystem): Promise<ServedTree> {
    try {
      return new ServedTree(await Folder.openRoot(path, fileSystem), path);
    } catch (error) {
      throw localFileError(error, path);
    }
  }

  /** Files held open now. */
  get openFileCount(): number {
    return this.openFiles;
  }

  /**
   * The folder of unfinished uploads.
   * @param wrapError how it is told: to whoever starts the server, unless a client waits for it
   * @throws LftpError 14 when files cannot be kept there
   */
  async openPartial(wrapError = localFileError): Promise<Folder> {
    this.partial ??= openPartial(this.root, this.path);
    try {
      return await this.partial;
    } catch (error) {
      this.partial = undefined;
      throw wrapError(error, this.path);
    }
  }

  /** Removes what killed servers left unfinished a day ago or longer; tells how many files. */
  async removeAbandoned(nowMs: number): Promise<number> {
    const partial = await this.partial;
    if (partial === undefined) return 0;
    const { parts, removed } = await sweepUploads(partial, nowMs);
    return removed + (await removeAbandoned(partial, nowMs, parts));
  }

  /** Counts one open file; the result ends that, once. */
  hold(): () => void {
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

  async close(): Promise<void> {
    await (await this.partial?.catch(() => undefined))?.close();
    await this.root.close();
  }
}

/** Makes the folder of unfinished uploads, and checks that it is ours alone and a rename away. */
async function openPartial(root: Folder, rootPath: string): Promise<Folder> {
  await root.fileSystem.requireWritable(root.entry('.'));
  const own = await openPrivate(root, PRIVATE_NAME, rootPath);
  try {
    const partial = await openPrivate(own, 'partial', rootPath);
    try {
      const [rootStats, stats] = await Promise.all([root.handle.stat(), partial.handle.stat()]);
      if (stats.dev === rootStats.dev) return partial;
      throw new LftpError(EXIT.LOCAL_IO, 'local', 'unfinished files are on another file system', {
        path: `${rootPath}/${PRIVATE_NAME}`,
        hint: 'Make it an ordinary folder of the served file system.',
      });
    } catch (error) {
      await partial.close();
      throw error;
    }
  } finally {
    await own.close();
  }
}

async function openPrivate(parent: Folder, name: string, rootPath: string): Promise<Folder> {
  const { fileSystem } = parent;
  await fileSystem.mkdir(parent.entry(name), 0o700).catch((error: unknown) => {
    if (systemCode(error) !== 'EEXIST') throw error;
  });
  const folder = await parent.openFolder(name);
  try {
    const { uid, mode } = await folder.handle.stat();
    if (uid !== process.getuid?.() && process.getuid !== undefined) {
      throw new LftpError(EXIT.LOCAL_IO, 'local', `${PRIVATE_NAME} belongs to somebody else`, {
        path: `${rootPath}/${PRIVATE_NAME}`,
        hint: 'Remove it, or run the server as its owner.',
      });
    }
    if ((mode & 0o077) !== 0) await fileSystem.chmod(folder.entry('.'), 0o700);
    return folder;
  } catch (error) {
    await folder.close();
    throw error;
  }
}
