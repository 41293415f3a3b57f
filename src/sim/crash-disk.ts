/**
 * A disk that forgets what was not flushed: calls as a file system has them, in line and without a
 * clock or chance of its own. After any call `afterCrash` gives the disk as a power cut might leave
 * it, by a seed; a `Fault` makes a certain call fail.
 *
 * Paths begin with `/` or, below what handle N holds, with `#N`. There are no symbolic links.
 */
import type { Random } from '../util/random.ts';
import { DiskError } from './crash-fault.ts';
import type { Call, Fault } from './crash-fault.ts';
import { CrashFile, PAGE_BYTES } from './crash-file.ts';
import type { Damage, Meta } from './crash-file.ts';
import { CrashFolder } from './crash-names.ts';
import type { Kept } from './crash-names.ts';
import { CrashTree, requireReplaceable } from './crash-tree.ts';
import type { CrashNode, Held } from './crash-tree.ts';

export interface CrashDiskOptions {
  readonly random: Random;
  /** Time of changes, ms since 1970. */
  readonly nowMs: number;
  readonly capacityBytes: number;
}

const FILE_MODE = 0o100000;
const FOLDER_MODE = 0o040000;
/** One write in so many takes less than it was given. */
const SHORT_WRITES = 16;

export class CrashDisk {
  nowMs: number;
  capacityBytes: number;
  fault: Fault | undefined;
  /** Told after every call, failed ones too. */
  onCall: ((call: Call) => void) | undefined;
  private readonly random: Random;
  private readonly tree: CrashTree;
  /** Losses so far, anywhere. */
  private errors = 0;

  constructor({ random, nowMs, capacityBytes }: CrashDiskOptions, tree?: CrashTree) {
    this.random = random;
    this.nowMs = nowMs;
    this.capacityBytes = capacityBytes;
    this.tree = tree ?? CrashTree.empty({ mode: FOLDER_MODE | 0o755, mtimeMs: nowMs });
  }

  get openHandles(): number {
    return this.tree.handles.size;
  }

  get usedBytes(): number {
    let bytes = 0;
    for (const { links, holders, spaceBytes } of this.tree.files()) {
      if (links + holders > 0) bytes += spaceBytes;
    }
    return bytes;
  }

  /** Every file by its path; no call. */
  files(): Map<string, CrashFile> {
    return this.tree.listing();
  }

  /** The disk after a power cut now; nothing is open. */
  afterCrash(random: Random, damage: Damage, kept: Kept): CrashDisk {
    const { nowMs, capacityBytes } = this;
    const tree = this.tree.afterCrash(random, damage, kept);
    return new CrashDisk({ random, nowMs, capacityBytes }, tree);
  }

  open(path: string, isFolder: boolean): number {
    return this.call('open', () => {
      const node = this.tree.nodeAt(path);
      if (isFolder && node.kind !== 'folder') throw new DiskError('ENOTDIR', path);
      return this.tree.hold(node, this.errors);
    });
  }

  create(path: string, mode: number): number {
    return this.call('create', () => {
      const place = this.tree.freePlace(path);
      const node = new CrashFile(this.tree.nextId(), this.metaOf(FILE_MODE | mode));
      this.tree.add(node, place);
      return this.tree.hold(node, this.errors);
    });
  }

  mkdir(path: string, mode: number): void {
    this.call('mkdir', () => {
      const place = this.tree.freePlace(path);
      const meta = this.metaOf(FOLDER_MODE | mode);
      this.tree.add(new CrashFolder(this.tree.nextId(), meta), place);
    });
  }

  /** Lets go also when it fails, as Linux does. */
  close(fd: number): void {
    const { node } = this.tree.held(fd);
    this.tree.handles.delete(fd);
    node.holders -= 1;
    this.call('close', () => undefined);
  }

  read(fd: number, into: Uint8Array, position: number): number {
    return this.call('read', () => {
      const part = this.fileOf(fd).content.subarray(position, position + into.length);
      into.set(part);
      return part.length;
    });
  }

  /** @returns bytes taken, which may be fewer than were given */
  write(fd: number, bytes: Uint8Array, position: number): number {
    const file = this.fileOf(fd);
    return this.call('write', () => {
      const taken = this.put(file, bytes, position);
      if (this.fault?.isLate === true && this.fault.strikes('write')) this.lose([file]);
      return taken;
    });
  }

  truncate(fd: number, sizeBytes: number): void {
    this.call('truncate', () => this.fileOf(fd).truncate(sizeBytes));
  }

  /** A loss is told once to each handle, and what is lost stays lost. */
  flush(fd: number): void {
    const held = this.tree.held(fd);
    const { node } = held;
    if (node.kind === 'folder') {
      this.call('flush folder', () => this.tree.names.flush(node));
      return;
    }
    this.call(
      'flush file',
      () => {
        const isLossNew = node.errors > held.fileErrors;
        node.flush();
        held.fileErrors = node.errors;
        if (isLossNew) throw new DiskError('EIO', 'flush file');
      },
      () => this.lose([node], held),
    );
  }

  /** All of the disk, by any handle. */
  flushAll(fd: number): void {
    const held = this.tree.held(fd);
    this.call(
      'flush all',
      () => {
        const isLossNew = this.errors > held.diskErrors;
        for (const file of this.tree.files()) file.flush();
        this.tree.names.flushAll(this.tree.folders());
        held.diskErrors = this.errors;
        if (isLossNew) throw new DiskError('EIO', 'flush all');
      },
      () => this.lose(this.tree.files(), held),
    );
  }

  link(from: string, to: string): void {
    this.call('link', () => {
      const node = this.tree.nodeAt(from);
      if (node.kind === 'folder') throw new DiskError('EPERM', from);
      const place = this.tree.freePlace(to);
      node.links += 1;
      this.tree.names.change([{ ...place, node: node.id }]);
    });
  }

  rename(from: string, to: string): void {
    this.call('rename', () => {
      const node = this.tree.nodeAt(from);
      const target = this.tree.placeOf(to);
      const replaced = this.tree.nodeIn(target);
      if (replaced === node) return;
      if (replaced !== undefined) requireReplaceable(node, replaced, to);
      this.tree.names.change([
        { ...this.tree.placeOf(from), node: undefined },
        { ...target, node: node.id },
      ]);
      if (replaced !== undefined) replaced.links -= 1;
    });
  }

  unlink(path: string): void {
    this.call('unlink', () => {
      const node = this.tree.nodeAt(path);
      if (node.kind === 'folder') throw new DiskError('EISDIR', path);
      this.tree.names.change([{ ...this.tree.placeOf(path), node: undefined }]);
      node.links -= 1;
    });
  }

  rmdir(path: string): void {
    this.call('rmdir', () => {
      const node = this.tree.nodeAt(path);
      if (node.kind !== 'folder') throw new DiskError('ENOTDIR', path);
      if (node.live.size > 0) throw new DiskError('ENOTEMPTY', path);
      this.tree.names.change([{ ...this.tree.placeOf(path), node: undefined }]);
      node.links -= 1;
    });
  }

  list(path: string): [name: string, isFolder: boolean][] {
    return this.call('list', () => {
      const folder = this.tree.nodeAt(path);
      if (folder.kind !== 'folder') throw new DiskError('ENOTDIR', path);
      const at = (name: string): CrashNode | undefined => this.tree.nodeIn({ folder, name });
      return [...folder.live.keys()].map((name) => [name, at(name)?.kind === 'folder']);
    });
  }

  look(path: string): CrashNode {
    return this.call('look', () => this.tree.nodeAt(path));
  }

  lookHeld(fd: number): CrashNode {
    return this.call('look', () => this.tree.held(fd).node);
  }

  chmod(node: CrashNode, mode: number): void {
    this.call('chmod', () => {
      node.meta = { ...node.meta, mode: (node.meta.mode & ~0o7777) | mode };
    });
  }

  utimes(node: CrashNode, mtimeMs: number): void {
    this.call('utimes', () => {
      node.meta = { ...node.meta, mtimeMs };
    });
  }

  /** Blocks of the disk, and how many of them are free. */
  space(): { blocks: number; free: number } {
    return this.call('space', () => ({
      blocks: Math.floor(this.capacityBytes / PAGE_BYTES),
      free: Math.max(0, Math.floor((this.capacityBytes - this.usedBytes) / PAGE_BYTES)),
    }));
  }

  /** @param onFault what a failure leaves behind */
  private call<T>(call: Call, act: () => T, onFault?: () => void): T {
    try {
      const { fault } = this;
      if (fault === undefined || fault.isLate || !fault.strikes(call)) return act();
      onFault?.();
      throw new DiskError(fault.code, call);
    } finally {
      this.onCall?.(call);
    }
  }

  private lose(files: Iterable<CrashFile>, teller?: Held): void {
    for (const file of files) file.lose(this.random);
    this.errors += 1;
    if (teller === undefined) return;
    teller.diskErrors = this.errors;
    if (teller.node.kind === 'file') teller.fileErrors = teller.node.errors;
  }

  private put(file: CrashFile, bytes: Uint8Array, position: number): number {
    const free = Math.max(0, Math.floor((this.capacityBytes - this.usedBytes) / PAGE_BYTES));
    const isShort = bytes.length > 1 && this.random.integer(1, SHORT_WRITES) === 1;
    const most = isShort ? this.random.integer(1, bytes.length) : bytes.length;
    const taken = file.roomAt(position, most, free);
    if (bytes.length > 0 && taken === 0) throw new DiskError('ENOSPC', 'write');
    file.write(bytes.subarray(0, taken), position);
    file.meta = { ...file.meta, mtimeMs: this.nowMs };
    return taken;
  }

  private fileOf(fd: number): CrashFile {
    const { node } = this.tree.held(fd);
    if (node.kind !== 'file') throw new DiskError('EISDIR', String(fd));
    return node;
  }

  private metaOf(mode: number): Meta {
    return { mode, mtimeMs: this.nowMs };
  }
}
