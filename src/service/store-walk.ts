/**
 * Walking into a folder one name at a time, without ever following a symbolic link (P-SVC-06).
 *
 * On Linux each step starts from a held handle through /proc/self/fd, so nobody can swap a folder
 * that was already checked for a link. Elsewhere each step is checked by lstat first: a race is
 * possible there against somebody who can write into the served folder.
 */
import { systemCode } from './error.ts';
import type { FileStats, FileSystem, OpenHandle } from './file-system.ts';
import { nodeFileSystem } from './store-file-system.ts';

/** A held folder; whoever gets one closes it. */
export class Folder {
  readonly handle: OpenHandle;
  readonly fileSystem: FileSystem;
  private readonly base: string;

  private constructor(fileSystem: FileSystem, handle: OpenHandle, realPath: string) {
    this.fileSystem = fileSystem;
    this.handle = handle;
    this.base = fileSystem.folderPath(handle, realPath);
  }

  /** Opens a folder by a path that its owner typed: links are followed here and only here. */
  static async openRoot(path: string, fileSystem: FileSystem = nodeFileSystem): Promise<Folder> {
    const realPath = await fileSystem.realpath(path);
    return new Folder(fileSystem, await fileSystem.open(realPath, 'folderLinked'), realPath);
  }

  /** A path for system calls on the entry `name`, which must be a checked component. */
  entry(name: string): string {
    return `${this.base}/${name}`;
  }

  /** @throws ELOOP for a symbolic link, ENOENT, ENOTDIR */
  async openFolder(name: string): Promise<Folder> {
    const { fileSystem } = this;
    const path = this.entry(name);
    if (!fileSystem.isAnchored) await refuseLink(fileSystem, path);
    try {
      return new Folder(fileSystem, await fileSystem.open(path, 'folder'), path);
    } catch (error) {
      // Linux says "not a folder" of a link that is not followed: tell the two apart.
      if (systemCode(error) === 'ENOTDIR') await refuseLink(fileSystem, path);
      throw error;
    }
  }

  /**
   * Makes a folder whose name outlives a power cut, before anything is put into it (P-COMMIT-04).
   * @returns false when the name is taken
   */
  async make(name: string, mode?: number): Promise<boolean> {
    const path = this.entry(name);
    try {
      await this.fileSystem.mkdir(path, mode);
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return false;
      throw error;
    }
    try {
      await this.handle.sync();
    } catch (error) {
      // Whoever finds it later would take it for safe.
      await this.fileSystem.rmdir(path).catch(() => undefined);
      throw error;
    }
    return true;
  }

  /** Opens without waiting for a writer, should the name turn out to be a pipe. */
  async openFile(name: string): Promise<OpenHandle> {
    const { fileSystem } = this;
    const path = this.entry(name);
    if (!fileSystem.isAnchored) await refuseLink(fileSystem, path);
    return await fileSystem.open(path, 'read');
  }

  /** The entry itself, link or not; undefined when there is none. */
  async stat(name: string): Promise<FileStats | undefined> {
    try {
      return await this.fileSystem.lstat(this.entry(name));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  /** Never rejects: what was only read has nothing to lose. */
  async close(): Promise<void> {
    await this.handle.close().catch(() => undefined);
  }
}

/** Walks from `root` through `names`; the caller closes what it gets. */
export async function walk(root: Folder, names: readonly string[]): Promise<Folder> {
  let folder = await root.openFolder('.');
  for (const name of names) {
    const previous = folder;
    try {
      folder = await previous.openFolder(name);
    } finally {
      await previous.close();
    }
  }
  return folder;
}

async function refuseLink(fileSystem: FileSystem, path: string): Promise<void> {
  const stats = await fileSystem.lstat(path);
  if (!stats.isSymbolicLink()) return;
  throw Object.assign(new Error('a symbolic link'), { code: 'ELOOP' });
}
