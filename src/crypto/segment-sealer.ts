/** Both directions of a connection behind one object, in the shape of the transport's `Sealer`. */
import { TAG_BYTES } from './primitives.ts';
import { KEY_LIFETIME_MS, type SegmentKeys } from './segment-keys.ts';

/** What a connection has to know of keys that change while it lasts. */
export interface KeyEpochs {
  /** Transmission numbers under one key, a multiple of 32. */
  readonly epochTxns: number;
  /** Age at which a sender leaves its key; milliseconds. */
  readonly lifetimeMs: number;
  /** See `SegmentKeys.jumpTxn`, of the keys that seal. */
  jumpTxn(txn: number): number;
  /** See `SegmentKeys.isWorn`, of the keys that open. */
  isWorn(): boolean;
}

export class SegmentSealer {
  readonly name = 'chacha20-poly1305';
  readonly overheadBytes = TAG_BYTES;
  /** The tag covers the payload, and the checksum need not. */
  readonly checksumCoversPayload = false;
  readonly sending: SegmentKeys;
  readonly receiving: SegmentKeys;
  readonly keys: KeyEpochs;

  constructor(sending: SegmentKeys, receiving: SegmentKeys, lifetimeMs = KEY_LIFETIME_MS) {
    this.sending = sending;
    this.receiving = receiving;
    this.keys = {
      epochTxns: sending.epochTxns,
      lifetimeMs,
      jumpTxn: (txn) => sending.jumpTxn(txn),
      isWorn: () => receiving.isWorn,
    };
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
