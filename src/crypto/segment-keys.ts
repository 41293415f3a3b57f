/**
 * The keys that seal the segments of one direction, and the sealing itself.
 *
 * P-KEY-05: the nonce is four zero bytes and the unwrapped TXN, 64 bits little-endian, as Noise
 * counts (§12.3). Associated data: header and options, the checksum as zero, because it is written
 * after sealing. P-KEY-06: every 2^22 numbers begin an epoch with a key of its own: HKDF makes each
 * from the one before, and what is used up is wiped, so that a key that leaks later opens nothing
 * older.
 */
import { assert } from '../util/assert.ts';
import { AT, HEADER_BYTES, HEADER_MAX_BYTES } from '../wire/layout.ts';
import { asciiBytes } from './ascii.ts';
import { copyOf } from './copy.ts';
import { hkdf } from './hkdf.ts';
import { AEAD_KEY_BYTES, NONCE_BYTES, type Primitives } from './primitives.ts';

/** Transmission numbers under one key. */
export const EPOCH_TXNS = 2 ** 22;
/** P-KEY-09: a sender whose key is older jumps to the next epoch (see `jumpTxn`); milliseconds. */
export const KEY_LIFETIME_MS = 900_000;
/**
 * Forgeries tried on one key before it opens nothing more (RFC 9001 §6.6). Not lower: a low limit
 * would let a stranger who forges segments end connections.
 */
export const MAX_FAILED_OPENS = 2 ** 36;

const TWO_32 = 2 ** 32;
const CHAIN_BYTES = 32;
const NO_SALT = new Uint8Array(0);
const INFO = asciiBytes('lftp-udp segment epoch');

// Sealing is synchronous, so all connections share these; a view for each length of header.
const nonce = new Uint8Array(NONCE_BYTES);
const associated = new Uint8Array(HEADER_MAX_BYTES);
const associatedViews: Uint8Array[] = [];

export interface SegmentKeysOptions {
  readonly primitives: Primitives;
  /** The direction's key from the handshake, 32 bytes; copied, and the copy soon wiped. */
  readonly rootKey: Uint8Array;
  /** First unwrapped TXN of this direction: its epoch has the first key. */
  readonly firstTxn: number;
  readonly maxFailedOpens?: number;
  /** Length of an epoch; tests make it short. */
  readonly epochTxns?: number;
}

interface EpochKey {
  readonly key: Uint8Array;
  failedOpens: number;
}

/**
 * One direction of a connection: either its sender seals with it, or its receiver opens.
 * `seal` and `open` have the shape of the transport's `Sealer`.
 */
export class SegmentKeys {
  private readonly primitives: Primitives;
  private readonly maxFailedOpens: number;
  readonly epochTxns: number;
  /** Secret from which the next key comes. */
  private chain: Uint8Array;
  /** Epoch of `current`; `previous` is the one before it, `next` the one after. */
  private epoch: number;
  private previous: EpochKey | undefined;
  private current: EpochKey;
  private next: EpochKey | undefined;
  private lastSealedTxn = -1;
  private failures = 0;
  private worn = false;

  constructor(options: SegmentKeysOptions) {
    assert(options.rootKey.length === CHAIN_BYTES, 'a root key has 32 bytes');
    this.primitives = options.primitives;
    this.maxFailedOpens = options.maxFailedOpens ?? MAX_FAILED_OPENS;
    this.epochTxns = options.epochTxns ?? EPOCH_TXNS;
    this.chain = copyOf(options.rootKey);
    this.epoch = Math.floor(options.firstTxn / this.epochTxns);
    this.current = this.derive();
  }

  /** Segments that were refused as not authentic, under all keys. */
  get failedOpens(): number {
    return this.failures;
  }

  /** P-KEY-08: a key has met its limit of forgeries, opens nothing more, and ends all. */
  get isWorn(): boolean {
    return this.worn;
  }

  /**
   * Where a sender goes on to have a new key: the first TXN of the next epoch. The numbers between
   * are skipped, so they must count as never sent.
   * @param txn the one it would use otherwise; returned when that one is in the next epoch anyway,
   *   because the receiver would not follow over two
   */
  jumpTxn(txn: number): number {
    return Math.max(txn, (this.epoch + 1) * this.epochTxns);
  }

  /**
   * Encrypts `buffer[payloadStart … payloadEnd)` in place and appends the 16 bytes of the tag.
   * @param headerStart first byte of the header
   * @param txn unwrapped TXN, above all that were sealed before: a nonce never serves twice
   */
  seal(
    buffer: Uint8Array,
    headerStart: number,
    payloadStart: number,
    payloadEnd: number,
    txn: number,
  ): void {
    assert(txn > this.lastSealedTxn && Number.isSafeInteger(txn), 'a TXN is sealed once, in order');
    this.lastSealedTxn = txn;
    const epoch = Math.floor(txn / this.epochTxns);
    assert(epoch >= this.epoch && epoch <= this.epoch + 1, 'a TXN outside this and the next epoch');
    if (epoch > this.epoch) this.advance();
    const ad = this.prepare(buffer, headerStart, payloadStart, txn);
    const { key } = this.current;
    this.primitives.aead.seal(key, nonce, ad, buffer, payloadStart, payloadEnd);
  }

  /**
   * Opens in place; `payloadEnd` includes the tag. Only the epochs around the current one have
   * keys here, and the current one moves when a segment of the next opens.
   * @returns false when the segment is not authentic; the payload is then unspecified
   */
  open(
    buffer: Uint8Array,
    headerStart: number,
    payloadStart: number,
    payloadEnd: number,
    txn: number,
  ): boolean {
    const epoch = Math.floor(txn / this.epochTxns);
    const key = this.keyOf(epoch);
    if (key === undefined || key.failedOpens >= this.maxFailedOpens) return false;
    const ad = this.prepare(buffer, headerStart, payloadStart, txn);
    const { aead } = this.primitives;
    if (!aead.open(key.key, nonce, ad, buffer, payloadStart, payloadEnd)) {
      key.failedOpens += 1;
      this.failures += 1;
      if (key.failedOpens >= this.maxFailedOpens) this.worn = true;
      return false;
    }
    if (epoch > this.epoch) this.advance();
    return true;
  }

  /** Overwrites every key: nothing can be sealed or opened afterwards. */
  wipe(): void {
    const { primitives } = this;
    primitives.wipe(this.chain);
    for (const held of [this.previous, this.current, this.next]) {
      if (held !== undefined) primitives.wipe(held.key);
    }
    // No epoch has a key now: sealing is an assertion, opening says no.
    this.epoch = NaN;
  }

  private keyOf(epoch: number): EpochKey | undefined {
    if (epoch === this.epoch) return this.current;
    if (epoch === this.epoch - 1) return this.previous;
    if (epoch !== this.epoch + 1) return undefined;
    // Kept once made: or each forgery of the next epoch would cost a derivation.
    this.next ??= this.derive();
    return this.next;
  }

  private advance(): void {
    if (this.previous !== undefined) this.primitives.wipe(this.previous.key);
    this.previous = this.current;
    this.current = this.next ?? this.derive();
    this.next = undefined;
    this.epoch += 1;
  }

  /** The key of the epoch after all that were made, and the secret of the one after that. */
  private derive(): EpochKey {
    const { primitives } = this;
    const lengthBytes = CHAIN_BYTES + AEAD_KEY_BYTES;
    const both = hkdf(primitives, NO_SALT, this.chain, INFO, lengthBytes);
    primitives.wipe(this.chain);
    this.chain = copyOf(both, 0, CHAIN_BYTES);
    const key = copyOf(both, CHAIN_BYTES);
    primitives.wipe(both);
    return { key, failedOpens: 0 };
  }

  /** Fills the nonce and the associated data, which it returns. */
  private prepare(
    buffer: Uint8Array,
    headerStart: number,
    payloadStart: number,
    txn: number,
  ): Uint8Array {
    const length = payloadStart - headerStart;
    assert(length >= HEADER_BYTES && length <= HEADER_MAX_BYTES, 'no header to authenticate');
    for (let i = 0; i < length; i += 1) associated[i] = buffer[headerStart + i]!;
    associated[AT.CHECKSUM] = 0;
    associated[AT.CHECKSUM + 1] = 0;
    let low = txn % TWO_32;
    let high = Math.floor(txn / TWO_32);
    for (let i = 0; i < 4; i += 1) {
      nonce[4 + i] = low;
      nonce[8 + i] = high;
      low >>>= 8;
      high >>>= 8;
    }
    return (associatedViews[length] ??= associated.subarray(0, length));
  }
}
