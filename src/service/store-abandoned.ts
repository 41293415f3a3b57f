/**
 * Unfinished uploads of a server that was killed: nobody goes on with them or has removed them.
 *
 * Another server may serve the same folder, on another machine even, so a name tells nothing about
 * who still writes. Age does: what nobody wrote to for a day is no upload that somebody waits for.
 */
import type { FileStats } from './file-system.ts';
import { ABANDONED_AFTER_MS } from './limits.ts';
import type { Folder } from './store-walk.ts';

/** What `createUpload` calls its files; whatever else lies there is somebody's own. */
const STAGED_NAME = /^[0-9a-f]{32}$/;

/**
 * Removes unfinished uploads that nobody wrote to for a day; tells how many.
 * @param nowMs ms since 1970
 * @param kept names of those that may be gone on with
 */
export async function removeAbandoned(
  partial: Folder,
  nowMs: number,
  kept: ReadonlySet<string>,
): Promise<number> {
  const { fileSystem } = partial;
  let removed = 0;
  // A folder that cannot be read is no reason not to serve.
  const names = await fileSystem.readdir(partial.entry('.')).catch(() => []);
  for (const name of names) {
    if (!STAGED_NAME.test(name) || kept.has(name)) continue;
    const path = partial.entry(name);
    try {
      if (!isAbandoned(await fileSystem.lstat(path), nowMs)) continue;
      await fileSystem.unlink(path);
      removed += 1;
    } catch {
      // Finished or removed by its own server meanwhile, or not ours to remove: it stays.
    }
  }
  return removed;
}

function isAbandoned(stats: FileStats, nowMs: number): boolean {
  return stats.isFile() && nowMs - stats.mtimeMs > ABANDONED_AFTER_MS;
}
