/**
 * ChaCha20-Poly1305 and X25519 by libsodium, through the binary that `sodium-native` brings.
 *
 * The binary is loaded by its path and called directly: the package's own JavaScript searches for
 * it during 10 ms, throws an error for each forgery, and checks sizes that are checked here.
 */
import { createRequire } from 'node:module';
import {
  type Aead,
  type HashName,
  KEY_BYTES,
  type Primitives,
  TAG_BYTES,
} from '../crypto/primitives.ts';
import { assert } from '../util/assert.ts';
import { checkAead, nodePrimitives } from './primitives-node.ts';

type Bytes = Uint8Array;

/** What is used of the binary; the names are libsodium's, and results below zero are failures. */
interface Binding {
  crypto_aead_chacha20poly1305_ietf_encrypt(
    sealed: Bytes,
    clear: Bytes,
    ad: Bytes,
    nonce: Bytes,
    key: Bytes,
  ): number;
  crypto_aead_chacha20poly1305_ietf_decrypt_detached(
    clear: Bytes,
    sealed: Bytes,
    tag: Bytes,
    ad: Bytes,
    nonce: Bytes,
    key: Bytes,
  ): number;
  crypto_scalarmult_base(publicKey: Bytes, secret: Bytes): number;
  crypto_scalarmult(shared: Bytes, secret: Bytes, publicKey: Bytes): number;
  sodium_memzero(bytes: Bytes): void;
}

/** A view of `bytes[from … to)`, cheaper than `subarray`, and never a `Buffer`. */
function viewOf(bytes: Bytes, from: number, to: number): Bytes {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from);
}

class SodiumAead implements Aead {
  private readonly binding: Binding;
  private readonly tag = new Uint8Array(TAG_BYTES);
  /** Where was sealed last: trains are sealed in one buffer at equal places, without new views. */
  private owner: Bytes | undefined;
  private from = 0;
  private to = 0;
  private clear: Bytes = this.tag;
  private sealed: Bytes = this.tag;

  constructor(binding: Binding) {
    this.binding = binding;
  }

  seal(key: Bytes, nonce: Bytes, ad: Bytes, buffer: Bytes, from: number, to: number): void {
    checkAead(key, nonce, buffer, from, to + TAG_BYTES);
    if (this.owner !== buffer || this.from !== from || this.to !== to) {
      this.owner = buffer;
      this.from = from;
      this.to = to;
      this.clear = viewOf(buffer, from, to);
      this.sealed = viewOf(buffer, from, to + TAG_BYTES);
    }
    const { binding, clear, sealed } = this;
    const length = binding.crypto_aead_chacha20poly1305_ietf_encrypt(sealed, clear, ad, nonce, key);
    assert(length === sealed.length, 'sealing failed');
  }

  /** Received datagrams come in buffers of their own, so one view is made, and the tag copied. */
  open(key: Bytes, nonce: Bytes, ad: Bytes, buffer: Bytes, from: number, to: number): boolean {
    checkAead(key, nonce, buffer, from, to);
    const { binding, tag } = this;
    const tagAt = to - TAG_BYTES;
    for (let i = 0; i < TAG_BYTES; i += 1) tag[i] = buffer[tagAt + i] ?? 0;
    const view = viewOf(buffer, from, tagAt);
    const result = binding.crypto_aead_chacha20poly1305_ietf_decrypt_detached(
      view,
      view,
      tag,
      ad,
      nonce,
      key,
    );
    return result === 0;
  }
}

let loaded: Binding | undefined;

/** @throws when there is no binary for this machine */
function load(): Binding {
  const require = createRequire(import.meta.url);
  const platform = `${process.platform}-${process.arch}`;
  return require(`sodium-native/prebuilds/${platform}/sodium-native.node`) as Binding;
}

/**
 * @param hashName SHA256 for the protocol; BLAKE2b for tests against other implementations
 * @throws when there is no prebuilt binary for this machine
 */
export function sodiumPrimitives(hashName: HashName): Primitives {
  const binding = (loaded ??= load());
  return {
    ...nodePrimitives(hashName),
    name: 'sodium',
    publicKey: (secret) => {
      assert(secret.length === KEY_BYTES, 'an X25519 secret has 32 bytes');
      const result = new Uint8Array(KEY_BYTES);
      binding.crypto_scalarmult_base(result, secret);
      return result;
    },
    sharedSecret: (secret, peerKey) => {
      assert(secret.length === KEY_BYTES, 'an X25519 secret has 32 bytes');
      assert(peerKey.length === KEY_BYTES, 'an X25519 public key has 32 bytes');
      const result = new Uint8Array(KEY_BYTES);
      // The library itself fails on the all-zero result, in constant time.
      return binding.crypto_scalarmult(result, secret, peerKey) === 0 ? result : undefined;
    },
    aead: new SodiumAead(binding),
    wipe: (bytes) => {
      if (bytes.length > 0) binding.sodium_memzero(bytes);
    },
  };
}
