/**
 * The sealing seam: everything that leaves or arrives passes through a `Sealer`.
 *
 * Without keys there are two: a pass-through (the checksum covers the payload, RFC 1071) and a toy
 * keyed MAC for the simulator, which catches every corruption there. Neither protects a secret.
 */
import type { KeyEpochs } from '../crypto/segment-sealer.ts';
import { AT } from '../wire/layout.ts';

export interface Sealer {
  readonly name: string;
  /** Bytes that `seal` appends to a payload. */
  readonly overheadBytes: number;
  /** True when the header checksum must cover the payload because nothing else does. */
  readonly checksumCoversPayload: boolean;
  /** Absent where there are no keys, or the same ones for ever. */
  readonly keys?: KeyEpochs;
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

const MAC_BYTES = 8;
/** The checksum is written after sealing, so it is no associated data. */
const CHECKSUM_AT = AT.CHECKSUM;

/**
 * A keyed 64-bit checksum under the name of a MAC: it catches every fault that chance brings, and
 * no attacker. The payload stays readable.
 * @param key any number; both sides need the same
 */
export function toyMac(key: number): Sealer {
  return {
    name: 'toyMac',
    overheadBytes: MAC_BYTES,
    checksumCoversPayload: false,
    seal: (buffer, headerStart, _payloadStart, payloadEnd, txn) => {
      writeTag(buffer, headerStart, payloadEnd, key, txn);
    },
    open: (buffer, headerStart, _payloadStart, payloadEnd, txn) =>
      hasTag(buffer, headerStart, payloadEnd - MAC_BYTES, key, txn),
  };
}

const tag = new Uint32Array(2);

/** Mixes header, options and payload into `tag`, four bytes at a time. */
function mix(buffer: Uint8Array, start: number, end: number, key: number, txn: number): void {
  let a = (key ^ 0x9e3779b9) | 0;
  let b = Math.imul(txn >>> 0, 0x85ebca6b) ^ (end - start);
  for (let at = start; at < end; at += 4) {
    let word = buffer[at]!;
    if (at + 3 < end) {
      word |= (buffer[at + 1]! << 8) | (buffer[at + 2]! << 16) | (buffer[at + 3]! << 24);
    } else {
      for (let i = 1; at + i < end; i += 1) word |= buffer[at + i]! << (8 * i);
    }
    if (at === start + CHECKSUM_AT - 2) word &= 0xffff;
    a = Math.imul(a ^ word, 0x01000193);
    a = (a << 13) | (a >>> 19);
    b = Math.imul(b + word, 0xc2b2ae35) ^ (b >>> 15);
  }
  tag[0] = Math.imul(a ^ (b >>> 16), 0x5bd1e995);
  tag[1] = Math.imul(b ^ (a >>> 16), 0x27d4eb2f);
}

function writeTag(buffer: Uint8Array, start: number, end: number, key: number, txn: number): void {
  mix(buffer, start, end, key, txn);
  for (let i = 0; i < MAC_BYTES; i += 1) buffer[end + i] = tag[i >> 2]! >>> (8 * (i & 3));
}

function hasTag(buffer: Uint8Array, start: number, end: number, key: number, txn: number): boolean {
  mix(buffer, start, end, key, txn);
  for (let i = 0; i < MAC_BYTES; i += 1) {
    if (buffer[end + i] !== ((tag[i >> 2]! >>> (8 * (i & 3))) & 0xff)) return false;
  }
  return true;
}
