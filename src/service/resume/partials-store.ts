/** What a client's journals tell of transfers that broke off. */
import { dirname, join } from 'node:path';
import type { FileSystem } from '../file-system.ts';
import type { Environment } from '../identity/data-folders.ts';
import { clientStateFolder } from '../identity/data-folders.ts';
import { nodeFileSystem } from '../store-file-system.ts';
import { isHeldElsewhere, readJournal } from './journal-store.ts';
import type { JournalEntry } from './journal-store.ts';

/** A transfer that can be gone on with. */
export interface Partial {
  readonly journalPath: string;
  readonly entry: JournalEntry;
  /** Some process works on it just now. */
  readonly isRunning: boolean;
}

export async function listPartials(
  environment: Environment,
  fileSystem: FileSystem = nodeFileSystem,
): Promise<Partial[]> {
  const folder = clientStateFolder(environment);
  const names = await fileSystem.readdir(folder).catch(() => []);
  const found: Partial[] = [];
  for (const name of names.filter((entry) => entry.endsWith('.journal')).sort()) {
    const journalPath = join(folder, name);
    const entry = await readJournal(fileSystem, journalPath);
    if (entry === undefined || entry.kind === 'upload') continue;
    found.push({ journalPath, entry, isRunning: isHeldElsewhere(entry.holder) });
  }
  return found;
}

/** Removes the unfinished file and the journal; a file that is sent stays. Never rejects. */
export async function removePartial(
  { journalPath, entry }: Partial,
  fileSystem: FileSystem = nodeFileSystem,
): Promise<void> {
  const isPart = /^\.[^/]*\.[0-9a-f]{8}\.lftp-part$/.test(entry.part);
  if (isPart) {
    await fileSystem.unlink(join(dirname(entry.local), entry.part)).catch(() => undefined);
  }
  await fileSystem.unlink(journalPath).catch(() => undefined);
}
