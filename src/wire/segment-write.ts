/** One segment, values to bytes, in the order a writer needs them. */
import { putUint16, putUint32 } from './bytes.ts';
import { checksum } from './checksum.ts';
import { OPTION } from './codes.ts';
import {
  AT,
  CHALLENGE_BYTES,
  COOKIE_BYTES,
  HEADER_BYTES,
  RESET_SEGMENT_BYTES,
  RESET_TOKEN_BYTES,
  STREAM_HEADER_BYTES,
} from './layout.ts';

/** Header values of a segment to be written; the checksum is put in by `finishSegment`. */
export interface HeaderFields {
  sourcePort: number;
  destinationPort: number;
  seq: number;
  ack: number;
  flags: number;
  error: number;
  window: number;
}

/** Writes the fixed 20 bytes at `start`, checksum 0. `headerLength` is final when it is written. */
export function writeHeader(
  bytes: Uint8Array,
  start: number,
  fields: HeaderFields,
  headerLength: number,
): void {
  putUint16(bytes, start + AT.SOURCE_PORT, fields.sourcePort);
  putUint16(bytes, start + AT.DESTINATION_PORT, fields.destinationPort);
  putUint32(bytes, start + AT.SEQ, fields.seq);
  putUint32(bytes, start + AT.ACK, fields.ack);
  bytes[start + AT.HEADER_LENGTH] = headerLength;
  bytes[start + AT.FLAGS] = fields.flags;
  putUint16(bytes, start + AT.CHECKSUM, 0);
  bytes[start + AT.ERROR] = fields.error;
  bytes[start + AT.WINDOW] = fields.window >>> 16;
  putUint16(bytes, start + AT.WINDOW + 1, fields.window & 0xffff);
}

/** Writes TXN, LEN and two PADs behind the fixed header: the 12 option bytes of every segment. */
export function writeCommonOptions(
  bytes: Uint8Array,
  start: number,
  txn: number,
  payloadBytes: number,
): void {
  const at = start + HEADER_BYTES;
  bytes[at] = OPTION.TXN;
  bytes[at + 1] = 6;
  putUint32(bytes, at + 2, txn);
  bytes[at + 6] = OPTION.LEN;
  bytes[at + 7] = 4;
  putUint16(bytes, at + 8, payloadBytes);
  bytes[at + 10] = OPTION.PAD;
  bytes[at + 11] = OPTION.PAD;
}

/** Writes PART behind the common options; returns the header length with it, padded to 4. */
export function writePart(bytes: Uint8Array, start: number, offset: number, total: number): number {
  const at = start + STREAM_HEADER_BYTES;
  bytes[at] = OPTION.PART;
  bytes[at + 1] = 6;
  putUint16(bytes, at + 2, offset);
  putUint16(bytes, at + 4, total);
  bytes[at + 6] = OPTION.PAD;
  bytes[at + 7] = OPTION.PAD;
  return STREAM_HEADER_BYTES + 8;
}

/** Writes CLOSE behind the common options; returns the header length with it, padded to 4. */
export function writeClose(bytes: Uint8Array, start: number, stage: number): number {
  const at = start + STREAM_HEADER_BYTES;
  bytes[at] = OPTION.CLOSE;
  bytes[at + 1] = 3;
  bytes[at + 2] = stage;
  bytes[at + 3] = OPTION.PAD;
  return STREAM_HEADER_BYTES + 4;
}

/** Writes VERSIONS behind the common options; returns the header length with it, padded to 4. */
export function writeVersions(
  bytes: Uint8Array,
  start: number,
  versions: readonly number[],
): number {
  const at = start + STREAM_HEADER_BYTES;
  bytes[at] = OPTION.VERSIONS;
  bytes[at + 1] = 2 + versions.length;
  versions.forEach((version, i) => (bytes[at + 2 + i] = version));
  const padded = (2 + versions.length + 3) & ~3;
  bytes.fill(OPTION.PAD, at + 2 + versions.length, at + padded);
  return STREAM_HEADER_BYTES + padded;
}

/**
 * Writes COOKIE behind what ends at `start + headerLength`, zeros when there is none yet: so the
 * opening is the same datagram but for these bytes. Returns the header length, padded to 4.
 */
export function writeCookie(
  bytes: Uint8Array,
  start: number,
  headerLength: number,
  cookie: Uint8Array | undefined,
): number {
  const at = start + headerLength;
  bytes[at] = OPTION.COOKIE;
  bytes[at + 1] = 2 + COOKIE_BYTES;
  bytes.fill(OPTION.PAD, at + 2, at + 4 + COOKIE_BYTES);
  if (cookie !== undefined) bytes.set(cookie, at + 2);
  return headerLength + 4 + COOKIE_BYTES;
}

/** Writes CHALLENGE behind the common options; returns the header length, padded to 4. */
export function writeChallenge(
  bytes: Uint8Array,
  start: number,
  value: Uint8Array,
  isAnswer: boolean,
): number {
  const at = start + STREAM_HEADER_BYTES;
  bytes[at] = OPTION.CHALLENGE;
  bytes[at + 1] = 3 + CHALLENGE_BYTES;
  bytes[at + 2] = isAnswer ? 1 : 0;
  bytes.set(value, at + 3);
  bytes[at + 3 + CHALLENGE_BYTES] = OPTION.PAD;
  return STREAM_HEADER_BYTES + 4 + CHALLENGE_BYTES;
}

/** Writes LEN (nothing follows) and RESET behind a fixed header of `RESET_SEGMENT_BYTES`. */
export function writeReset(bytes: Uint8Array, start: number, token: Uint8Array): void {
  const at = start + HEADER_BYTES;
  bytes[at] = OPTION.LEN;
  bytes[at + 1] = 4;
  putUint16(bytes, at + 2, 0);
  bytes[at + 4] = OPTION.RESET;
  bytes[at + 5] = 2 + RESET_TOKEN_BYTES;
  bytes.set(token, at + 6);
  bytes.fill(OPTION.PAD, at + 6 + RESET_TOKEN_BYTES, start + RESET_SEGMENT_BYTES);
}

/** Puts LEN's value in after the payload is known, where `writeCommonOptions` left it. */
export function patchLength(bytes: Uint8Array, start: number, payloadBytes: number): void {
  putUint16(bytes, start + HEADER_BYTES + 8, payloadBytes);
}

/** Computes and stores the checksum over `[start, coveredEnd)`: the last step of encoding. */
export function finishSegment(bytes: Uint8Array, start: number, coveredEnd: number): void {
  putUint16(bytes, start + AT.CHECKSUM, 0);
  putUint16(bytes, start + AT.CHECKSUM, checksum(bytes, start, coveredEnd));
}
