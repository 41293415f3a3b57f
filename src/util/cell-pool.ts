/**
 * Fixed-size cells for early segments, shared by the connections of an endpoint.
 * Fixed cells cannot be pinned by a few bytes each: a held segment costs one cell, never more.
 *
 * Whoever takes cells on an account never holds more than it leaves to all others, and has a
 * reserve besides: peers that leave gaps for ever slow others down, but cannot stop them.
 */
import { assert } from './assert.ts';

/** Sizes of cell; a segment lies in the smallest that holds it. */
export const CELL_CLASSES_BYTES = [1536, 9216, 65_536] as const;
const PAGE_BYTES = 196_608;

interface CellClass {
  readonly cellBytes: number;
  readonly pages: Uint8Array[];
  readonly free: number[];
}

/** What one connection holds of a pool. */
export class CellAccount {
  heldBytes = 0;
}

export class CellPool {
  /** Bytes of cells in use, reserves included. */
  usedBytes = 0;
  /** Of these, the bytes within the reserve of an account. */
  private reservedBytes = 0;
  /** Times a cell was refused because the cap or the share was reached. */
  refusals = 0;
  private readonly classes: CellClass[];
  readonly capBytes: number;
  private readonly reserveBytes: number | undefined;

  /**
   * @param capBytes most bytes of cells in use at once, reserves aside (docs/LIMITS.md)
   * @param reserveBytes what each account has on top of the cap; without it nobody has a share
   */
  constructor(capBytes: number, reserveBytes?: number) {
    this.capBytes = capBytes;
    this.reserveBytes = reserveBytes;
    this.classes = CELL_CLASSES_BYTES.map((cellBytes) => ({ cellBytes, pages: [], free: [] }));
  }

  /** Number of the class whose cells hold `payloadBytes`. */
  classFor(payloadBytes: number): number {
    const index = CELL_CLASSES_BYTES.findIndex((size) => size >= payloadBytes);
    assert(index >= 0, 'payload above the largest cell');
    return index;
  }

  /** Copies `bytes[start … end)` into a cell; -1 when the pool is used up. */
  store(
    classIndex: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    account?: CellAccount,
  ): number {
    const cell = this.take(classIndex, false, account);
    if (cell >= 0) this.writeAt(classIndex, cell, 0, bytes, start, end);
    return cell;
  }

  /**
   * An uninitialised cell, or -1.
   * @param isUrgent goes past the cap: for a caller that holds one such cell at most
   */
  take(classIndex: number, isUrgent = false, account?: CellAccount): number {
    const group = this.classes[classIndex]!;
    if (!isUrgent && !this.mayTake(group.cellBytes, account)) {
      this.refusals += 1;
      return -1;
    }
    if (group.free.length === 0) this.addPage(group);
    this.charge(group.cellBytes, account);
    return group.free.pop()!;
  }

  private mayTake(cellBytes: number, account: CellAccount | undefined): boolean {
    const freeBytes = this.capBytes - (this.usedBytes - this.reservedBytes);
    if (account === undefined || this.reserveBytes === undefined) return cellBytes <= freeBytes;
    const sharedBytes = account.heldBytes + cellBytes - this.reserveBytes;
    return sharedBytes <= 0 || sharedBytes <= freeBytes;
  }

  private charge(bytes: number, account: CellAccount | undefined): void {
    this.usedBytes += bytes;
    if (account === undefined || this.reserveBytes === undefined) return;
    const before = Math.min(account.heldBytes, this.reserveBytes);
    account.heldBytes += bytes;
    this.reservedBytes += Math.min(account.heldBytes, this.reserveBytes) - before;
  }

  private addPage(group: CellClass): void {
    const perPage = Math.floor(PAGE_BYTES / group.cellBytes);
    const base = group.pages.length * perPage;
    group.pages.push(new Uint8Array(perPage * group.cellBytes));
    for (let i = perPage - 1; i >= 0; i -= 1) group.free.push(base + i);
  }

  writeAt(
    classIndex: number,
    cell: number,
    offset: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const at = this.startOf(classIndex, cell) + offset;
    this.pageOf(classIndex, cell).set(bytes.subarray(start, end), at);
  }

  /** The page that holds `cell`; its bytes begin at `startOf`. */
  pageOf(classIndex: number, cell: number): Uint8Array {
    const group = this.classes[classIndex]!;
    return group.pages[Math.floor(cell / Math.floor(PAGE_BYTES / group.cellBytes))]!;
  }

  startOf(classIndex: number, cell: number): number {
    const { cellBytes } = this.classes[classIndex]!;
    return (cell % Math.floor(PAGE_BYTES / cellBytes)) * cellBytes;
  }

  /** @param account the one that it was taken on */
  free(classIndex: number, cell: number, account?: CellAccount): void {
    const group = this.classes[classIndex]!;
    this.charge(-group.cellBytes, account);
    group.free.push(cell);
    // With nothing in use, memory that one busy hour needed goes back to the collector.
    if (this.usedBytes === 0) {
      for (const entry of this.classes) {
        entry.pages.length = Math.min(entry.pages.length, 1);
        entry.free.length = 0;
        if (entry.pages.length === 1) this.refill(entry);
      }
    }
  }

  private refill(group: CellClass): void {
    for (let i = Math.floor(PAGE_BYTES / group.cellBytes) - 1; i >= 0; i -= 1) group.free.push(i);
  }
}
