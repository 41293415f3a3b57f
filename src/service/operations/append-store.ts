/**
 * A `post` that goes on where a file ends (P-OP-08). What is there is copied first and put in
 * place together with what comes: nobody ever finds the file with half of it.
 */
import type { Store, Upload } from '../store.ts';
import { EXIT, LftpError } from '../error.ts';
import type { FileSink } from '../file-ends.ts';
import type { FileStats } from '../file-system.ts';
import { FILE_RUN_BYTES } from '../limits.ts';
import { pathText } from '../path.ts';
import type { RemotePath } from '../path.ts';
import type { OpenFile } from '../store-source.ts';
import { inFolderOf } from './place-store.ts';

export interface Appending {
  readonly path: RemotePath;
  /** Bytes that come, or null when only the end tells. */
  readonly sizeBytes: number | null;
  /** ms since 1970 */
  readonly nowMs: number;
}

/** Where what comes is put, and what it will be called. */
export interface UploadPlace {
  readonly file: FileSink;
  readonly path: RemotePath;
}

/** @throws LftpError 4, 10, 11, 15, 18, 21 */
export async function openAppend(store: Store, appending: Appending): Promise<UploadPlace> {
  const { path, sizeBytes, nowMs } = appending;
  const found = await lookAt(store, path);
  const source = found === undefined ? undefined : await store.openForRead(path);
  try {
    const heldBytes = source?.sizeBytes ?? 0;
    const upload = await store.createUpload({
      path,
      name: undefined,
      sizeBytes: sizeBytes === null ? null : heldBytes + sizeBytes,
      overwrite: source === undefined ? 'never' : 'always',
      mtimeMs: nowMs,
      keepMode: source?.mode,
    });
    try {
      if (source !== undefined) await copy(source, upload.file);
    } catch (error) {
      await upload.file.discard();
      throw error;
    }
    const recheck = async (): Promise<void> => {
      if (!isSame(found, await lookAt(store, path))) throw changedError(path);
    };
    return { file: new AppendSink(upload, heldBytes, recheck), path: upload.path };
  } finally {
    await source?.close();
  }
}

/** What has the name now. */
async function lookAt(store: Store, path: RemotePath): Promise<FileStats | undefined> {
  return await inFolderOf(store, path, (folder, name) => folder.stat(name));
}

function isSame(before: FileStats | undefined, now: FileStats | undefined): boolean {
  if (before === undefined || now === undefined) return before === now;
  return before.ino === now.ino && before.size === now.size && before.mtimeMs === now.mtimeMs;
}

async function copy(source: OpenFile, target: FileSink): Promise<void> {
  const buffer = new Uint8Array(FILE_RUN_BYTES);
  for (let position = 0; position < source.sizeBytes;) {
    const bytes = await source.read(buffer, buffer.length, position);
    if (bytes === 0) return;
    await target.write(buffer.subarray(0, bytes), position);
    position += bytes;
  }
}

class AppendSink implements FileSink {
  readonly runBytes = FILE_RUN_BYTES;
  private readonly upload: Upload;
  private readonly heldBytes: number;
  private readonly recheck: () => Promise<void>;

  constructor(upload: Upload, heldBytes: number, recheck: () => Promise<void>) {
    this.upload = upload;
    this.heldBytes = heldBytes;
    this.recheck = recheck;
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    await this.upload.file.write(bytes, this.heldBytes + position);
  }

  async commit(): Promise<void> {
    await this.recheck();
    await this.upload.file.commit();
  }

  async discard(): Promise<void> {
    await this.upload.file.discard();
  }
}

function changedError(path: RemotePath): LftpError {
  return new LftpError(EXIT.SOURCE_CHANGED, 'local', 'somebody else changed the file meanwhile', {
    path: pathText(path),
    hint: 'Nothing was appended. Try again.',
  });
}
