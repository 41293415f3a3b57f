/** Sizes and byte positions of the 20-byte header (docs/PROTOCOL.md, "Header"). */

export const HEADER_BYTES = 20;
export const HEADER_MAX_BYTES = 252;

/** P-HDR-02: header of every op and dat segment: 20 bytes, TXN, LEN, two bytes of padding. */
export const STREAM_HEADER_BYTES = 32;

/** Byte positions in the header. */
export const AT = {
  SOURCE_PORT: 0,
  DESTINATION_PORT: 2,
  SEQ: 4,
  ACK: 8,
  HEADER_LENGTH: 12,
  FLAGS: 13,
  CHECKSUM: 14,
  ERROR: 16,
  WINDOW: 17,
} as const;

/** A SYN fills this many bytes, or it is ignored: no small question draws a larger answer. */
export const SYN_BYTES = 1200;

/** Length of the value of COOKIE: a time stamp and a MAC (`crypto/cookie.ts`). */
export const COOKIE_BYTES = 20;
/** Length of a reset token, in RESET and RESET_TOKEN. */
export const RESET_TOKEN_BYTES = 16;
/** Length of the random value in CHALLENGE. */
export const CHALLENGE_BYTES = 8;
/** A stateless reset: header, LEN, RESET, padding. What it answers must be longer. */
export const RESET_SEGMENT_BYTES = 44;

/** Smallest and largest datagram this implementation sends. */
export const MIN_SEGMENT_BYTES = 1200;
export const MAX_DATAGRAM_BYTES = 65_507;

/** Largest value of the 24-bit window field; segments. */
export const MAX_WINDOW_SEGMENTS = 0xff_ffff;

/** Largest op record; bytes. */
export const MAX_MESSAGE_BYTES = 16_384;
