/** A file of a tree that is read ahead of the network: whole if it is small, else only opened. */
import { createDigest } from '../../io/digest.ts';
import { EXIT, LftpError, systemCode } from '../error.ts';
import { SMALL_FILE_BYTES } from '../limits.ts';
import { pathText } from '../path.ts';
import type { RemotePath } from '../path.ts';
import { OpenFile, statOf } from '../store-source.ts';
import type { SharedFolder } from './shared-folder.ts';
import type { TreeView } from './tree-walk-store.ts';

export interface SmallFile {
  readonly kind: 'small';
  readonly file: Pick<OpenFile, 'sizeBytes' | 'mtimeMs' | 'mode'>;
  readonly content: Uint8Array;
  readonly digest: Uint8Array;
}

export type ReadFile =
  | SmallFile
  /** Whoever gets it closes it. */
  | { readonly kind: 'large'; readonly file: OpenFile }
  /** It is no regular file any more. */
  | { readonly kind: 'special' }
  | { readonly kind: 'failed'; readonly error: LftpError };

/** Releases `folder`; never rejects. */
export async function readAhead(
  view: TreeView,
  folder: SharedFolder,
  path: RemotePath,
): Promise<ReadFile> {
  const shown = pathText([...view.base, ...path]);
  const wrap = (error: unknown): LftpError => view.wrapError(error, shown);
  try {
    const file = await openFile(folder, path.at(-1) ?? '', wrap);
    if (file === undefined) return { kind: 'special' };
    if (file.sizeBytes > SMALL_FILE_BYTES) return { kind: 'large', file };
    try {
      return await readSmall(file);
    } finally {
      await file.close();
    }
  } catch (error) {
    // A socket cannot even be opened.
    if (systemCode(error) === 'ENXIO') return { kind: 'special' };
    return { kind: 'failed', error: wrap(error) };
  } finally {
    await folder.release();
  }
}

async function openFile(
  folder: SharedFolder,
  name: string,
  wrap: (error: unknown) => LftpError,
): Promise<OpenFile | undefined> {
  const { fileSystem } = folder.folder;
  const handle = await folder.folder.openFile(name);
  const stats = await statOf(fileSystem, handle);
  if (stats.isFile()) return new OpenFile(fileSystem, handle, stats, wrap);
  await handle.close();
  return undefined;
}

async function readSmall(file: OpenFile): Promise<SmallFile> {
  const { sizeBytes, mtimeMs, mode } = file;
  const content = Buffer.allocUnsafe(sizeBytes);
  for (let at = 0; at < sizeBytes;) {
    const got = await file.read(content.subarray(at), sizeBytes - at, at);
    if (got === 0) throw changedFileError();
    at += got;
  }
  if (!(await file.isUnchanged())) throw changedFileError();
  const digest = await createDigest();
  digest.update(content);
  return { kind: 'small', file: { sizeBytes, mtimeMs, mode }, content, digest: digest.digest() };
}

export function changedFileError(): LftpError {
  return new LftpError(EXIT.SOURCE_CHANGED, 'local', 'the file changed while it was being read', {
    hint: 'Send it again once nothing writes to it.',
  });
}
