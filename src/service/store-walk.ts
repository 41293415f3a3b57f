/**
 * Walking into a folder one name at a time, without ever following a symbolic link (P-SVC-06).
 *
 * On Linux each step starts from a held handle through /proc/self/fd, so nobody can swap a folder
 * that was already checked for a link. Elsewhere each step is checked by lstat first: a race is
 * possible there against somebody who can write into the served folder.
 */
import { constants, existsSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { lstat, open, realpath } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { systemCode } from './error.ts';

const HAS_PROC = process.platform === 'linux' && existsSync('/proc/self/fd');

/** A held folder; whoever gets one closes it. */
export class Folder {
  readonly handle: FileHandle;
  private readonly base: string;

  private constructor(handle: FileHandle, realPath: string) {
    this.handle = handle;
    this.base = HAS_PROC ? `/proc/self/fd/${handle.fd}` : realPath;
  }

  /** Opens a folder by a path that its owner typed: links are followed here and only here. */
  static async openRoot(path: string): Promise<Folder> {
    const realPath = await realpath(path);
    return new Folder(await open(realPath, constants.O_RDONLY | constants.O_DIRECTORY), realPath);
  }

  /** A path for system calls on the entry `name`, which must be a checked component. */
  entry(name: string): string {
    return `${this.base}/${name}`;
  }

  /** @throws ELOOP for a symbolic link, ENOENT, ENOTDIR */
  async openFolder(name: string): Promise<Folder> {
    const path = this.entry(name);
    if (!HAS_PROC) await refuseLink(path);
    try {
      const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
      return new Folder(await open(path, flags), path);
    } catch (error) {
      // Linux says "not a folder" of a link that is not followed: tell the two apart.
      if (systemCode(error) === 'ENOTDIR') await refuseLink(path);
      throw error;
    }
  }

  /** Opens without waiting for a writer, should the name turn out to be a pipe. */
  async openFile(name: string): Promise<FileHandle> {
    const path = this.entry(name);
    if (!HAS_PROC) await refuseLink(path);
    const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
    return await open(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  }

  /** The entry itself, link or not; undefined when there is none. */
  async stat(name: string): Promise<Stats | undefined> {
    try {
      return await lstat(this.entry(name));
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
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

async function refuseLink(path: string): Promise<void> {
  const stats = await lstat(path);
  if (!stats.isSymbolicLink()) return;
  throw Object.assign(new Error('a symbolic link'), { code: 'ELOOP' });
}
