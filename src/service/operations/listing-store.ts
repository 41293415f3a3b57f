/**
 * Pages of a folder, in the order of its names (P-OP-02).
 *
 * Any page can be asked for by the name before it: the folder is read anew then. What a page
 * leaves is kept for the next, since that comes as a rule. Only names are kept, and not more of
 * them than MAX_HELD_NAMES, however many there are.
 */
import { MAX_HELD_NAMES } from '../limits.ts';
import { componentFault } from '../path.ts';
import type { RemotePath } from '../path.ts';
import { refusal } from '../rights.ts';
import type { Folder } from '../store-walk.ts';
import type { EntriesAnswer, ListRequest, WireEntry } from './operation-types.ts';
import { inFolder, inFolderOf, missing } from './place-store.ts';
import type { OperationView } from './place-store.ts';
import { wireEntryOf } from './remote-entry.ts';

/** Bytes of the entries of one page; the rest of a message is for what stands around them. */
const PAGE_BYTES = 15_800;

/** What an entry costs besides its name. */
const ENTRY_BYTES = 34;

/** Entries looked at together. */
const LOOKS_AT_ONCE = 32;

/** Names read from a folder at once. */
const NAMES_AT_ONCE = 128;

interface Names {
  /** Of which folder, and whether with those that begin with a dot. */
  readonly key: string;
  /** Sorted, all behind `after`. */
  readonly names: readonly string[];
  readonly after: string;
  /** Whether the folder has no further ones. */
  readonly isAll: boolean;
}

const keyOf = ({ path, hidden }: ListRequest): string => JSON.stringify([path, hidden]);

/** The listings of one session. */
export class Listings {
  private held: Names | undefined;

  /** Names that wait for their page. */
  get heldNames(): number {
    return this.held?.names.length ?? 0;
  }

  /** @throws LftpError 4, 10, 15, 21 */
  async page(view: OperationView, request: ListRequest): Promise<EntriesAnswer> {
    const { path, id: re } = request;
    const refused = refusal(view.owner, 'list', path);
    if (refused !== undefined) throw refused;
    const single = await singleEntry(view, path);
    if (single !== undefined) return { kind: 'entries', re, entries: [single] };
    return await inFolder(view, path, (folder) => this.pageOf(folder, request));
  }

  private async pageOf(folder: Folder, request: ListRequest): Promise<EntriesAnswer> {
    const found = this.take(request) ?? (await readNames(folder, request));
    const { entries, used } = await entriesOf(folder, found.names);
    const after = found.names[used - 1] ?? found.after;
    const rest = found.names.slice(used);
    const isLast = rest.length === 0 && found.isAll;
    this.held = rest.length === 0 ? undefined : { ...found, names: rest, after };
    const answer = { kind: 'entries', re: request.id, entries } as const;
    return isLast ? answer : { ...answer, next: after };
  }

  /** What was kept, if it is what is asked for. */
  private take(request: ListRequest): Names | undefined {
    const { held } = this;
    this.held = undefined;
    const isNext = held?.key === keyOf(request) && held.after === request.after;
    return isNext ? held : undefined;
  }
}

/** What `path` names when that is no folder. */
async function singleEntry(view: OperationView, path: RemotePath): Promise<WireEntry | undefined> {
  if (path.length === 0) return undefined;
  return await inFolderOf(view, path, async (folder, name) => {
    const stats = await folder.stat(name);
    if (stats === undefined) throw missing();
    return stats.isDirectory() ? undefined : wireEntryOf(name, stats);
  });
}

/** The first names behind `after`, as many as may be held. */
async function readNames(folder: Folder, request: ListRequest): Promise<Names> {
  const { after = '', hidden } = request;
  const found: string[] = [];
  let isAll = true;
  const keepFirst = (): void => {
    found.sort();
    if (found.length <= MAX_HELD_NAMES) return;
    found.length = MAX_HELD_NAMES;
    isAll = false;
  };
  const names = await folder.fileSystem.openNames(folder.entry('.'), NAMES_AT_ONCE);
  try {
    for (let next = await names.read(); next !== null; next = await names.read()) {
      const { name } = next;
      if (name <= after || !isShown(name, hidden)) continue;
      found.push(name);
      if (found.length >= 2 * MAX_HELD_NAMES) keepFirst();
    }
  } finally {
    // Read to its end, it may have closed itself.
    await names.close().catch(() => undefined);
  }
  keepFirst();
  return { key: keyOf(request), names: found, after, isAll };
}

/** A name that no path may hold cannot be asked for either, so it is not told. */
function isShown(name: string, hidden: boolean): boolean {
  return componentFault(name) === undefined && (hidden || !name.startsWith('.'));
}

/** As many entries as a page holds; names that are gone by now are passed over. */
async function entriesOf(
  folder: Folder,
  names: readonly string[],
): Promise<{ readonly entries: readonly WireEntry[]; readonly used: number }> {
  const entries: WireEntry[] = [];
  let bytes = 0;
  let used = 0;
  while (used < names.length) {
    const some = names.slice(used, used + LOOKS_AT_ONCE);
    const looks = await Promise.all(some.map((name) => folder.stat(name)));
    for (const [index, name] of some.entries()) {
      const cost = ENTRY_BYTES + Buffer.byteLength(name);
      if (bytes + cost > PAGE_BYTES) return { entries, used };
      used += 1;
      const stats = looks[index];
      if (stats === undefined) continue;
      bytes += cost;
      entries.push(wireEntryOf(name, stats));
    }
  }
  return { entries, used };
}
