/** A served folder on a crash disk: every call is a point where the power may fail. */
import { CrashDisk } from '../../src/sim/crash-disk.ts';
import type { Call, Fault } from '../../src/sim/crash-fault.ts';
import type { Damage } from '../../src/sim/crash-file.ts';
import type { Kept } from '../../src/sim/crash-names.ts';
import { SeededRandom } from '../../src/util/random.ts';
import type { FileSystem } from '../../src/service/file-system.ts';
import { ServedTree } from '../../src/service/store-tree.ts';
import { Store } from '../../src/service/store.ts';
import type { StoreOwner } from '../../src/service/store.ts';
import { crashFileSystem } from './crash-file-system.ts';
import { Oracle } from './oracle.ts';
import type { Version } from './oracle.ts';

/** 2026-01-01, ms since 1970. */
export const NOW_MS = 1_767_225_600_000;
export const MIB = 1_048_576;
const CAPACITY_BYTES = 8 * MIB;

const DAMAGES: readonly Damage[] = ['dropped', 'kept', 'torn'];
const KEPT: readonly Kept[] = ['none', 'first', 'any'];

/** Disks that are kept, to go on with. */
const KEEP_ONE_OF = 400;

const CHANGES_NAMES: ReadonlySet<Call> = new Set(['link', 'rename', 'unlink']);

/** Calls that change nothing: the disk is as it was after the one before. */
const CHANGES_NOTHING: ReadonlySet<Call> = new Set(['open', 'read', 'list', 'look', 'space']);

/** When the power may fail: after a call, or when a client has heard what became of a file. */
export type CutPoint = Call | 'answer';

/** Puts another file system over the real one, with a step left out. */
export type Sabotage = (fileSystem: FileSystem, disk: CrashDisk) => FileSystem;

export interface WorldOptions {
  readonly seed: number;
  /** Power cuts tried after each call that changes something. */
  readonly cuts: number;
  /** Whether the power fails after calls that change nothing, too. */
  readonly isThorough?: boolean;
  readonly hasWholeFlush?: boolean;
  /** Whether each disk that a power cut left is gone on with, not only some. */
  readonly keepsAll?: boolean;
  readonly capacityBytes?: number;
  readonly sabotage?: Sabotage | undefined;
  /** What a power cut left, to go on with. */
  readonly disk?: CrashDisk;
  /** Begins once the server has started. */
  readonly fault?: Fault;
}

export class CrashWorld {
  readonly disk: CrashDisk;
  readonly oracle = new Oracle();
  readonly fileSystem: FileSystem;
  readonly random: SeededRandom;
  /** Power cuts so far, by what came before them. */
  readonly cutsAfter = new Map<CutPoint, number>();
  /** Some of the disks that power cuts left. */
  readonly left: CrashDisk[] = [];
  /** The first outcome that must not be. */
  fault: string | undefined;
  private readonly options: WorldOptions;
  private readonly cutRandom: SeededRandom;
  private isWatched = false;
  private served: ServedTree | undefined;
  private readonly stores: Store[] = [];

  constructor(options: WorldOptions) {
    const { seed, sabotage, capacityBytes = CAPACITY_BYTES } = options;
    this.options = options;
    this.random = SeededRandom.named(seed, 'scenario');
    this.cutRandom = SeededRandom.named(seed, 'cuts');
    const random = SeededRandom.named(seed, 'disk');
    this.disk = options.disk ?? new CrashDisk({ random, nowMs: NOW_MS, capacityBytes });
    const turns = SeededRandom.named(seed, 'turns');
    const plain = crashFileSystem(this.disk, turns, options.hasWholeFlush ?? true);
    this.fileSystem = sabotage?.(plain, this.disk) ?? plain;
    this.disk.onCall = (call) => this.cutAfter(call);
    if (options.disk !== undefined) return;
    this.disk.mkdir('/served', 0o755);
    this.settle();
  }

  /** Everything so far is durable, and was not the subject. */
  settle(): void {
    const root = this.disk.open('/', true);
    this.disk.flushAll(root);
    this.disk.close(root);
  }

  /** A file that is there from the beginning. */
  plant(path: string, content: Uint8Array): void {
    const fd = this.disk.create(path, 0o644);
    for (let at = 0; at < content.length;) {
      at += this.disk.write(fd, content.subarray(at), at);
    }
    this.disk.close(fd);
    this.settle();
    this.oracle.plant(path, { content });
  }

  async open(owner: Partial<StoreOwner> = {}): Promise<Store> {
    const served = (this.served ??= await ServedTree.open('/served', this.fileSystem));
    this.watch();
    const store = await Store.open(served, { home: undefined, access: 'rw', ...owner });
    this.stores.push(store);
    return store;
  }

  /** Ends the server; tells what it left open. */
  async close(): Promise<number> {
    for (const store of this.stores.splice(0)) await store.close();
    await this.served?.close();
    this.served = undefined;
    return this.disk.openHandles;
  }

  /** From here on the power and the disk may fail. */
  watch(): void {
    this.isWatched = true;
    this.disk.fault = this.options.fault;
  }

  /** Removes what an earlier server left unfinished. */
  async sweep(nowMs: number): Promise<void> {
    await this.served?.removeAbandoned(nowMs);
  }

  /** Keeps the first fault found. */
  check(disk: CrashDisk, when: string): void {
    const fault = this.oracle.faultOf(disk);
    if (fault !== undefined) this.fault ??= `${when} (seed ${this.options.seed}): ${fault}`;
  }

  /** A file was told to be stored: the power may fail before anything else is called. */
  committed(path: string, wanted: Version): void {
    this.oracle.committed(path, wanted);
    this.cut('answer', this.options.cuts);
  }

  /** It was told to have failed, or another file to be the first there. */
  failed(): void {
    this.cut('answer', this.options.cuts);
  }

  private cutAfter(call: Call): void {
    if (!this.isWatched) return;
    if (CHANGES_NAMES.has(call)) this.oracle.look(this.disk);
    const { cuts: most, isThorough = true } = this.options;
    const cuts = CHANGES_NOTHING.has(call) ? Math.min(Number(isThorough), most) : most;
    this.cut(call, cuts);
  }

  private cut(point: CutPoint, cuts: number): void {
    for (let i = 0; i < cuts; i += 1) {
      const { cutRandom } = this;
      const damage = DAMAGES[cutRandom.integer(0, 2)] ?? 'torn';
      const kept = KEPT[cutRandom.integer(0, 2)] ?? 'any';
      const disk = this.disk.afterCrash(cutRandom, damage, kept);
      const isDrawn = cutRandom.integer(1, KEEP_ONE_OF) === 1;
      if (isDrawn || this.options.keepsAll === true) this.left.push(disk);
      this.check(disk, `after ${point}, ${damage} ${kept}`);
      this.cutsAfter.set(point, (this.cutsAfter.get(point) ?? 0) + 1);
    }
  }
}
