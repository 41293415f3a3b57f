/** Both directions of a connection behind one object, in the shape of the transport's `Sealer`. */
import { TAG_BYTES } from './primitives.ts';
import type { SegmentKeys } from './segment-keys.ts';

export class SegmentSealer {
  readonly name = 'chacha20-poly1305';
  readonly overheadBytes = TAG_BYTES;
  /** The tag covers the payload, and the checksum need not. */
  readonly checksumCoversPayload = false;
  readonly sending: SegmentKeys;
  readonly receiving: SegmentKeys;

  constructor(sending: SegmentKeys, receiving: SegmentKeys) {
    this.sending = sending;
    this.receiving = receiving;
  }

  /** See `SegmentKeys.seal`. */
  seal(
    buffer: Uint8Array,
    headerStart: number,
    payloadStart: number,
    payloadEnd: number,
    txn: number,
  ): void {
    this.sending.seal(buffer, headerStart, payloadStart, payloadEnd, txn);
  }

  /** See `SegmentKeys.open`. */
  open(
    buffer: Uint8Array,
    headerStart: number,
    payloadStart: number,
    payloadEnd: number,
    txn: number,
  ): boolean {
    return this.receiving.open(buffer, headerStart, payloadStart, payloadEnd, txn);
  }

  /** Overwrites the keys of both directions. */
  wipe(): void {
    this.sending.wipe();
    this.receiving.wipe();
  }
}
