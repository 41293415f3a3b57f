/**
 * The digest of a file that is being received, and of its beginnings: at the end of each chunk the
 * digest so far is a mark. A mark costs nothing, where a digest of its own for each chunk would
 * cost as much again as the digest of the whole (docs/DECISIONS.md).
 */
import type { Digest } from '../../io/digest.ts';
import { CHUNK_BYTES } from './chunks.ts';

/** BLAKE3 of the first `bytes` bytes of a file. */
export interface Mark {
  readonly bytes: number;
  readonly digest: Uint8Array;
}

/** Of older marks nobody asks any more once newer bytes are written. */
const MOST_MARKS = 64;

export class RunningDigest {
  private readonly whole: Digest;
  private readonly marks: Mark[] = [];
  /** Bytes taken so far. */
  bytes: number;

  /** @param whole the digest of the first `bytes` bytes, a number of whole chunks */
  constructor(whole: Digest, bytes = 0) {
    this.whole = whole;
    this.bytes = bytes;
  }

  update(bytes: Uint8Array): void {
    let rest = bytes;
    while (rest.length > 0) {
      const toMark = CHUNK_BYTES - (this.bytes % CHUNK_BYTES);
      const piece = rest.length <= toMark ? rest : rest.subarray(0, toMark);
      this.whole.update(piece);
      this.bytes += piece.length;
      if (piece.length === toMark) this.mark();
      rest = rest.subarray(piece.length);
    }
  }

  /** The latest mark within the first `writtenBytes`; forgets it and those before. */
  takeMark(writtenBytes: number): Mark | undefined {
    let latest: Mark | undefined;
    while ((this.marks[0]?.bytes ?? Infinity) <= writtenBytes) latest = this.marks.shift();
    return latest;
  }

  /** The digest of the whole; ends the use of this object. */
  digest(): Uint8Array {
    return this.whole.digest();
  }

  private mark(): void {
    this.marks.push({ bytes: this.bytes, digest: this.whole.peek() });
    if (this.marks.length > MOST_MARKS) this.marks.shift();
  }
}
