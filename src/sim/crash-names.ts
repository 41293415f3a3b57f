/**
 * Names on the crash disk: what programs see in a folder, and which of the changes since would
 * outlive a power cut. A flush of a folder makes its own changes durable and no others. The two
 * halves of a rename come together, as every journalling file system has it.
 */
import type { Random } from '../util/random.ts';
import type { Meta } from './crash-file.ts';

export class CrashFolder {
  readonly kind = 'folder';
  readonly id: number;
  /** Whether it has a name, and handles that hold it. */
  links = 0;
  holders = 0;
  meta: Meta;
  durableMeta: Meta;
  readonly live: Map<string, number>;
  durable: ReadonlyMap<string, number>;

  constructor(id: number, meta: Meta, names: ReadonlyMap<string, number> = new Map()) {
    this.id = id;
    this.meta = meta;
    this.durableMeta = meta;
    this.live = new Map(names);
    this.durable = names;
  }
}

interface Change {
  readonly folder: CrashFolder;
  readonly name: string;
  /** Undefined when the name goes. */
  readonly node: number | undefined;
  /** Changes of one call have the same number: they are kept or lost together. */
  readonly call: number;
}

/** How many changes of names a power cut leaves: none, the first ones, or any. */
export type Kept = 'none' | 'first' | 'any';

/** The changes that are not flushed, in their order. */
export class NameLog {
  private pending: Change[] = [];
  private calls = 0;

  /** Changes names in one step, for whoever looks; on the disk, later. */
  change(changes: readonly Omit<Change, 'call'>[]): void {
    this.calls += 1;
    for (const change of changes) {
      const { folder, name, node } = change;
      if (node === undefined) folder.live.delete(name);
      else folder.live.set(name, node);
      this.pending.push({ ...change, call: this.calls });
    }
  }

  flush(folder: CrashFolder): void {
    const calls = new Set<number>();
    for (const change of this.pending) if (change.folder === folder) calls.add(change.call);
    const durable = applied(this.pending.filter(({ call }) => calls.has(call)));
    for (const [other, names] of durable) other.durable = names;
    folder.durable = new Map(folder.live);
    folder.durableMeta = folder.meta;
    // What was changed again since is no longer to be written.
    this.pending = this.pending.filter((change, index) => {
      if (change.folder === folder || calls.has(change.call)) return false;
      return !this.pending.some(
        (later, at) =>
          at > index &&
          calls.has(later.call) &&
          later.folder === change.folder &&
          later.name === change.name,
      );
    });
  }

  flushAll(folders: Iterable<CrashFolder>): void {
    for (const folder of folders) {
      folder.durable = new Map(folder.live);
      folder.durableMeta = folder.meta;
    }
    this.pending = [];
  }

  /** Names that each changed folder has after a power cut; others have their durable ones. */
  afterCrash(random: Random, kept: Kept): Map<CrashFolder, ReadonlyMap<string, number>> {
    const calls = [...new Set(this.pending.map(({ call }) => call))];
    const first = random.integer(0, calls.length);
    const isKept = new Set(
      calls.filter((_, index) => {
        if (kept === 'none') return false;
        return kept === 'first' ? index < first : random.chance(0.5);
      }),
    );
    return applied(this.pending.filter(({ call }) => isKept.has(call)));
  }
}

function applied(changes: readonly Change[]): Map<CrashFolder, ReadonlyMap<string, number>> {
  const result = new Map<CrashFolder, Map<string, number>>();
  for (const { folder, name, node } of changes) {
    const names = result.get(folder) ?? new Map(folder.durable);
    result.set(folder, names);
    if (node === undefined) names.delete(name);
    else names.set(name, node);
  }
  return result;
}
