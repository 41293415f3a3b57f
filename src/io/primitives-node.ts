/**
 * The primitives by `node:crypto` alone: the fallback where libsodium has no prebuilt binary, and
 * the hash functions of both implementations, because OpenSSL's SHA-256 uses the processor's.
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  hash,
  type KeyObject,
  timingSafeEqual,
} from 'node:crypto';
import {
  type Aead,
  AEAD_KEY_BYTES,
  type HashName,
  KEY_BYTES,
  NONCE_BYTES,
  type Primitives,
  TAG_BYTES,
} from '../crypto/primitives.ts';
import { assert } from '../util/assert.ts';

/**
 * Raw keys enter as JWK (RFC 8037): OpenSSL 3 takes eight times as long to read them from DER. The
 * price is a text of each secret that cannot be overwritten, only collected.
 */
const JWK = { kty: 'OKP', crv: 'X25519' } as const;

const CIPHER = 'chacha20-poly1305';
const CIPHER_OPTIONS = { authTagLength: TAG_BYTES } as const;

/** Wrong sizes must end here: a library in C may end the process instead. */
export function checkAead(
  key: Uint8Array,
  nonce: Uint8Array,
  buffer: Uint8Array,
  from: number,
  sealedEnd: number,
): void {
  assert(key.length === AEAD_KEY_BYTES && nonce.length === NONCE_BYTES, 'key or nonce too short');
  assert(from >= 0 && sealedEnd <= buffer.length, 'sealed bytes outside the buffer');
  assert(sealedEnd - from >= TAG_BYTES, 'no room for the tag');
}

const nodeAead: Aead = {
  seal: (key, nonce, ad, buffer, from, to) => {
    checkAead(key, nonce, buffer, from, to + TAG_BYTES);
    const cipher = createCipheriv(CIPHER, key, nonce, CIPHER_OPTIONS);
    cipher.setAAD(ad, { plaintextLength: to - from });
    const sealed = cipher.update(buffer.subarray(from, to));
    cipher.final();
    buffer.set(sealed, from);
    buffer.set(cipher.getAuthTag(), to);
  },
  open: (key, nonce, ad, buffer, from, to) => {
    checkAead(key, nonce, buffer, from, to);
    const tagAt = to - TAG_BYTES;
    const decipher = createDecipheriv(CIPHER, key, nonce, CIPHER_OPTIONS);
    decipher.setAAD(ad, { plaintextLength: tagAt - from });
    decipher.setAuthTag(buffer.subarray(tagAt, to));
    const opened = decipher.update(buffer.subarray(from, tagAt));
    try {
      decipher.final();
    } catch {
      return false;
    }
    buffer.set(opened, from);
    return true;
  },
};

function privateKeyOf(secret: Uint8Array): KeyObject {
  assert(secret.length === KEY_BYTES, 'an X25519 secret has 32 bytes');
  // The public half is asked for and never looked at.
  const key = { ...JWK, d: base64urlOf(secret), x: '' };
  return createPrivateKey({ key, format: 'jwk' });
}

function base64urlOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64url');
}

function publicKey(secret: Uint8Array): Uint8Array {
  const { x } = createPublicKey(privateKeyOf(secret)).export({ format: 'jwk' });
  assert(x !== undefined, 'a public key without its bytes');
  return new Uint8Array(Buffer.from(x, 'base64url'));
}

function sharedSecret(secret: Uint8Array, peerKey: Uint8Array): Uint8Array | undefined {
  assert(peerKey.length === KEY_BYTES, 'an X25519 public key has 32 bytes');
  const privateKey = privateKeyOf(secret);
  const theirs = createPublicKey({ key: { ...JWK, x: base64urlOf(peerKey) }, format: 'jwk' });
  try {
    const shared = diffieHellman({ privateKey, publicKey: theirs });
    const copy = new Uint8Array(shared);
    shared.fill(0);
    return copy;
  } catch {
    // OpenSSL refuses the all-zero result itself; both keys were taken, so nothing else can fail.
    return undefined;
  }
}

const HASHES = {
  SHA256: { algorithm: 'sha256', hashBytes: 32, blockBytes: 64 },
  BLAKE2b: { algorithm: 'blake2b512', hashBytes: 64, blockBytes: 128 },
} as const;

/** @param hashName SHA256 for the protocol; BLAKE2b for tests against other implementations */
export function nodePrimitives(hashName: HashName): Primitives {
  const { algorithm, hashBytes, blockBytes } = HASHES[hashName];
  return {
    name: 'node',
    hashName,
    hashBytes,
    blockBytes,
    hash: (data) => new Uint8Array(hash(algorithm, data, 'buffer')),
    hmac: (key, data) => new Uint8Array(createHmac(algorithm, key).update(data).digest()),
    publicKey,
    sharedSecret,
    aead: nodeAead,
    equal: (a, b) => a.length === b.length && timingSafeEqual(a, b),
    wipe: (bytes) => {
      bytes.fill(0);
    },
  };
}
