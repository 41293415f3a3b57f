/** An open regular file as the source of a transfer. */
import type { LftpError } from './error.ts';
import type { FileSource } from './file-ends.ts';
import type { FileStats, FileSystem, OpenHandle } from './file-system.ts';
import { FILE_READS_AHEAD } from './limits.ts';

/**
 * What `handle` is open on; when even that fails, the handle is closed. What is open lies in
 * memory: asking in line costs a tenth of a turn of the thread pool, which small files would feel.
 */
export async function statOf(
  fileSystem: Pick<FileSystem, 'statNow'>,
  handle: OpenHandle,
): Promise<FileStats> {
  try {
    return fileSystem.statNow(handle);
  } catch (error) {
    await handle.close().catch(() => undefined);
    throw error;
  }
}

export class OpenFile implements FileSource {
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly mode: number;
  readonly concurrentReads = FILE_READS_AHEAD;
  private readonly fileSystem: FileSystem;
  private readonly handle: OpenHandle;
  private readonly wrapError: (error: unknown) => LftpError;
  private readonly onClose: () => void;

  constructor(
    fileSystem: FileSystem,
    handle: OpenHandle,
    stats: FileStats,
    wrapError: (error: unknown) => LftpError,
    onClose: () => void = () => undefined,
  ) {
    this.fileSystem = fileSystem;
    this.handle = handle;
    this.sizeBytes = stats.size;
    this.mtimeMs = stats.mtimeMs;
    this.mode = stats.mode & 0o777;
    this.wrapError = wrapError;
    this.onClose = onClose;
  }

  async read(buffer: Uint8Array, lengthBytes: number, position: number): Promise<number> {
    try {
      return (await this.handle.read(buffer, 0, lengthBytes, position)).bytesRead;
    } catch (error) {
      throw this.wrapError(error);
    }
  }

  isUnchanged(): Promise<boolean> {
    const now = this.fileSystem.statNow(this.handle);
    return Promise.resolve(now.size === this.sizeBytes && now.mtimeMs === this.mtimeMs);
  }

  async close(): Promise<void> {
    await this.handle.close().catch(() => undefined);
    this.onClose();
  }
}
