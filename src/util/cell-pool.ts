/**
 * Fixed-size cells for early segments, shared by the connections of an endpoint.
 * Fixed cells cannot be pinned by a few bytes each: a held segment costs one cell, never more.
 */
import { assert } from './assert.ts';

/** Sizes of cell; a connection uses the smallest that holds its largest payload. */
export const CELL_CLASSES_BYTES = [1536, 9216, 65_536] as const;
const PAGE_BYTES = 196_608;

interface CellClass {
  readonly cellBytes: number;
  readonly pages: Uint8Array[];
  readonly free: number[];
}

export class CellPool {
  /** Bytes of cells in use. */
  usedBytes = 0;
  refusals = 0;
  private readonly classes: CellClass[];
  readonly capBytes: number;

  /** @param capBytes most bytes of cells in use at once (docs/LIMITS.md) */
  constructor(capBytes: number) {
    this.capBytes = capBytes;
    this.classes = CELL_CLASSES_BYTES.map((cellBytes) => ({ cellBytes, pages: [], free: [] }));
  }

  /** Number of the class whose cells hold `payloadBytes`. */
  classFor(payloadBytes: number): number {
    const index = CELL_CLASSES_BYTES.findIndex((size) => size >= payloadBytes);
    assert(index >= 0, 'payload above the largest cell');
    return index;
  }

  /** Copies `bytes[start … end)` into a cell; -1 when the pool is used up. */
  store(classIndex: number, bytes: Uint8Array, start: number, end: number): number {
    const cell = this.take(classIndex);
    if (cell >= 0) this.writeAt(classIndex, cell, 0, bytes, start, end);
    return cell;
  }

  /**
   * An uninitialised cell, or -1.
   * @param isUrgent goes past the cap: for a caller that holds one such cell at most
   */
  take(classIndex: number, isUrgent = false): number {
    const group = this.classes[classIndex]!;
    if (!isUrgent && this.usedBytes + group.cellBytes > this.capBytes) {
      this.refusals += 1;
      return -1;
    }
    if (group.free.length === 0) this.addPage(group);
    this.usedBytes += group.cellBytes;
    return group.free.pop()!;
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

  free(classIndex: number, cell: number): void {
    const group = this.classes[classIndex]!;
    this.usedBytes -= group.cellBytes;
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
