/**
 * Pooled byte slabs with reference counts.
 *
 * File bytes are read into a slab and sent from it, or collected in one and written from it.
 * A slab goes back to its pool when the last holder lets go, so steady transfers allocate nothing.
 *
 * Whoever borrows on an account never holds more of the pool than it leaves to all others, and has
 * a reserve besides that nobody else can use up: holders that never give back slow others down,
 * but cannot stop them.
 */
import { assert } from './assert.ts';

export const SLAB_CLASSES_BYTES = [16_384, 65_536, 262_144] as const;
export const SLAB_MAX_BYTES = 262_144;

/** Steps in which a fitted slab is allocated; no record costs less than one. */
export const FITTED_STEP_BYTES = 256;

/** What one connection holds of a pool. */
export class SlabAccount {
  heldBytes = 0;
}

export interface Slab {
  readonly bytes: Uint8Array;
  /** Holders left; managed by {@link SlabPool}. */
  refs: number;
  /** Who is charged for it, if anybody. */
  account?: SlabAccount | undefined;
}

export interface SlabPoolOptions {
  /** Most bytes kept for reuse; the collector has the rest. */
  readonly idleCapBytes?: number;
  /** Bytes that each account may hold whatever the others do; they come on top of the cap. */
  readonly reserveBytes?: number;
}

export class SlabPool {
  private readonly free: Slab[][] = SLAB_CLASSES_BYTES.map(() => []);
  private held = 0;
  /** Of the held bytes, those within the reserve of an account. */
  private reserved = 0;
  private idle = 0;
  /** Times a slab was refused because the cap or the share was reached. */
  refusals = 0;
  /** Hears of each slab that comes back, whoever lets go of it. */
  onReturn: ((account: SlabAccount | undefined) => void) | undefined;
  readonly capBytes: number;
  private readonly idleCapBytes: number;
  private readonly reserveBytes: number;

  /** @param capBytes most bytes lent out at once, reserves aside (docs/LIMITS.md) */
  constructor(capBytes: number, options: SlabPoolOptions = {}) {
    this.capBytes = capBytes;
    this.idleCapBytes = options.idleCapBytes ?? Math.min(capBytes, 33_554_432);
    this.reserveBytes = options.reserveBytes ?? 0;
  }

  /** Bytes lent out now, reserves included. */
  get usedBytes(): number {
    return this.held;
  }

  /** Bytes that may still be lent beyond the reserves. */
  get freeBytes(): number {
    return this.capBytes - (this.held - this.reserved);
  }

  /** A slab of at least `wantBytes` (at most 256 KiB) with one reference; undefined at the cap. */
  acquire(wantBytes: number, account?: SlabAccount): Slab | undefined {
    const index = classFor(wantBytes);
    if (this.mayLend(SLAB_CLASSES_BYTES[index]!, account)) return this.lend(index, account);
    this.refusals += 1;
    return undefined;
  }

  /** Like {@link acquire}, but rather a smaller slab, down to `leastBytes`, than none. */
  acquireSome(wantBytes: number, leastBytes: number, account: SlabAccount): Slab | undefined {
    const least = classFor(leastBytes);
    for (let index = classFor(wantBytes); index >= least; index -= 1) {
      if (this.mayLend(SLAB_CLASSES_BYTES[index]!, account)) return this.lend(index, account);
    }
    this.refusals += 1;
    return undefined;
  }

  /**
   * Takes over `slab`, of which `lengthBytes` are of use, and gives one that holds them: the same,
   * or a copy when most of it would lie idle.
   */
  fitted(slab: Slab, lengthBytes: number): Slab {
    const size = FITTED_STEP_BYTES * Math.max(1, Math.ceil(lengthBytes / FITTED_STEP_BYTES));
    if (2 * size > slab.bytes.length) return slab;
    const { account } = slab;
    const copy: Slab = { bytes: new Uint8Array(size), refs: 1, account };
    copy.bytes.set(slab.bytes.subarray(0, lengthBytes));
    this.release(slab);
    this.charge(account, size);
    return copy;
  }

  retain(slab: Slab): void {
    assert(slab.refs > 0, 'retain of a free slab');
    slab.refs += 1;
  }

  release(slab: Slab): void {
    assert(slab.refs > 0, 'release of a free slab');
    slab.refs -= 1;
    if (slab.refs > 0) return;
    const size = slab.bytes.length;
    const { account } = slab;
    this.charge(account, -size);
    slab.account = undefined;
    this.onReturn?.(account);
    const index = SLAB_CLASSES_BYTES.findIndex((entry) => entry === size);
    if (index < 0 || this.idle + size > this.idleCapBytes) return;
    this.idle += size;
    this.free[index]!.push(slab);
  }

  private mayLend(size: number, account: SlabAccount | undefined): boolean {
    if (account === undefined) return size <= this.freeBytes;
    const sharedBytes = account.heldBytes + size - this.reserveBytes;
    return sharedBytes <= 0 || sharedBytes <= this.freeBytes;
  }

  private lend(index: number, account: SlabAccount | undefined): Slab {
    const size = SLAB_CLASSES_BYTES[index]!;
    this.charge(account, size);
    const reused = this.free[index]!.pop();
    if (reused === undefined) return { bytes: new Uint8Array(size), refs: 1, account };
    this.idle -= size;
    reused.refs = 1;
    reused.account = account;
    return reused;
  }

  private charge(account: SlabAccount | undefined, bytes: number): void {
    this.held += bytes;
    if (account === undefined) return;
    const before = Math.min(account.heldBytes, this.reserveBytes);
    account.heldBytes += bytes;
    this.reserved += Math.min(account.heldBytes, this.reserveBytes) - before;
  }
}

function classFor(wantBytes: number): number {
  const index = SLAB_CLASSES_BYTES.findIndex((size) => size >= wantBytes);
  assert(index >= 0, 'slab request above the largest class');
  return index;
}
