/** Where the journal of a transfer lies; looked at before anything of resuming is loaded. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** One journal for each pair of files: whoever runs the same command finds it. */
export function journalPathOf(
  folder: string,
  kind: 'get' | 'post',
  remote: string,
  local: string,
): string {
  const key = createHash('sha256')
    .update(JSON.stringify([kind, remote, local]))
    .digest('hex');
  return join(folder, `${key.slice(0, 32)}.journal`);
}

export function hasJournal(path: string): boolean {
  return existsSync(path);
}
