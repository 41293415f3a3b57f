/**
 * One segment, bytes to values (`segment-write.ts` is the way back). Decoding fills a reused view,
 * allocates nothing and never throws; a bad segment is a `DropReason`.
 */
import { uint16, uint32 } from './bytes.ts';
import { checksum } from './checksum.ts';
import { type DropReason, FLAG, OPTION } from './codes.ts';
import {
  AT,
  CHALLENGE_BYTES,
  COOKIE_BYTES,
  HEADER_BYTES,
  HEADER_MAX_BYTES,
  RESET_TOKEN_BYTES,
} from './layout.ts';

/** The values of one decoded segment; `buffer` is borrowed from the datagram. */
export class SegmentView {
  buffer: Uint8Array = new Uint8Array(0);
  /** Positions in `buffer`. */
  headerStart = 0;
  payloadStart = 0;
  payloadEnd = 0;
  sourcePort = 0;
  destinationPort = 0;
  /** Wire values, 32 bits; `serial.ts` unwraps them. */
  seq = 0;
  ack = 0;
  flags = 0;
  error = 0;
  window = 0;
  hasTxn = false;
  txn = 0;
  /** PART: the piece begins `partOffset` bytes into a segment of `partTotal`; 0 = whole. */
  partOffset = 0;
  partTotal = 0;
  /** CLOSE stage 1…4, 0 = none. */
  closeStage = 0;
  /** True when VERSIONS was present and lists the version looked for. */
  speaksVersion = false;
  /** Position of RESET's token in `buffer`, -1 = none. */
  resetAt = -1;
  /** Position of COOKIE's value, -1 = none. */
  cookieAt = -1;
  /** Position of CHALLENGE's value, -1 = none; and whether it is the answer to one. */
  challengeAt = -1;
  isChallengeAnswer = false;

  /** Whether RESET was present. */
  get hasReset(): boolean {
    return this.resetAt >= 0;
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }

  /** Bytes of payload. */
  get payloadBytes(): number {
    return this.payloadEnd - this.payloadStart;
  }
}

/** P-HDR-05: which flags may stand together; everything else is no segment of ours. */
export function isFlagCombination(flags: number): boolean {
  const stream = flags & (FLAG.OP | FLAG.DAT);
  if ((flags & FLAG.CNT) !== 0) return stream === 0 && (flags & FLAG.END) === 0;
  if ((flags & (FLAG.SYN | FLAG.FIN)) !== 0) return false;
  if (stream === 0) return (flags & FLAG.ACK) !== 0 && (flags & FLAG.END) === 0;
  return stream !== (FLAG.OP | FLAG.DAT);
}

/** P-HDR-05 of a stream segment that has no header of its own: the one in the third message. */
export function isStreamCombination(flags: number): boolean {
  const isStream = (flags & (FLAG.OP | FLAG.DAT)) !== 0;
  return isStream && (flags & FLAG.RESERVED) === 0 && isFlagCombination(flags);
}

/**
 * Decodes the segment that begins at `start` of `bytes[… end)` into `into`.
 * @param payloadCovered whether the checksum covers the payload too (unsealed traffic)
 * @param wireVersion the version looked for in VERSIONS
 * @returns undefined when `into` holds a valid segment, else why it is dropped
 */
export function decodeSegment(
  bytes: Uint8Array,
  start: number,
  end: number,
  payloadCovered: boolean,
  wireVersion: number,
  into: SegmentView,
): DropReason | undefined {
  if (end - start < HEADER_BYTES) return 'short';
  const headerLength = bytes[start + AT.HEADER_LENGTH]!;
  // P-HDR-03: 20 … 252, and within the datagram.
  if (headerLength < HEADER_BYTES || headerLength > HEADER_MAX_BYTES) return 'headerLength';
  if (start + headerLength > end) return 'headerLength';
  const flags = bytes[start + AT.FLAGS]!;
  if ((flags & FLAG.RESERVED) !== 0) return 'reservedFlag'; // P-HDR-04
  if (!isFlagCombination(flags)) return 'flagCombination';
  into.buffer = bytes;
  into.headerStart = start;
  into.flags = flags;
  into.sourcePort = uint16(bytes, start + AT.SOURCE_PORT);
  into.destinationPort = uint16(bytes, start + AT.DESTINATION_PORT);
  into.seq = uint32(bytes, start + AT.SEQ);
  into.ack = uint32(bytes, start + AT.ACK);
  into.error = bytes[start + AT.ERROR]!;
  into.window = (bytes[start + AT.WINDOW]! << 16) | uint16(bytes, start + AT.WINDOW + 1);
  into.payloadStart = start + headerLength;
  const problem = decodeOptions(bytes, start, end, wireVersion, into);
  if (problem !== undefined) return problem;
  // P-HDR-06: a segment whose own sum does not come to zero is noise.
  const isCovered = payloadCovered || isClear(flags);
  if (checksum(bytes, start, isCovered ? into.payloadEnd : into.payloadStart) !== 0) {
    return 'checksum';
  }
  return undefined;
}

/** A SYN's payload is never sealed, so its checksum covers it on every wire. */
export function isClear(flags: number): boolean {
  return (flags & (FLAG.SYN | FLAG.ACK)) === FLAG.SYN;
}

/** Reads the options between the fixed header and the payload, and LEN with them. */
function decodeOptions(
  bytes: Uint8Array,
  start: number,
  end: number,
  wireVersion: number,
  into: SegmentView,
): DropReason | undefined {
  into.hasTxn = false;
  into.partTotal = 0;
  into.closeStage = 0;
  into.speaksVersion = false;
  into.resetAt = -1;
  into.cookieAt = -1;
  into.challengeAt = -1;
  let payloadBytes = -1;
  let at = start + HEADER_BYTES;
  const stop = into.payloadStart;
  while (at < stop) {
    const kind = bytes[at]!;
    if (kind === OPTION.PAD) {
      at += 1;
      continue;
    }
    const length = at + 1 < stop ? bytes[at + 1]! : 0;
    // P-OPT-02: an option that is too short or runs over the header drops the segment.
    if (length < 2 || at + length > stop) return 'option';
    if (kind === OPTION.LEN) {
      if (length !== 4) return 'option';
      payloadBytes = uint16(bytes, at + 2);
    } else if (!decodeOption(bytes, at, length, wireVersion, into)) {
      return 'option';
    }
    at += length;
  }
  // P-OPT-03: every segment tells its payload's length, so that trains can be cut.
  if (payloadBytes < 0 || stop + payloadBytes > end) return 'length';
  into.payloadEnd = stop + payloadBytes;
  return undefined;
}

/** One option other than PAD and LEN; false when its length does not fit its kind. */
function decodeOption(
  bytes: Uint8Array,
  at: number,
  length: number,
  wireVersion: number,
  into: SegmentView,
): boolean {
  switch (bytes[at]) {
    case OPTION.TXN:
      into.hasTxn = true;
      into.txn = length === 6 ? uint32(bytes, at + 2) : 0;
      return length === 6;
    case OPTION.PART:
      into.partOffset = length === 6 ? uint16(bytes, at + 2) : 0;
      into.partTotal = length === 6 ? uint16(bytes, at + 4) : 0;
      return length === 6 && into.partTotal > 0;
    case OPTION.CLOSE:
      into.closeStage = length === 3 ? bytes[at + 2]! : 0;
      return into.closeStage >= 1 && into.closeStage <= 4;
    case OPTION.VERSIONS:
      for (let i = at + 2; i < at + length; i += 1) {
        if (bytes[i] === wireVersion) into.speaksVersion = true;
      }
      return true;
    case OPTION.RESET:
      into.resetAt = at + 2;
      return length === 2 + RESET_TOKEN_BYTES;
    case OPTION.COOKIE:
      into.cookieAt = at + 2;
      return length === 2 + COOKIE_BYTES;
    case OPTION.CHALLENGE:
      into.challengeAt = at + 3;
      into.isChallengeAnswer = bytes[at + 2] === 1;
      return length === 3 + CHALLENGE_BYTES && bytes[at + 2]! <= 1;
    default:
      return true; // P-OPT-01: unknown options are skipped by their length.
  }
}

/** Where COOKIE's value lies in a segment that begins at 0 of `bytes`; undefined without one. */
export function cookieRange(bytes: Uint8Array): { from: number; to: number } | undefined {
  const stop = Math.min(bytes[AT.HEADER_LENGTH] ?? 0, bytes.length);
  let at = HEADER_BYTES;
  while (at + 1 < stop) {
    const kind = bytes[at]!;
    const length = kind === OPTION.PAD ? 1 : bytes[at + 1]!;
    if (kind === OPTION.COOKIE && at + length <= stop) return { from: at + 2, to: at + length };
    if (length === 0) return undefined;
    at += length;
  }
  return undefined;
}
