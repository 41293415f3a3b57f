/** What lies in a home, by looking: regular files and their bytes, links and our own folder not. */
import { systemCode } from '../error.ts';
import { PRIVATE_NAME } from '../path.ts';
import type { RemotePath } from '../path.ts';
import { type Folder, walk } from '../store-walk.ts';
import type { Usage } from './quota-ledger.ts';

/** Names read from a folder at once, and looked at together. */
const NAMES_AT_ONCE = 64;

/** @throws the system's error when a folder cannot be read */
export async function countFiles(root: Folder, home: RemotePath): Promise<Usage> {
  const folder = await openOrNone(() => walk(root, home));
  if (folder === undefined) return { bytes: 0, files: 0 };
  const total = { bytes: 0, files: 0 };
  try {
    await countFolder(folder, total);
  } finally {
    await folder.close();
  }
  return total;
}

async function countFolder(folder: Folder, total: { bytes: number; files: number }): Promise<void> {
  const names = await folder.fileSystem.openNames(folder.entry('.'), NAMES_AT_ONCE);
  const folders: string[] = [];
  try {
    for (let isMore = true; isMore;) {
      const files: string[] = [];
      while (isMore && files.length < NAMES_AT_ONCE) {
        const entry = await names.read();
        isMore = entry !== null;
        if (entry?.isFile() === true) files.push(entry.name);
        else if (entry?.isDirectory() === true) folders.push(entry.name);
      }
      const found = await Promise.all(files.map((name) => folder.stat(name)));
      for (const stats of found) {
        if (stats?.isFile() !== true) continue;
        total.bytes += stats.size;
        total.files += 1;
      }
    }
  } finally {
    await names.close().catch(() => undefined);
  }
  for (const name of folders) {
    if (name.toLowerCase() === PRIVATE_NAME) continue;
    const inner = await openOrNone(() => folder.openFolder(name));
    if (inner === undefined) continue;
    try {
      await countFolder(inner, total);
    } finally {
      await inner.close();
    }
  }
}

/** What went away since it was listed is not there. */
async function openOrNone(open: () => Promise<Folder>): Promise<Folder | undefined> {
  try {
    return await open();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
