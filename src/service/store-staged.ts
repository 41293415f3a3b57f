/**
 * A file that is being received: written under a name that nobody mistakes for the file, and put
 * in place only when it is whole, verified and flushed (P-SVC-09, P-COMMIT-01).
 */
import type { UploadQuota } from './accounts/upload-quota.ts';
import type { LftpError } from './error.ts';
import type { FileSink } from './file-ends.ts';
import type { FileSystem, OpenHandle } from './file-system.ts';
import { FILE_RUN_BYTES } from './limits.ts';
import type { Room } from './store-space.ts';

export interface StagedOptions {
  readonly fileSystem: FileSystem;
  /** Path of the unfinished file; must not exist. */
  readonly stagedPath: string;
  /** Path it gets in the end. */
  readonly targetPath: string;
  /** True: refuse, atomically, to replace anything. */
  readonly mustNotExist: boolean;
  /** Time (ms since 1970) and permissions to give it, or undefined for those of a new file. */
  readonly keep: { readonly mtimeMs: number; readonly mode: number } | undefined;
  /** What the file may take of a quota; absent where there are none. */
  readonly quota?: UploadQuota | undefined;
  /** Its part of the free space, which `release` gives back; absent where nobody shares that. */
  readonly room?: Room | undefined;
  /** Folder of the target, flushed after the rename. */
  readonly syncFolder: () => Promise<void>;
  /** Lets go of what was held for this file. */
  readonly release: () => Promise<void>;
  /** Last look before the file is put in place; throws when it may not be. */
  readonly recheck: () => Promise<void>;
  readonly wrapError: (error: unknown) => LftpError;
}

/** Unfinished files of this process, for an exit that has no time left. */
const stagedPaths = new Map<string, FileSystem>();

let isExitWatched = false;

/** Whatever ends the process, short of a kill, leaves nothing behind. */
function watchExit(): void {
  if (isExitWatched) return;
  isExitWatched = true;
  process.on('exit', removeStagedNow);
}

/** Removes every unfinished file at once; for the last moment before the process ends. */
export function removeStagedNow(): void {
  for (const [path, fileSystem] of stagedPaths) {
    try {
      fileSystem.unlinkNow(path);
    } catch {
      // Already gone, or beyond our reach: there is nobody left to tell.
    }
  }
  stagedPaths.clear();
}

export class StagedFile implements FileSink {
  readonly runBytes = FILE_RUN_BYTES;
  private readonly handle: OpenHandle;
  private readonly options: StagedOptions;
  private isSettled = false;
  private underWay = Promise.resolve();

  private constructor(handle: OpenHandle, options: StagedOptions) {
    this.handle = handle;
    this.options = options;
  }

  static async create(options: StagedOptions): Promise<StagedFile> {
    watchExit();
    const { fileSystem, stagedPath } = options;
    stagedPaths.set(stagedPath, fileSystem);
    try {
      const handle = await fileSystem.open(stagedPath, 'create');
      return new StagedFile(handle, options);
    } catch (error) {
      stagedPaths.delete(stagedPath);
      options.quota?.release();
      await options.release().catch(() => undefined);
      throw options.wrapError(error);
    }
  }

  /** The same with a file that is there already and is gone on with. */
  static async reopen(options: StagedOptions): Promise<StagedFile> {
    try {
      const handle = await options.fileSystem.open(options.stagedPath, 'update');
      return new StagedFile(handle, options);
    } catch (error) {
      await options.release().catch(() => undefined);
      throw options.wrapError(error);
    }
  }

  /** Reads of a file that was reopened; 0 at its end. */
  async read(buffer: Uint8Array, lengthBytes: number, position: number): Promise<number> {
    try {
      return (await this.handle.read(buffer, 0, lengthBytes, position)).bytesRead;
    } catch (error) {
      throw this.options.wrapError(error);
    }
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    try {
      const { quota, room } = this.options;
      await quota?.holds(position + bytes.length);
      const claimedBytes = (await room?.claim(bytes.length)) ?? 0;
      let done = 0;
      while (done < bytes.length) {
        const left = bytes.length - done;
        const result = await this.handle.write(bytes, done, left, position + done);
        done += result.bytesWritten;
      }
      room?.wrote(claimedBytes);
    } catch (error) {
      throw this.options.wrapError(error);
    }
  }

  /** Flushes what is written. After a failure nothing of this file may be believed any more. */
  async flush(): Promise<void> {
    try {
      await this.handle.datasync();
    } catch (error) {
      throw this.options.wrapError(error);
    }
  }

  /** From here on the unfinished file stays when the process ends. */
  outliveProcess(): void {
    stagedPaths.delete(this.options.stagedPath);
  }

  /** Lets go of the unfinished file and leaves it. Never rejects. */
  async leave(): Promise<void> {
    if (this.isSettled) return;
    this.settle();
    await this.letGo();
  }

  async commit(): Promise<void> {
    const { options } = this;
    try {
      await this.finishContent(true);
      await options.recheck();
      await this.place();
    } catch (error) {
      await this.discard();
      throw options.wrapError(error);
    }
    this.settle();
    try {
      await options.syncFolder();
    } catch (error) {
      throw options.wrapError(error);
    } finally {
      await this.letGo();
    }
  }

  /**
   * The first half of a commit by groups: the content is whole, and nothing of it is held open.
   * @param isFlushed false when whoever commits the group flushes all of it
   */
  async seal(isFlushed: boolean): Promise<void> {
    try {
      await this.finishContent(isFlushed);
      await this.handle.close();
    } catch (error) {
      await this.discard();
      throw this.options.wrapError(error);
    }
  }

  /** The second half, after the flush: the file gets its name, which is for others to flush. */
  async putInPlace(): Promise<void> {
    try {
      await this.options.recheck();
      await this.place();
      this.settle();
    } catch (error) {
      throw this.options.wrapError(error);
    }
    await this.options.release();
  }

  private async finishContent(isFlushed: boolean): Promise<void> {
    const { keep } = this.options;
    if (keep !== undefined) {
      // P-SVC-15: nothing that arrives may run as somebody else.
      await this.handle.chmod(keep.mode & 0o777);
      await this.handle.utimes(keep.mtimeMs / 1000, keep.mtimeMs / 1000);
    }
    if (isFlushed) await this.handle.sync();
  }

  private settle(): void {
    this.isSettled = true;
    stagedPaths.delete(this.options.stagedPath);
  }

  private async place(): Promise<void> {
    const { quota, fileSystem, stagedPath } = this.options;
    if (quota === undefined) {
      await this.giveName();
      return;
    }
    const sizeBytes = async (): Promise<number> => (await fileSystem.lstat(stagedPath)).size;
    await quota.settle(sizeBytes, () => this.giveName());
  }

  /** A link fails if the name is taken, a rename replaces it, each in one step (P-SVC-13). */
  private async giveName(): Promise<void> {
    const { fileSystem, stagedPath, targetPath, mustNotExist } = this.options;
    if (!mustNotExist) {
      await fileSystem.rename(stagedPath, targetPath);
      return;
    }
    await fileSystem.link(stagedPath, targetPath);
    // Without its old name the file must have the new one, also after a power cut.
    await this.options.syncFolder();
    // The file has its name; what stays of the other one is swept up some day.
    await fileSystem.unlink(stagedPath).catch(() => undefined);
  }

  async discard(): Promise<void> {
    if (!this.isSettled) {
      this.isSettled = true;
      this.underWay = this.remove();
    }
    await this.underWay;
  }

  private async remove(): Promise<void> {
    const { fileSystem, stagedPath } = this.options;
    await fileSystem.unlink(stagedPath).catch(() => undefined);
    stagedPaths.delete(stagedPath);
    await this.letGo();
  }

  private async letGo(): Promise<void> {
    this.options.quota?.release();
    await this.handle.close().catch(() => undefined);
    await this.options.release().catch(() => undefined);
  }
}
