/**
 * Pooled byte slabs with reference counts.
 *
 * File bytes are read into a slab and sent from it, or collected in one and written from it.
 * A slab goes back to its pool when the last holder lets go, so steady transfers allocate nothing.
 */
import { assert } from './assert.ts';

export const SLAB_CLASSES_BYTES = [16_384, 65_536, 262_144] as const;
export const SLAB_MAX_BYTES = 262_144;

export interface Slab {
  readonly bytes: Uint8Array;
  /** Holders left; managed by {@link SlabPool}. */
  refs: number;
}

export class SlabPool {
  private readonly free: Slab[][] = SLAB_CLASSES_BYTES.map(() => []);
  private held = 0;
  private idle = 0;
  /** Times `acquire` refused because the cap was reached. */
  refusals = 0;
  readonly capBytes: number;
  private readonly idleCapBytes: number;

  /**
   * @param capBytes most bytes lent out at once (docs/LIMITS.md)
   * @param idleCapBytes most bytes kept for reuse; the collector has the rest
   */
  constructor(capBytes: number, idleCapBytes = Math.min(capBytes, 33_554_432)) {
    this.capBytes = capBytes;
    this.idleCapBytes = idleCapBytes;
  }

  /** Bytes lent out now. */
  get usedBytes(): number {
    return this.held;
  }

  /** Bytes that may still be lent. */
  get freeBytes(): number {
    return this.capBytes - this.held;
  }

  /** A slab of at least `wantBytes` (at most 256 KiB) with one reference; undefined at the cap. */
  acquire(wantBytes: number): Slab | undefined {
    const index = SLAB_CLASSES_BYTES.findIndex((size) => size >= wantBytes);
    const size = SLAB_CLASSES_BYTES[index];
    assert(size !== undefined, 'slab request above the largest class');
    if (this.held + size > this.capBytes) {
      this.refusals += 1;
      return undefined;
    }
    this.held += size;
    const reused = this.free[index]!.pop();
    if (reused === undefined) return { bytes: new Uint8Array(size), refs: 1 };
    this.idle -= size;
    reused.refs = 1;
    return reused;
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
    this.held -= size;
    if (this.idle + size > this.idleCapBytes) return;
    this.idle += size;
    this.free[SLAB_CLASSES_BYTES.findIndex((entry) => entry === size)]!.push(slab);
  }
}
