/**
 * A tree as one stream of bytes (docs/PROTOCOL.md, "Trees", P-TREE-02): folders and files, one
 * behind the other, so that many small files lie packed in one `dat` record. Big-endian; a name is
 * one byte of length and UTF-8. A file costs its bytes and some 60 more, its digest included.
 */
import { DIGEST_BYTES } from '../message-types.ts';

/** First byte of each entry. */
export const ENTRY = { FOLDER: 1, UP: 2, FILE: 3, LEFT_OUT: 4, FAILED: 5 } as const;

/** Why something is not sent: it is no regular file and no folder. */
export const LEFT_OUT = { LINK: 1, SPECIAL: 2 } as const;
export type LeftOutReason = (typeof LEFT_OUT)[keyof typeof LEFT_OUT];

/** Bytes of the text of a failure. */
export const MAX_TREE_TEXT_BYTES = 512;

/** Bytes before the content of a chunk, which tell how long it is. */
export const CHUNK_HEAD_BYTES = 3;

export interface EntryTimes {
  /** Permission bits. */
  readonly mode: number;
  /** Modification time, ms since 1970. */
  readonly mtimeMs: number;
}

export interface FolderEntry extends EntryTimes {
  readonly kind: 'folder';
  readonly name: string;
}

export interface FileEntry extends EntryTimes {
  readonly kind: 'file';
  readonly name: string;
  readonly sizeBytes: number;
}

export interface LeftOutEntry {
  readonly kind: 'leftOut';
  readonly name: string;
  readonly why: LeftOutReason;
}

export interface FailedEntry {
  readonly kind: 'failed';
  readonly name: string;
  /** An error code of answers, 1…255. */
  readonly code: number;
  readonly message: string;
}

export type TreeEntry =
  FolderEntry | FileEntry | LeftOutEntry | FailedEntry | { readonly kind: 'up' };

/** What follows the content of a file: its digest, or why there is none. */
export interface FileEnd {
  readonly kind: 'fileEnd';
  /** 0, or why what came is not the whole (wire/codes.ts). */
  readonly code: number;
  /** BLAKE3 of the content; empty unless the code is 0. */
  readonly digest: Uint8Array;
}

const NAME_MAX_BYTES = 255;
const TIMES_BYTES = 10;
const SIZE_BYTES = 8;
const TWO_TO_32 = 2 ** 32;
const encoder = new TextEncoder();

/** The entry without content; a file's chunks and its {@link encodeFileEnd} follow. */
export function encodeEntry(entry: TreeEntry): Uint8Array {
  switch (entry.kind) {
    case 'up':
      return Uint8Array.of(ENTRY.UP);
    case 'folder': {
      const { bytes, view, at } = begin(ENTRY.FOLDER, entry.name, TIMES_BYTES);
      putTimes(view, at, entry);
      return bytes;
    }
    case 'file': {
      const { bytes, view, at } = begin(ENTRY.FILE, entry.name, TIMES_BYTES + SIZE_BYTES);
      putTimes(view, at, entry);
      view.setUint32(at + TIMES_BYTES, Math.floor(entry.sizeBytes / TWO_TO_32));
      view.setUint32(at + TIMES_BYTES + 4, entry.sizeBytes % TWO_TO_32);
      return bytes;
    }
    case 'leftOut': {
      const { bytes, at } = begin(ENTRY.LEFT_OUT, entry.name, 1);
      bytes[at] = entry.why;
      return bytes;
    }
    case 'failed': {
      const text = cutText(entry.message, MAX_TREE_TEXT_BYTES);
      const { bytes, view, at } = begin(ENTRY.FAILED, entry.name, 3 + text.length);
      bytes[at] = entry.code;
      view.setUint16(at + 1, text.length);
      bytes.set(text, at + 3);
      return bytes;
    }
  }
}

/** @param digest of the whole content; undefined when it is not whole, and `code` says why */
export function encodeFileEnd(code: number, digest: Uint8Array | undefined): Uint8Array {
  const bytes = new Uint8Array(CHUNK_HEAD_BYTES + 1 + (digest?.length ?? 0));
  bytes[CHUNK_HEAD_BYTES] = code;
  if (digest !== undefined) bytes.set(digest, CHUNK_HEAD_BYTES + 1);
  return bytes;
}

/** Writes how many bytes of content follow, 1…2^24 - 1, into the start of `target`. */
export function putChunkHead(target: Uint8Array, lengthBytes: number): void {
  target[0] = lengthBytes >>> 16;
  target[1] = lengthBytes >>> 8;
  target[2] = lengthBytes;
}

/** What a small file is after its header: one chunk, unless it is empty, and its end. */
export function encodeContent(content: Uint8Array, digest: Uint8Array): Uint8Array {
  const headBytes = content.length === 0 ? 0 : CHUNK_HEAD_BYTES;
  const end = encodeFileEnd(0, digest);
  const bytes = new Uint8Array(headBytes + content.length + end.length);
  if (headBytes > 0) putChunkHead(bytes, content.length);
  bytes.set(content, headBytes);
  bytes.set(end, headBytes + content.length);
  return bytes;
}

/** Bytes of a {@link FileEnd} behind its empty chunk head. */
export function fileEndBytes(code: number): number {
  return code === 0 ? 1 + DIGEST_BYTES : 1;
}

interface Begun {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** Where the fields behind the name begin. */
  readonly at: number;
}

function begin(kind: number, name: string, fieldBytes: number): Begun {
  const nameBytes = cutText(name, NAME_MAX_BYTES);
  const at = 2 + nameBytes.length;
  const bytes = new Uint8Array(at + fieldBytes);
  bytes[0] = kind;
  bytes[1] = nameBytes.length;
  bytes.set(nameBytes, 2);
  return { bytes, view: new DataView(bytes.buffer), at };
}

function putTimes(view: DataView, at: number, { mode, mtimeMs }: EntryTimes): void {
  view.setUint16(at, mode);
  view.setFloat64(at + 2, mtimeMs);
}

/** Names of files fit; only what is shown of a name that is refused may have to be cut. */
function cutText(text: string, maxBytes: number): Uint8Array {
  const bytes = encoder.encode(text);
  if (bytes.length <= maxBytes) return bytes;
  let end = maxBytes;
  // Not within a letter: its later bytes begin with the bits 10.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
}
