/**
 * The primitives that handshake and sealing are made of, as an interface: this folder never
 * touches a library. The implementations (libsodium, `node:crypto`) live in `io` and give the same
 * bytes.
 */

/** Bytes of an X25519 secret, public key or shared secret (RFC 7748 §6.1). */
export const KEY_BYTES = 32;
/** Bytes of a ChaCha20-Poly1305 key, nonce and tag (RFC 8439 §2.8). */
export const AEAD_KEY_BYTES = 32;
export const NONCE_BYTES = 12;
export const TAG_BYTES = 16;

/** ChaCha20-Poly1305 of RFC 8439, in place. Wrong sizes are a programmer's error: an assertion. */
export interface Aead {
  /**
   * Encrypts `buffer[from … to)` in place and writes the 16 bytes of the tag at `to`.
   * @param key 32 bytes
   * @param nonce 12 bytes, never used twice with one key
   * @param ad associated data: authenticated, not encrypted
   */
  seal(
    key: Uint8Array,
    nonce: Uint8Array,
    ad: Uint8Array,
    buffer: Uint8Array,
    from: number,
    to: number,
  ): void;
  /**
   * Decrypts `buffer[from … to)`, whose last 16 bytes are the tag, in place; the clear text ends
   * 16 bytes before `to`.
   * @returns false when it is not authentic; the range is then unspecified
   */
  open(
    key: Uint8Array,
    nonce: Uint8Array,
    ad: Uint8Array,
    buffer: Uint8Array,
    from: number,
    to: number,
  ): boolean;
}

/** Hash functions that the handshake can be run with; the protocol uses SHA256 alone. */
export type HashName = 'SHA256' | 'BLAKE2b';

export interface Primitives {
  /** Which library does the work: for logs and tests, never for decisions. */
  readonly name: string;
  readonly hashName: HashName;
  /** Length of a hash: 32 for SHA256, 64 for BLAKE2b. */
  readonly hashBytes: number;
  /** Block length of the hash, HMAC's B: 64 for SHA256, 128 for BLAKE2b. */
  readonly blockBytes: number;
  hash(data: Uint8Array): Uint8Array;
  /** HMAC with this hash (RFC 2104), a key of any length. */
  hmac(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** X25519 of a 32-byte secret and the base point (RFC 7748 §5). */
  publicKey(secret: Uint8Array): Uint8Array;
  /**
   * X25519 of a 32-byte secret and the peer's public key.
   * @returns undefined for the all-zero result, which a point of low order gives (RFC 7748 §6.1)
   */
  sharedSecret(secret: Uint8Array, publicKey: Uint8Array): Uint8Array | undefined;
  readonly aead: Aead;
  /** Compares in constant time; unequal lengths are unequal. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
  /** Overwrites a secret that is no longer needed. */
  wipe(bytes: Uint8Array): void;
}
