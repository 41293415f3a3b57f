/** What is asked and answered about names on the server (docs/PROTOCOL.md, "Operations"). */
import type { RemotePath } from '../path.ts';

/** What every request about one name says. */
interface AboutPath<Op extends string> {
  readonly op: Op;
  readonly id: number;
  readonly path: RemotePath;
}

/** A page of a folder, or the one entry that `path` is when it is no folder (P-OP-02). */
export interface ListRequest extends AboutPath<'list'> {
  /** True: also names that begin with a dot. */
  readonly hidden: boolean;
  /** Only names behind this one; absent: from the first on. */
  readonly after?: string | undefined;
}

export type StatRequest = AboutPath<'stat'>;

export interface MakeFolderRequest extends AboutPath<'mkdir'> {
  /** True: also what is missing above it, and no error if it is there. */
  readonly parents: boolean;
}

export type RemoveFolderRequest = AboutPath<'rmdir'>;

export interface RenameRequest extends AboutPath<'rename'> {
  readonly to: RemotePath;
  /** True: a file at `to` is replaced by a file. */
  readonly replace: boolean;
}

export type DeleteRequest = AboutPath<'delete'>;

export interface TouchRequest extends AboutPath<'touch'> {
  /** ms since 1970 */
  readonly mtimeMs: number;
}

export interface ChmodRequest extends AboutPath<'chmod'> {
  /** Permission bits. */
  readonly mode: number;
}

/** BLAKE3 of a whole file. */
export type ChecksumRequest = AboutPath<'checksum'>;

/** Space of the file system that `path` is on. */
export type SpaceRequest = AboutPath<'space'>;

/** Name, kind (index of ENTRY_KINDS), size in bytes, mtime in ms since 1970, permission bits. */
export type WireEntry = readonly [string, number, number, number, number];

export const ENTRY_KINDS = ['file', 'folder', 'link', 'special'] as const;
export type EntryKind = (typeof ENTRY_KINDS)[number];

export interface EntriesAnswer {
  readonly kind: 'entries';
  readonly re: number;
  readonly entries: readonly WireEntry[];
  /** What to ask for next in `after`; absent: that was all. */
  readonly next?: string | undefined;
}

export interface EntryAnswer {
  readonly kind: 'entry';
  readonly re: number;
  readonly entry: WireEntry;
}

/** It is done, and stays done if the server loses power now. */
export interface DoneAnswer {
  readonly kind: 'done';
  readonly re: number;
}

export interface ChecksumAnswer {
  readonly kind: 'checksum';
  readonly re: number;
  /** BLAKE3, 32 bytes. */
  readonly checksum: Uint8Array;
  readonly bytes: number;
}

export interface SpaceAnswer {
  readonly kind: 'space';
  readonly re: number;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export type OperationRequest =
  | ListRequest
  | StatRequest
  | MakeFolderRequest
  | RemoveFolderRequest
  | RenameRequest
  | DeleteRequest
  | TouchRequest
  | ChmodRequest
  | ChecksumRequest
  | SpaceRequest;

export type OperationAnswer =
  EntriesAnswer | EntryAnswer | DoneAnswer | ChecksumAnswer | SpaceAnswer;
