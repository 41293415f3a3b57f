/** A text that is sent with the line ends of the wire: a carriage return before a feed goes. */
import type { FileSource } from '../service/file-ends.ts';
import { FILE_RUN_BYTES } from '../service/limits.ts';

const RETURN = 13;
const FEED = 10;

export class TextSource implements FileSource {
  /** Nobody knows it before the end. */
  readonly sizeBytes = null;
  readonly mtimeMs: number;
  readonly mode: number;
  readonly concurrentReads = 1;
  private readonly source: FileSource;
  private readonly buffer = new Uint8Array(FILE_RUN_BYTES);
  private positionBytes = 0;
  /** A carriage return was last, and whether it stays is not known. */
  private hasReturn = false;

  constructor(source: FileSource) {
    this.source = source;
    this.mtimeMs = source.mtimeMs;
    this.mode = source.mode;
  }

  /** Reads on from where the last call ended; `position` is where that was in what is sent. */
  async read(target: Uint8Array, lengthBytes: number): Promise<number> {
    let written = 0;
    while (written === 0) {
      // One byte of room stays for a carriage return that was held back.
      const room = Math.min(lengthBytes - 1, this.buffer.length);
      const found = await this.source.read(this.buffer, room, this.positionBytes);
      this.positionBytes += found;
      if (found === 0) return this.flush(target);
      written = this.convert(this.buffer.subarray(0, found), target);
    }
    return written;
  }

  isUnchanged(): Promise<boolean> {
    return this.source.isUnchanged();
  }

  async close(): Promise<void> {
    await this.source.close();
  }

  private flush(target: Uint8Array): number {
    if (!this.hasReturn) return 0;
    this.hasReturn = false;
    target[0] = RETURN;
    return 1;
  }

  private convert(bytes: Uint8Array, target: Uint8Array): number {
    let written = 0;
    for (const byte of bytes) {
      if (this.hasReturn && byte !== FEED) {
        target[written] = RETURN;
        written += 1;
      }
      this.hasReturn = byte === RETURN;
      if (this.hasReturn) continue;
      target[written] = byte;
      written += 1;
    }
    return written;
  }
}
