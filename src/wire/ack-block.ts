/**
 * The ack block: the payload of every acknowledgement (docs/PROTOCOL.md, "Ack block").
 *
 *   0  echo        newest ack-eliciting TXN received, 32 bits
 *   4  delay       how long ago it came, in units of 16 µs, saturating
 *   6  tmapWords   number of TMAP words, 0 = no TXN received yet and `echo` means nothing
 *   7  sackWords   number of SACK words
 *   8  credit      bytes that may follow `ack`, 32 bits, saturating
 *   12 sackStart   segment number of the first SACK bit, a multiple of 32
 *   16 TMAP words, then SACK words, 32 bits each, lowest number in the lowest bit
 *
 * The last TMAP word is the one that holds `echo`. Words are aligned to multiples of 32,
 * so that both sides compare whole words and pay only for what is new.
 */

import { putUint32, uint32 } from './bytes.ts';

export const ACK_BLOCK_FIXED_BYTES = 16;
export const ACK_DELAY_UNIT_MS = 0.016;
/** Most words of either bitmap; bounds the work of one acknowledgement (docs/LIMITS.md). */
export const MAX_TMAP_WORDS = 64;
export const MAX_SACK_WORDS = 32;

export class AckBlock {
  /** Wire value, 32 bits. */
  echo = 0;
  delayMs = 0;
  credit = 0;
  /** Wire value, a multiple of 32. */
  sackStart = 0;
  tmapWords = 0;
  sackWords = 0;
  readonly tmap = new Uint32Array(MAX_TMAP_WORDS);
  readonly sack = new Uint32Array(MAX_SACK_WORDS);
}

/** Writes `block` at `at`; returns the bytes written, at most 16 + 4 × 96. */
export function writeAckBlock(bytes: Uint8Array, at: number, block: AckBlock): number {
  const delay = Math.min(0xffff, Math.max(0, Math.round(block.delayMs / ACK_DELAY_UNIT_MS)));
  putUint32(bytes, at, block.echo);
  bytes[at + 4] = delay >>> 8;
  bytes[at + 5] = delay;
  bytes[at + 6] = block.tmapWords;
  bytes[at + 7] = block.sackWords;
  putUint32(bytes, at + 8, Math.min(0xffff_ffff, Math.max(0, block.credit)));
  putUint32(bytes, at + 12, block.sackStart);
  let next = at + ACK_BLOCK_FIXED_BYTES;
  for (let i = 0; i < block.tmapWords; i += 1, next += 4) putUint32(bytes, next, block.tmap[i]!);
  for (let i = 0; i < block.sackWords; i += 1, next += 4) putUint32(bytes, next, block.sack[i]!);
  return next - at;
}

function readWords(bytes: Uint8Array, start: number, count: number, into: Uint32Array): void {
  for (let i = 0, at = start; i < count; i += 1, at += 4) {
    into[i] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
  }
}

/** Reads an ack block that fills `bytes[start … end)` exactly; false when it does not. */
export function readAckBlock(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: AckBlock,
): boolean {
  if (end - start < ACK_BLOCK_FIXED_BYTES) return false;
  const tmapWords = bytes[start + 6]!;
  const sackWords = bytes[start + 7]!;
  if (tmapWords > MAX_TMAP_WORDS || sackWords > MAX_SACK_WORDS) return false;
  if (end - start !== ACK_BLOCK_FIXED_BYTES + 4 * (tmapWords + sackWords)) return false;
  into.echo = uint32(bytes, start);
  into.delayMs = ((bytes[start + 4]! << 8) | bytes[start + 5]!) * ACK_DELAY_UNIT_MS;
  into.tmapWords = tmapWords;
  into.sackWords = sackWords;
  into.credit = uint32(bytes, start + 8);
  into.sackStart = uint32(bytes, start + 12);
  if ((into.sackStart & 31) !== 0) return false;
  const tmapStart = start + ACK_BLOCK_FIXED_BYTES;
  readWords(bytes, tmapStart, tmapWords, into.tmap);
  readWords(bytes, tmapStart + 4 * tmapWords, sackWords, into.sack);
  return true;
}
