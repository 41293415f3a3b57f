/**
 * A file of the crash disk: what programs see, and what would be left after a power cut.
 *
 * Pages of 4 KiB that were written since the last flush are dirty: after a cut each is old, new or
 * torn between sectors, and the length may be the old or the new one (research on crash
 * consistency calls this the weakest file system that POSIX allows). A flush that fails writes some
 * of them and takes all for clean, as Linux does: no later flush brings them back.
 */
import type { Random } from '../util/random.ts';

export const PAGE_BYTES = 4096;
const SECTOR_BYTES = 512;
/** What stands in blocks that belong to the file and were never written. */
const GARBAGE = 0xdb;

/** What a power cut does to what was not flushed. */
export type Damage = 'dropped' | 'kept' | 'torn';

export interface Meta {
  readonly mode: number;
  /** ms since 1970 */
  readonly mtimeMs: number;
}

export class CrashFile {
  readonly kind = 'file';
  readonly id: number;
  /** Names it has, and handles that hold it. */
  links = 0;
  holders = 0;
  meta: Meta;
  /** Writes that were lost; each handle hears of it once. */
  errors = 0;
  private live: Uint8Array;
  private isLiveShared = true;
  /** Never changed in place: clones share it. */
  private durable: Uint8Array;
  private durableMeta: Meta;
  private readonly dirty = new Set<number>();
  /** Pages that take up space: a file may have holes. */
  private readonly taken: Set<number>;

  /** @param content durable from the beginning */
  constructor(id: number, meta: Meta, content: Uint8Array = new Uint8Array()) {
    this.id = id;
    this.meta = meta;
    this.durableMeta = meta;
    this.live = content;
    this.durable = content;
    this.taken = new Set(Array.from({ length: pagesOf(content.length) }, (_, page) => page));
  }

  get sizeBytes(): number {
    return this.live.length;
  }

  /** Never to be changed. */
  get content(): Uint8Array {
    return this.live;
  }

  /** Space that it takes, bytes. */
  get spaceBytes(): number {
    return this.taken.size * PAGE_BYTES;
  }

  /** How many of `bytes` can be written at `position` with so many free pages. */
  roomAt(position: number, bytes: number, freePages: number): number {
    let left = freePages;
    for (let at = position; at < position + bytes; at += PAGE_BYTES - (at % PAGE_BYTES)) {
      if (this.taken.has(Math.floor(at / PAGE_BYTES))) continue;
      if (left === 0) return at - position;
      left -= 1;
    }
    return bytes;
  }

  write(bytes: Uint8Array, position: number): void {
    this.resize(Math.max(this.live.length, position + bytes.length));
    this.live.set(bytes, position);
    if (bytes.length === 0) return;
    const last = Math.floor((position + bytes.length - 1) / PAGE_BYTES);
    for (let page = Math.floor(position / PAGE_BYTES); page <= last; page += 1) {
      this.dirty.add(page);
      this.taken.add(page);
    }
  }

  truncate(sizeBytes: number): void {
    this.resize(sizeBytes);
    for (const pages of [this.dirty, this.taken]) {
      for (const page of pages) if (page * PAGE_BYTES >= sizeBytes) pages.delete(page);
    }
  }

  /** All dirty pages and what is known of the file are on the disk. */
  flush(): void {
    if (this.dirty.size > 0 || this.durable.length !== this.live.length) {
      const next = new Uint8Array(this.live.length);
      next.set(this.durable.subarray(0, next.length));
      for (const page of this.dirty) this.copyPage(page, next);
      this.durable = next;
    }
    this.dirty.clear();
    this.durableMeta = this.meta;
  }

  /** A flush that fails, or pages that the system could not write while nobody waited for it. */
  lose(random: Random): void {
    if (this.dirty.size > 0) this.errors += 1;
    this.durable = this.image(random, 'kept');
    this.dirty.clear();
  }

  /** The same file after a power cut. */
  afterCrash(random: Random, damage: Damage): CrashFile {
    const isMetaKept = damage !== 'dropped' && random.chance(0.5);
    const meta = isMetaKept ? this.meta : this.durableMeta;
    return new CrashFile(this.id, meta, this.image(random, damage));
  }

  private image(random: Random, damage: Damage): Uint8Array {
    const isClean = this.dirty.size === 0 && this.durable.length === this.live.length;
    if (damage === 'dropped' || isClean) return this.durable;
    const sizeBytes = random.chance(0.5) ? this.live.length : this.durable.length;
    const image = new Uint8Array(sizeBytes);
    if (damage === 'torn') image.fill(GARBAGE);
    image.set(this.durable.subarray(0, sizeBytes));
    for (const page of this.dirty) {
      if (random.chance(0.5)) continue;
      if (damage === 'torn' && random.chance(0.5)) this.tearPage(page, image, random);
      else this.copyPage(page, image);
    }
    return image;
  }

  private tearPage(page: number, to: Uint8Array, random: Random): void {
    const sectors = PAGE_BYTES / SECTOR_BYTES;
    for (let i = 0; i < sectors; i += 1) {
      if (random.chance(0.5)) this.copy(page * PAGE_BYTES + i * SECTOR_BYTES, SECTOR_BYTES, to);
    }
  }

  private copyPage(page: number, to: Uint8Array): void {
    this.copy(page * PAGE_BYTES, PAGE_BYTES, to);
  }

  private copy(start: number, lengthBytes: number, to: Uint8Array): void {
    const end = Math.min(start + lengthBytes, to.length, this.live.length);
    if (start < end) to.set(this.live.subarray(start, end), start);
  }

  private resize(sizeBytes: number): void {
    if (!this.isLiveShared && sizeBytes === this.live.length) return;
    const next = new Uint8Array(sizeBytes);
    next.set(this.live.subarray(0, sizeBytes));
    this.live = next;
    this.isLiveShared = false;
  }
}

export function pagesOf(sizeBytes: number): number {
  return Math.ceil(sizeBytes / PAGE_BYTES);
}
