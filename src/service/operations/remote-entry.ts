/** What is known of one name on the server, on its way there and here. */
import type { FileStats } from '../file-system.ts';
import { ENTRY_KINDS } from './operation-types.ts';
import type { EntryKind, WireEntry } from './operation-types.ts';

export interface RemoteEntry {
  readonly name: string;
  readonly kind: EntryKind;
  readonly sizeBytes: number;
  /** ms since 1970 */
  readonly mtimeMs: number;
  /** Permission bits, 0o777 at most. */
  readonly mode: number;
}

/** What a listing can be ordered by. */
export const ENTRY_ORDERS = ['name', 'size', 'time'] as const;
export type EntryOrder = (typeof ENTRY_ORDERS)[number];

export function wireEntryOf(name: string, stats: FileStats): WireEntry {
  return [name, ENTRY_KINDS.indexOf(kindOf(stats)), stats.size, stats.mtimeMs, stats.mode & 0o777];
}

export function remoteEntry([name, kind, sizeBytes, mtimeMs, mode]: WireEntry): RemoteEntry {
  const kindName = ENTRY_KINDS[kind] ?? 'special';
  return { name, kind: kindName, sizeBytes, mtimeMs, mode: mode & 0o777 };
}

function kindOf(stats: FileStats): EntryKind {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  return stats.isSymbolicLink() ? 'link' : 'special';
}

/** By name upwards, by size or time the largest and newest first; `isReversed` turns that round. */
export function sortEntries(
  entries: readonly RemoteEntry[],
  order: EntryOrder,
  isReversed: boolean,
): RemoteEntry[] {
  const sign = isReversed ? -1 : 1;
  const byName = (a: RemoteEntry, b: RemoteEntry): number =>
    a.name < b.name ? -1 : Number(a.name > b.name);
  const compare = (a: RemoteEntry, b: RemoteEntry): number => {
    if (order === 'size') return b.sizeBytes - a.sizeBytes || byName(a, b);
    return order === 'time' ? b.mtimeMs - a.mtimeMs || byName(a, b) : byName(a, b);
  };
  return [...entries].sort((a, b) => sign * compare(a, b));
}
