/**
 * Noise's SymmetricState and the CipherState inside it (Noise §5.1, §5.2): chaining key, transcript
 * hash, and the key that encrypts handshake payloads once there is one.
 */
import { assert } from '../util/assert.ts';
import { copyOf } from './copy.ts';
import { hkdfPair } from './hkdf.ts';
import { AEAD_KEY_BYTES, NONCE_BYTES, type Primitives, TAG_BYTES } from './primitives.ts';

const NOTHING = new Uint8Array(0);

export class SymmetricState {
  private readonly primitives: Primitives;
  private h: Uint8Array;
  private chainingKey: Uint8Array;
  private key: Uint8Array | undefined;
  /** Messages under the present key: its nonce. XX never has more than two. */
  private count = 0;

  /** @param from the state to copy, or the protocol's name to begin with (Noise §5.2) */
  constructor(primitives: Primitives, from: Uint8Array | SymmetricState) {
    this.primitives = primitives;
    if (from instanceof SymmetricState) {
      this.h = copyOf(from.h);
      this.chainingKey = copyOf(from.chainingKey);
      this.key = from.key && copyOf(from.key);
      this.count = from.count;
      return;
    }
    // A name no longer than the hash is padded with zeros instead of hashed.
    const isShort = from.length <= primitives.hashBytes;
    this.h = isShort ? new Uint8Array(primitives.hashBytes) : primitives.hash(from);
    if (isShort) this.h.set(from);
    this.chainingKey = copyOf(this.h);
  }

  /** A copy on which a message can be tried without harm to this state. */
  copy(): SymmetricState {
    return new SymmetricState(this.primitives, this);
  }

  /** `h`: everything that was said so far; a copy. */
  get handshakeHash(): Uint8Array {
    return copyOf(this.h);
  }

  mixKey(inputKey: Uint8Array): void {
    const { primitives } = this;
    const [chainingKey, key] = hkdfPair(primitives, this.chainingKey, inputKey);
    this.wipe();
    this.chainingKey = chainingKey;
    this.key = copyOf(key, 0, AEAD_KEY_BYTES);
    primitives.wipe(key);
    this.count = 0;
  }

  mixHash(data: Uint8Array): void {
    const input = new Uint8Array(this.h.length + data.length);
    input.set(this.h);
    input.set(data, this.h.length);
    this.h = this.primitives.hash(input);
  }

  /**
   * Encrypts `out[from … to)` in place; returns where it ends now. Noise lets text pass as it is
   * while there is no key; in XX that is message 1 alone, which never comes here.
   */
  encryptAndHash(out: Uint8Array, from: number, to: number): number {
    assert(this.key !== undefined, 'no key to encrypt with');
    this.primitives.aead.seal(this.key, this.nonce(), this.h, out, from, to);
    this.count += 1;
    this.mixHash(out.subarray(from, to + TAG_BYTES));
    return to + TAG_BYTES;
  }

  /**
   * Decrypts `buffer[from … to)` in place, at least a tag; returns where the clear text ends, or
   * undefined when it is not authentic.
   */
  decryptAndHash(buffer: Uint8Array, from: number, to: number): number | undefined {
    assert(this.key !== undefined, 'no key to decrypt with');
    const sealed = copyOf(buffer, from, to);
    if (!this.primitives.aead.open(this.key, this.nonce(), this.h, buffer, from, to)) {
      return undefined;
    }
    this.count += 1;
    this.mixHash(sealed);
    return to - TAG_BYTES;
  }

  /** Noise §5.2: one transport key for each direction, the initiator's first. */
  split(): [Uint8Array, Uint8Array] {
    const { primitives } = this;
    const [first, second] = hkdfPair(primitives, this.chainingKey, NOTHING);
    // Longer hashes are cut to the length of a key.
    const pair: [Uint8Array, Uint8Array] = [
      copyOf(first, 0, AEAD_KEY_BYTES),
      copyOf(second, 0, AEAD_KEY_BYTES),
    ];
    primitives.wipe(first);
    primitives.wipe(second);
    return pair;
  }

  /** Overwrites chaining key and key; the transcript hash is no secret and stays. */
  wipe(): void {
    this.primitives.wipe(this.chainingKey);
    if (this.key !== undefined) this.primitives.wipe(this.key);
    this.key = undefined;
  }

  /** Noise §12.3: four zero bytes and the count, little-endian. */
  private nonce(): Uint8Array {
    assert(this.count < 256, 'more messages under a handshake key than the handshake has');
    const nonce = new Uint8Array(NONCE_BYTES);
    nonce[4] = this.count;
    return nonce;
  }
}
