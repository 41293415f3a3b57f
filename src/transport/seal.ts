/**
 * The sealing seam: everything that leaves or arrives passes through a `Sealer`.
 *
 * Wire version 0 knows two: a pass-through (the checksum covers the payload, RFC 1071) and a toy
 * keyed MAC for the simulator, which catches every corruption there. Neither protects a secret.
 */

export interface Sealer {
  readonly name: string;
  /** Bytes that `seal` appends to a payload. */
  readonly overheadBytes: number;
  /** True when the header checksum must cover the payload because nothing else does. */
  readonly checksumCoversPayload: boolean;
  /**
   * Seals `buffer[payloadStart … payloadEnd)` in place and appends `overheadBytes`.
   * @param headerStart first byte of the header; header and options are associated data
   * @param txn unwrapped transmission number, the nonce
   */
  seal(
    buffer: Uint8Array,
    headerStart: number,
    payloadStart: number,
    payloadEnd: number,
    txn: number,
  ): void;
  /** Opens in place; false when the segment is not authentic. `payloadEnd` includes the tag. */
  open(
    buffer: Uint8Array,
    headerStart: number,
    payloadStart: number,
    payloadEnd: number,
    txn: number,
  ): boolean;
}

export const PASS_THROUGH: Sealer = {
  name: 'none',
  overheadBytes: 0,
  checksumCoversPayload: true,
  seal: () => undefined,
  open: () => true,
};
