/**
 * How a group of files gets to the disk: by one call for the whole file system where there is one,
 * else file by file as each is written, and folder by folder.
 */
import type { FlushFileSystem } from '../../io/file-system-flush.ts';
import { asError } from '../error.ts';
import type { SharedFolder } from './shared-folder.ts';

export class TreeFlush {
  private readonly root: SharedFolder;
  private readonly whole: FlushFileSystem | undefined;
  /** What the first flush that failed said. */
  private failure: Error | undefined;

  /** @param whole flushes a file system by any descriptor on it */
  constructor(root: SharedFolder, whole: FlushFileSystem | undefined) {
    this.root = root;
    this.whole = whole;
  }

  /** Whether each file in `folder` has to be flushed for itself. */
  isPerFile(folder: SharedFolder): boolean {
    return this.whole === undefined || folder.device !== this.root.device;
  }

  /** The content of all files of a group. @throws what the disk says */
  async content(): Promise<void> {
    await this.believe(() => this.flushWhole());
  }

  /** The names in all folders that a group changed. @throws what the disk says */
  async names(folders: Iterable<SharedFolder>): Promise<void> {
    await this.believe(async () => {
      await this.flushWhole();
      for (const folder of folders) {
        if (this.isPerFile(folder)) await folder.folder.handle.sync();
      }
    });
  }

  /**
   * After one failure no flush is believed (P-COMMIT-02): what it could not write is lost, also of
   * files that wait for the next one, or it was the name of a folder that later files are in.
   */
  private async believe(flush: () => Promise<void>): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    try {
      await flush();
    } catch (error) {
      this.failure = asError(error);
      throw error;
    }
  }

  private async flushWhole(): Promise<void> {
    await this.whole?.(this.root.folder.handle.fd);
  }
}
