/**
 * Where a received tree goes: folders are made and entered one name at a time from held handles,
 * without ever following a symbolic link, and files are staged and renamed in them (P-TREE-07).
 *
 * Server and client differ in where unfinished files lie and in how they speak of errors.
 */
import type { UploadQuota } from '../accounts/upload-quota.ts';
import { EXIT, LftpError, systemCode } from '../error.ts';
import type { FileStats } from '../file-system.ts';
import type { OverwriteRule } from '../message-types.ts';
import { pathFault, pathText, refusedPathError } from '../path.ts';
import type { RemotePath } from '../path.ts';
import type { Right } from '../rights.ts';
import { existsError } from '../store-errors.ts';
import { mayReplace } from '../store-overwrite.ts';
import type { Room, SpaceBook } from '../store-space.ts';
import { StagedFile } from '../store-staged.ts';
import type { Folder } from '../store-walk.ts';
import { SharedFolder } from './shared-folder.ts';
import type { EntryTimes, FileEntry } from './tree-entries.ts';
import type { TreeFlush } from './tree-flush.ts';

/** What is asked about paths of the view that the tree lies in. */
export interface PlaceRules {
  /** Why something may not be done, if so. */
  readonly refusal: (right: Right, path: RemotePath) => LftpError | undefined;
  /** What a file may take of a quota. */
  readonly quota: (path: RemotePath, folder: Folder) => UploadQuota;
  /** Free space, shared with everybody else. */
  readonly space: SpaceBook;
}

export interface PlaceOptions {
  /** The folder that becomes the root of the tree; whoever closes the place releases it. */
  readonly root: SharedFolder;
  /** Path of the root, as the limits of paths count it. */
  readonly base: RemotePath;
  readonly overwrite: OverwriteRule;
  /** Whether files and folders get the times and permissions of the source. */
  readonly keep: boolean;
  readonly flush: TreeFlush;
  /** Path of an unfinished file that will be `name` in `folder`. */
  readonly stagedPath: (folder: SharedFolder, name: string) => string;
  /** Absent: whoever runs this may do anything, as long as there is space. */
  readonly rules?: PlaceRules | undefined;
  readonly wrapError: (error: unknown, shownPath: string) => LftpError;
}

export class TreePlace {
  readonly root: SharedFolder;
  readonly flush: TreeFlush;
  readonly keep: boolean;
  private readonly options: PlaceOptions;

  constructor(options: PlaceOptions) {
    this.options = options;
    this.root = options.root;
    this.flush = options.flush;
    this.keep = options.keep;
  }

  /** Why nothing may be called `path` in the tree, if so. */
  faultOf(path: RemotePath): LftpError | undefined {
    const whole = [...this.options.base, ...path];
    const fault = pathFault(whole);
    return fault === undefined ? undefined : refusedPathError(fault, whole);
  }

  /** `error` as one of ours about `path`. */
  errorAt(path: RemotePath, error: unknown): LftpError {
    return this.options.wrapError(error, pathText([...this.options.base, ...path]));
  }

  /** Makes a folder, or enters the one that is there. @throws LftpError */
  async enter(parent: SharedFolder, name: string, path: RemotePath): Promise<SharedFolder> {
    try {
      const refused = this.options.rules?.refusal('mkdir', [...this.options.base, ...path]);
      const isThere = refused !== undefined && (await parent.folder.stat(name)) !== undefined;
      if (refused !== undefined && !isThere) throw refused;
      const isNew = !isThere && (await makeFolder(parent.folder, name));
      return await shareFolder(await parent.folder.openFolder(name), isNew);
    } catch (error) {
      throw this.errorAt(path, clashOr(error));
    }
  }

  /** A look before bytes are written for nothing. @throws LftpError 10, 18 */
  async precheck(parent: SharedFolder, entry: FileEntry, path: RemotePath): Promise<void> {
    const refused = this.options.rules?.refusal('write', [...this.options.base, ...path]);
    if (refused !== undefined) throw refused;
    if (this.options.overwrite !== 'always') await this.check(parent, entry, path);
  }

  /** Opens the unfinished file. @throws LftpError */
  async stage(parent: SharedFolder, entry: FileEntry, path: RemotePath): Promise<StagedFile> {
    const { stagedPath, overwrite, keep, rules, base } = this.options;
    const whole = [...base, ...path];
    const quota = rules?.quota(whole, parent.folder);
    await quota?.holds(entry.sizeBytes);
    let room: Room | undefined;
    try {
      room = await rules?.space.reserve(entry.sizeBytes, pathText(whole));
    } catch (error) {
      quota?.release();
      throw error;
    }
    return await StagedFile.create({
      fileSystem: parent.folder.fileSystem,
      stagedPath: stagedPath(parent, entry.name),
      targetPath: parent.folder.entry(entry.name),
      mustNotExist: overwrite === 'never',
      keep: keep ? entry : undefined,
      quota,
      room,
      syncFolder: () => Promise.resolve(),
      release: () => Promise.resolve(room?.release()),
      recheck: () => this.check(parent, entry, path),
      wrapError: (error) => this.errorAt(path, error),
    });
  }

  /** Gives a folder that is complete its permissions and time. @throws LftpError */
  async finishFolder(folder: SharedFolder, times: EntryTimes, path: RemotePath): Promise<void> {
    const { handle } = folder.folder;
    try {
      await handle.utimes(times.mtimeMs / 1000, times.mtimeMs / 1000);
      await handle.chmod(times.mode & 0o777);
    } catch (error) {
      throw this.errorAt(path, error);
    }
  }

  private async check(parent: SharedFolder, entry: FileEntry, path: RemotePath): Promise<void> {
    // Nobody's file stands there, and a look for each would cost more than the renaming.
    if (parent.isNew && this.options.overwrite === 'always') return;
    const standing = await parent.folder.stat(entry.name);
    if (standing === undefined) return;
    const shown = pathText([...this.options.base, ...path]);
    if (!standing.isFile()) throw standsError(standing, shown);
    const { size: sizeBytes, mtimeMs } = standing;
    const isReplaced = mayReplace(this.options.overwrite, entry, { sizeBytes, mtimeMs });
    if (!isReplaced) throw existsError('local', shown);
  }
}

/** @returns false when the name is taken */
async function makeFolder(parent: Folder, name: string): Promise<boolean> {
  try {
    await parent.fileSystem.mkdir(parent.entry(name));
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** @returns the folder, to be released instead of closed */
export async function shareFolder(folder: Folder, isNew = false): Promise<SharedFolder> {
  try {
    return new SharedFolder(folder, (await folder.handle.stat()).dev, isNew);
  } catch (error) {
    await folder.close();
    throw error;
  }
}

/** A file where a folder is due; the system's word for it would be taken for a missing one. */
function clashOr(error: unknown): unknown {
  if (systemCode(error) !== 'ENOTDIR') return error;
  return new LftpError(EXIT.REFUSED, 'local', 'a file stands where the folder should be', {
    hint: 'Move it away, or choose another folder.',
  });
}

function standsError(standing: FileStats, path: string): LftpError {
  const what = standing.isDirectory() ? 'a folder' : 'something that is no regular file';
  return new LftpError(EXIT.REFUSED, 'local', `${what} stands where the file should be`, {
    path,
    hint: 'Move it away, or choose another folder.',
  });
}
