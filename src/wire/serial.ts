/**
 * Serial numbers: 32 bits on the wire, ordinary numbers inside (RFC 1982, RFC 9000 appendix A.3).
 * No other file compares wire numbers.
 */

/** The 32 bits of `absolute` that travel. */
export function wrap(absolute: number): number {
  return absolute >>> 0;
}

/**
 * The number nearest to `expected` whose low 32 bits are `wire` (P-HDR-01, P-TXN-03).
 * Ambiguous at a distance of exactly 2^31, where the lower one is taken.
 */
export function unwrap(expected: number, wire: number): number {
  return expected + ((wire - (expected >>> 0)) | 0);
}
