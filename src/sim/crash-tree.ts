/** The nodes of a crash disk and the ways to them: paths, handles, names. */
import { assert } from '../util/assert.ts';
import type { Random } from '../util/random.ts';
import { DiskError } from './crash-fault.ts';
import type { CrashFile } from './crash-file.ts';
import type { Damage, Meta } from './crash-file.ts';
import { CrashFolder, NameLog } from './crash-names.ts';
import type { Kept } from './crash-names.ts';

export type CrashNode = CrashFile | CrashFolder;

/** Something that is open. */
export interface Held {
  readonly node: CrashNode;
  /** Losses that were known when it was opened, or told since. */
  fileErrors: number;
  diskErrors: number;
}

export interface Place {
  readonly folder: CrashFolder;
  readonly name: string;
}

const ROOT_ID = 1;

export class CrashTree {
  readonly names = new NameLog();
  readonly handles = new Map<number, Held>();
  /** Nodes stay here when nobody can reach them: the disk may still have their old names. */
  private readonly nodes = new Map<number, CrashNode>();
  private readonly root: CrashFolder;
  private lastId = ROOT_ID;
  private lastHandle = 2;

  constructor(root: CrashFolder) {
    this.root = root;
    root.links = 1;
    this.nodes.set(root.id, root);
  }

  static empty(meta: Meta): CrashTree {
    return new CrashTree(new CrashFolder(ROOT_ID, meta));
  }

  /** What a power cut leaves. */
  afterCrash(random: Random, damage: Damage, kept: Kept): CrashTree {
    const names = this.names.afterCrash(random, kept);
    const copyOf = (folder: CrashFolder): CrashFolder => {
      const meta = damage !== 'dropped' && random.chance(0.5) ? folder.meta : folder.durableMeta;
      return new CrashFolder(folder.id, meta, names.get(folder) ?? folder.durable);
    };
    const next = new CrashTree(copyOf(this.root));
    const copy = (id: number): void => {
      const known = next.nodes.get(id);
      if (known !== undefined) known.links += 1;
      if (known !== undefined) return;
      const node = this.nodes.get(id);
      assert(node !== undefined, 'a name of nothing');
      const after = node.kind === 'file' ? node.afterCrash(random, damage) : copyOf(node);
      after.links = 1;
      next.nodes.set(id, after);
      if (after.kind === 'folder') for (const child of after.live.values()) copy(child);
    };
    for (const child of next.root.live.values()) copy(child);
    next.lastId = this.lastId;
    return next;
  }

  *files(): Generator<CrashFile> {
    for (const node of this.nodes.values()) if (node.kind === 'file') yield node;
  }

  *folders(): Generator<CrashFolder> {
    for (const node of this.nodes.values()) if (node.kind === 'folder') yield node;
  }

  /** Every file by its path. */
  listing(): Map<string, CrashFile> {
    const found = new Map<string, CrashFile>();
    const visit = (folder: CrashFolder, path: string): void => {
      for (const [name, id] of folder.live) {
        const node = this.node(id);
        if (node.kind === 'folder') visit(node, `${path}/${name}`);
        else found.set(`${path}/${name}`, node);
      }
    };
    visit(this.root, '');
    return found;
  }

  /** @throws DiskError ENOENT, ENOTDIR, EBADF */
  nodeAt(path: string): CrashNode {
    const [begin = '', ...names] = path.split('/');
    let node: CrashNode = begin === '' ? this.root : this.held(Number(begin.slice(1))).node;
    for (const name of names) {
      if (name === '') continue;
      if (node.kind !== 'folder') throw new DiskError('ENOTDIR', path);
      if (name === '.') continue;
      const id = node.live.get(name);
      if (id === undefined) throw new DiskError('ENOENT', path);
      node = this.node(id);
    }
    return node;
  }

  /** Folder and last name of a path. @throws DiskError ENOENT, ENOTDIR, EBADF */
  placeOf(path: string): Place {
    const at = path.lastIndexOf('/');
    const folder = this.nodeAt(path.slice(0, at));
    if (folder.kind !== 'folder') throw new DiskError('ENOTDIR', path);
    // Nothing can be put into a folder that was removed.
    if (folder.links === 0) throw new DiskError('ENOENT', path);
    return { folder, name: path.slice(at + 1) };
  }

  /** @throws DiskError EEXIST besides */
  freePlace(path: string): Place {
    const place = this.placeOf(path);
    if (place.folder.live.has(place.name)) throw new DiskError('EEXIST', path);
    return place;
  }

  nodeIn({ folder, name }: Place): CrashNode | undefined {
    const id = folder.live.get(name);
    return id === undefined ? undefined : this.node(id);
  }

  nextId(): number {
    this.lastId += 1;
    return this.lastId;
  }

  add(node: CrashNode, { folder, name }: Place): void {
    node.links = 1;
    this.nodes.set(node.id, node);
    this.names.change([{ folder, name, node: node.id }]);
  }

  /** @param diskErrors losses anywhere so far */
  hold(node: CrashNode, diskErrors: number): number {
    this.lastHandle += 1;
    node.holders += 1;
    const fileErrors = node.kind === 'file' ? node.errors : 0;
    this.handles.set(this.lastHandle, { node, fileErrors, diskErrors });
    return this.lastHandle;
  }

  held(fd: number): Held {
    const held = this.handles.get(fd);
    if (held === undefined) throw new DiskError('EBADF', String(fd));
    return held;
  }

  private node(id: number): CrashNode {
    const node = this.nodes.get(id);
    assert(node !== undefined, 'a name of nothing');
    return node;
  }
}

/** @throws DiskError when `node` may not take the place of `replaced` */
export function requireReplaceable(node: CrashNode, replaced: CrashNode, path: string): void {
  if (replaced.kind === 'folder') {
    if (node.kind === 'file') throw new DiskError('EISDIR', path);
    if (replaced.live.size > 0) throw new DiskError('ENOTEMPTY', path);
  } else if (node.kind === 'folder') {
    throw new DiskError('ENOTDIR', path);
  }
}
