/**
 * Reads the stream of a tree (tree-entries.ts), however it is cut into runs. It never throws and
 * holds no more than one entry without content; what is no tree is a fault, and nothing follows
 * (P-TREE-03).
 */
import { DIGEST_BYTES } from '../message-types.ts';
import { PATH_MAX_DEPTH } from '../limits.ts';
import {
  CHUNK_HEAD_BYTES,
  ENTRY,
  fileEndBytes,
  LEFT_OUT,
  MAX_TREE_TEXT_BYTES,
} from './tree-entries.ts';
import type { FileEnd, TreeEntry } from './tree-entries.ts';

/** Content; a view of what was pushed, good until the next push. */
export interface ContentEvent {
  readonly kind: 'content';
  readonly bytes: Uint8Array;
}

export interface FaultEvent {
  readonly kind: 'fault';
  readonly fault: string;
}

export type TreeEvent = TreeEntry | ContentEvent | FileEnd | FaultEvent;

/** Thrown and caught in this file. */
class Fault extends Error {}

const NONE = new Uint8Array();
const TIMES_BYTES = 10;
const SIZE_BYTES = 8;
const TWO_TO_32 = 2 ** 32;

export class TreeDecoder {
  private bytes: Uint8Array = NONE;
  private at = 0;
  private depth = 0;
  /** Of the chunk that is open. */
  private chunkLeft = 0;
  private isInFile = false;
  private fault: FaultEvent | undefined;
  private readonly text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  /** All earlier bytes must have been taken by {@link next}. */
  push(bytes: Uint8Array): void {
    const left = this.bytes.subarray(this.at);
    this.at = 0;
    if (left.length === 0) {
      this.bytes = bytes;
      return;
    }
    const joined = new Uint8Array(left.length + bytes.length);
    joined.set(left);
    joined.set(bytes, left.length);
    this.bytes = joined;
  }

  /** To be called before what was pushed is used for something else. */
  keepRest(): void {
    this.bytes = this.bytes.slice(this.at);
    this.at = 0;
  }

  /** Bytes held over to the next push; one entry without content at most. */
  get heldBytes(): number {
    return this.bytes.length - this.at;
  }

  /** Whether the stream may end here: every folder left, every file ended. */
  get isWhole(): boolean {
    const isBetween = this.depth === 0 && !this.isInFile && this.heldBytes === 0;
    return isBetween && this.fault === undefined;
  }

  /** What comes next, or undefined until more is pushed. */
  next(): TreeEvent | undefined {
    if (this.fault !== undefined) return this.fault;
    try {
      return this.isInFile ? this.inFile() : this.entry();
    } catch (error) {
      const fault = error instanceof Fault ? error.message : 'a name that is not UTF-8';
      this.fault = { kind: 'fault', fault };
      return this.fault;
    }
  }

  private inFile(): TreeEvent | undefined {
    if (this.chunkLeft === 0) {
      if (this.heldBytes < CHUNK_HEAD_BYTES) return undefined;
      const [high, middle, low] = this.peek(0, CHUNK_HEAD_BYTES);
      const length = ((high ?? 0) << 16) | ((middle ?? 0) << 8) | (low ?? 0);
      if (length === 0) return this.fileEnd();
      this.at += CHUNK_HEAD_BYTES;
      this.chunkLeft = length;
    }
    const length = Math.min(this.chunkLeft, this.heldBytes);
    if (length === 0) return undefined;
    this.chunkLeft -= length;
    return { kind: 'content', bytes: this.take(length) };
  }

  private fileEnd(): FileEnd | undefined {
    const code = this.peek(CHUNK_HEAD_BYTES, 1)[0];
    if (code === undefined) return undefined;
    const total = CHUNK_HEAD_BYTES + fileEndBytes(code);
    if (this.heldBytes < total) return undefined;
    const bytes = this.take(total);
    this.isInFile = false;
    const digest = code === 0 ? bytes.slice(-DIGEST_BYTES) : NONE;
    return { kind: 'fileEnd', code, digest };
  }

  private entry(): TreeEvent | undefined {
    const [kind, nameBytes] = this.peek(0, 2);
    if (kind === undefined) return undefined;
    if (kind === ENTRY.UP) return this.up();
    if (kind < ENTRY.FOLDER || kind > ENTRY.FAILED) throw new Fault('an entry of no known kind');
    if (nameBytes === undefined) return undefined;
    const fieldsAt = 2 + nameBytes;
    const length = this.fieldBytes(kind, fieldsAt);
    if (length === undefined || this.heldBytes < fieldsAt + length) return undefined;
    const bytes = this.take(fieldsAt + length);
    const name = this.text.decode(bytes.subarray(2, fieldsAt));
    return this.named(kind, name, bytes.subarray(fieldsAt));
  }

  /** Bytes behind the name; undefined while nobody can tell. */
  private fieldBytes(kind: number, fieldsAt: number): number | undefined {
    if (kind === ENTRY.FOLDER) return TIMES_BYTES;
    if (kind === ENTRY.FILE) return TIMES_BYTES + SIZE_BYTES;
    if (kind === ENTRY.LEFT_OUT) return 1;
    const [, high, low] = this.peek(fieldsAt, 3);
    if (high === undefined || low === undefined) return undefined;
    const textBytes = (high << 8) | low;
    if (textBytes > MAX_TREE_TEXT_BYTES) throw new Fault('a failure with too long a text');
    return 3 + textBytes;
  }

  private named(kind: number, name: string, fields: Uint8Array): TreeEvent {
    const view = new DataView(fields.buffer, fields.byteOffset, fields.length);
    if (kind === ENTRY.LEFT_OUT) {
      const why = view.getUint8(0);
      if (why !== LEFT_OUT.LINK && why !== LEFT_OUT.SPECIAL) throw new Fault('left out, but why');
      return { kind: 'leftOut', name, why };
    }
    if (kind === ENTRY.FAILED) {
      const code = view.getUint8(0);
      if (code === 0) throw new Fault('a failure without a code');
      return { kind: 'failed', name, code, message: this.text.decode(fields.subarray(3)) };
    }
    const mode = view.getUint16(0);
    const mtimeMs = view.getFloat64(2);
    if (!Number.isFinite(mtimeMs)) throw new Fault('a time that is no number');
    if (kind === ENTRY.FOLDER) {
      if (this.depth >= PATH_MAX_DEPTH) throw new Fault('folders too deep');
      this.depth += 1;
      return { kind: 'folder', name, mode, mtimeMs };
    }
    const high = view.getUint32(TIMES_BYTES);
    const sizeBytes = high * TWO_TO_32 + view.getUint32(TIMES_BYTES + 4);
    if (!Number.isSafeInteger(sizeBytes)) throw new Fault('a size that no file has');
    this.isInFile = true;
    return { kind: 'file', name, mode, mtimeMs, sizeBytes };
  }

  private up(): TreeEvent {
    if (this.depth === 0) throw new Fault('a way up out of the tree');
    this.depth -= 1;
    this.at += 1;
    return { kind: 'up' };
  }

  private peek(offset: number, length: number): Uint8Array {
    return this.bytes.subarray(this.at + offset, this.at + offset + length);
  }

  private take(length: number): Uint8Array {
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}
