/**
 * A file as chunks of 1 MiB: which of them two sides hold alike, and which bytes still have to
 * travel (docs/PROTOCOL.md, "Going on").
 */
import { DIGEST_BYTES } from '../message-types.ts';

export const CHUNK_BYTES = 1_048_576;

/** Bytes of a file from `start` up to and without `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Chunks of a file; the last one may be shorter. */
export function chunkCount(sizeBytes: number): number {
  return Math.ceil(sizeBytes / CHUNK_BYTES);
}

/** Where chunk number `chunk` of a file of `sizeBytes` begins; the end behind its last one. */
export function chunkStart(chunk: number, sizeBytes: number): number {
  return Math.min(chunk * CHUNK_BYTES, sizeBytes);
}

/** Numbers of the chunks whose digests differ; both hold 32 bytes for each chunk. */
export function differingChunks(mine: Uint8Array, theirs: Uint8Array): number[] {
  const chunks: number[] = [];
  for (let at = 0; at < theirs.length; at += DIGEST_BYTES) {
    for (let i = at; i < at + DIGEST_BYTES; i += 1) {
      if (mine[i] === theirs[i]) continue;
      chunks.push(at / DIGEST_BYTES);
      break;
    }
  }
  return chunks;
}

/**
 * First and last of each run of `chunks`, which ascend. With more runs than `maxRanges` the last
 * range spans the rest: a chunk too many costs bytes and nothing else.
 */
export function rangesOf(chunks: readonly number[], maxRanges: number): number[] {
  const ranges: number[] = [];
  for (const chunk of chunks) {
    const isNext = ranges.at(-1) === chunk - 1;
    if (isNext || ranges.length === 2 * maxRanges) ranges[ranges.length - 1] = chunk;
    else ranges.push(chunk, chunk);
  }
  return ranges;
}

/** Whether `ranges` ascend, do not touch one another twice, and lie below `count`. */
export function areRanges(ranges: readonly number[], count: number): boolean {
  let least = 0;
  for (let i = 0; i < ranges.length; i += 2) {
    const [first = 0, last = -1] = ranges.slice(i, i + 2);
    if (first < least || last < first || last >= count) return false;
    least = last + 1;
  }
  return true;
}

/**
 * What a record carries: the wanted of the first `held` chunks, then all that is behind these.
 * The last range is the one that goes to the end of the file; it may be empty.
 */
export function recordRanges(
  ranges: readonly number[],
  held: number,
  sizeBytes: number,
): ByteRange[] {
  const bytes: ByteRange[] = [];
  for (let i = 0; i < ranges.length; i += 2) {
    const [first = 0, last = 0] = ranges.slice(i, i + 2);
    const start = chunkStart(first, sizeBytes);
    bytes.push({ start, end: chunkStart(last + 1, sizeBytes) });
  }
  bytes.push({ start: chunkStart(held, sizeBytes), end: sizeBytes });
  return bytes;
}

/** Bytes of all ranges. */
export function bytesIn(ranges: readonly ByteRange[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}
