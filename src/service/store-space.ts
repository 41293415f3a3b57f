/** Whether a file fits, asked before its first byte, and promised to it alone (P-COMMIT-05). */
import { EXIT, LftpError } from './error.ts';
import type { FileSystem, SpaceStats } from './file-system.ts';
import { SPACE_RESERVE_BYTES } from './limits.ts';

/** Of a small disk a smaller part stays free. */
const RESERVE_SHARE = 0.01;

/** A file whose size nobody told is promised so much at a time, where there is so much. */
const STEP_BYTES = 4_194_304;

/** Promises out of one look: whoever else writes to the disk is noticed by the next one. */
const PROMISES_A_LOOK = 256;

/** Looks for one promise: each but the first because somebody gave space back meanwhile. */
const MOST_LOOKS = 3;

/**
 * @param folder any path on the file system in question
 * @param path what the error names
 * @throws LftpError 11 when fewer bytes are free for us than `sizeBytes`
 */
export async function requireSpace(
  fileSystem: FileSystem,
  folder: string,
  sizeBytes: number | null,
  path: string,
): Promise<void> {
  if (sizeBytes === null || sizeBytes === 0) return;
  const freeBytes = freeBytesOf(await fileSystem.statfs(folder));
  if (sizeBytes > freeBytes) throw spaceError(sizeBytes, freeBytes, path);
}

/** What one file may still write; whoever gets one releases it. */
export class Room {
  private readonly book: SpaceBook;
  private readonly path: string;
  private readonly isGrowing: boolean;
  /** Promised, and not on the disk yet. */
  promisedBytes = 0;
  /** Of these, those that no write has begun with. */
  private unclaimedBytes = 0;

  /**
   * @param path what errors name
   * @param isGrowing whether it asks as the file grows
   */
  constructor(book: SpaceBook, path: string, isGrowing: boolean) {
    this.book = book;
    this.path = path;
    this.isGrowing = isGrowing;
  }

  /** Called by the book. */
  add(bytes: number): void {
    this.promisedBytes += bytes;
    this.unclaimedBytes += bytes;
  }

  /**
   * Before a write of so many bytes; more is asked for when they were not promised.
   * @returns what the disk may count for it, to be told to {@link wrote}
   */
  async claim(lengthBytes: number): Promise<number> {
    // A write into the middle of blocks takes both at its ends; of a whole file they are counted.
    const bytes = this.isGrowing ? this.book.blocksOf(lengthBytes) : lengthBytes;
    while (this.unclaimedBytes < bytes) {
      const lackingBytes = bytes - this.unclaimedBytes;
      if (await this.book.hasTaken(this, STEP_BYTES)) continue;
      await this.book.take(this, lackingBytes, this.path);
    }
    this.unclaimedBytes -= bytes;
    return bytes;
  }

  /** After the write: the disk counts them itself now. */
  wrote(bytes: number): void {
    this.promisedBytes = Math.max(0, this.promisedBytes - bytes);
  }

  release(): void {
    this.promisedBytes = 0;
    this.unclaimedBytes = 0;
    this.book.forget(this);
  }
}

/**
 * The free space of one file system, shared by all who receive files onto it in this process. What
 * is promised and not written yet counts as used, so that no two are promised the same bytes.
 */
export class SpaceBook {
  private readonly fileSystem: FileSystem;
  private readonly folder: string;
  private readonly rooms = new Set<Room>();
  /** Free by the latest look, less what was promised since. */
  private freeBytes = 0;
  private promisesLeft = 0;
  private blockBytes = 4096;
  /** Looks come one after the other. */
  private turn: Promise<unknown> = Promise.resolve();
  private isLooking = false;

  /** @param folder any path on the file system */
  constructor(fileSystem: FileSystem, folder: string) {
    this.fileSystem = fileSystem;
    this.folder = folder;
  }

  /** Bytes that are promised and not written. */
  get promisedBytes(): number {
    let bytes = 0;
    for (const room of this.rooms) bytes += room.promisedBytes;
    return bytes;
  }

  /**
   * Room for a file, before anything of it is written.
   * @param sizeBytes null: nobody told, and it asks as it grows
   * @throws LftpError 11, which tells how much is missing; what the disk says
   */
  async reserve(sizeBytes: number | null, path: string): Promise<Room> {
    const room = new Room(this, path, sizeBytes === null);
    this.rooms.add(room);
    try {
      if (sizeBytes !== null && sizeBytes > 0) await this.take(room, sizeBytes, path);
      return room;
    } catch (error) {
      room.release();
      throw error;
    }
  }

  /** Promises `bytes` more. @throws LftpError 11; what the disk says */
  async take(room: Room, bytes: number, path: string): Promise<void> {
    if (await this.hasTaken(room, bytes)) return;
    throw spaceError(bytes, Math.max(0, this.freeBytes), path);
  }

  /** The same; false when there is not so much. @throws what the disk says */
  async hasTaken(room: Room, bytes: number): Promise<boolean> {
    // Far from the end nobody looks: small files would feel it.
    const isFar = !this.isLooking && this.promisesLeft > 0;
    if (isFar && this.promise(room, bytes, this.freeBytes / 2)) return true;
    const looked = this.turn.then(() => this.lookAndPromise(room, bytes));
    this.turn = looked.catch(() => undefined);
    return await looked;
  }

  /** What a write of so many bytes takes at most, wherever it begins; bytes. */
  blocksOf(lengthBytes: number): number {
    return (Math.ceil(lengthBytes / this.blockBytes) + 1) * this.blockBytes;
  }

  forget(room: Room): void {
    this.rooms.delete(room);
  }

  private async lookAndPromise(room: Room, bytes: number): Promise<boolean> {
    for (let looks = 0; looks < MOST_LOOKS; looks += 1) {
      const promisedBefore = this.promisedBytes;
      await this.look(promisedBefore);
      if (this.promise(room, bytes, this.freeBytes)) return true;
      if (this.promisedBytes >= promisedBefore) return false;
    }
    return false;
  }

  /**
   * What is written while the system answers counts twice, as promised and as used: never too
   * much is promised, and too little only until the next look.
   */
  private async look(promisedBytes: number): Promise<void> {
    this.isLooking = true;
    try {
      const stats = await this.fileSystem.statfs(this.folder);
      const wholeBytes = stats.blocks * stats.bsize;
      const reserveBytes = Math.min(SPACE_RESERVE_BYTES, wholeBytes * RESERVE_SHARE);
      this.blockBytes = stats.bsize;
      this.freeBytes = Math.floor(freeBytesOf(stats) - reserveBytes - promisedBytes);
      this.promisesLeft = PROMISES_A_LOOK;
    } finally {
      this.isLooking = false;
    }
  }

  private promise(room: Room, bytes: number, mostBytes: number): boolean {
    // A file takes whole blocks.
    const wholeBytes = Math.ceil(bytes / this.blockBytes) * this.blockBytes;
    if (wholeBytes > mostBytes) return false;
    this.freeBytes -= wholeBytes;
    this.promisesLeft -= 1;
    room.add(wholeBytes);
    return true;
  }
}

function freeBytesOf({ bavail, bsize }: SpaceStats): number {
  return bavail * bsize;
}

function spaceError(neededBytes: number, freeBytes: number, path: string): LftpError {
  const missingBytes = neededBytes - freeBytes;
  const found = `it needs ${neededBytes} bytes, but only ${freeBytes} are free`;
  const text = `${found}: ${missingBytes} are missing`;
  return new LftpError(EXIT.NO_SPACE, 'local', text, {
    path,
    hint: 'Free some space, or choose another place.',
  });
}
