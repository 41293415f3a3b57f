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

/** Where a segment lies in a buffer: its payload, the tag behind it, and both. */
interface Place {
  readonly clear: Bytes;
  readonly tag: Bytes;
  readonly sealed: Bytes;
}

/** Places kept of one buffer; trains have 64 at most, and keep their length for long. */
const KEPT_PLACES = 256;

/**
 * Views cost as much as the sealing of a hundred bytes, but segments lie at the same places of the
 * same few buffers again and again.
 */
class Places {
  private readonly known = new WeakMap<ArrayBufferLike, Map<number, Place>>();
  private owner: ArrayBufferLike | undefined;
  private ofOwner = new Map<number, Place>();

  /** @param sealedEnd end of the tag */
  at(buffer: Bytes, from: number, sealedEnd: number): Place {
    if (buffer.buffer !== this.owner) this.turnTo(buffer.buffer);
    const key = buffer.byteOffset + from;
    const found = this.ofOwner.get(key);
    if (found?.sealed.length === sealedEnd - from) return found;
    const tagAt = sealedEnd - TAG_BYTES;
    const place = {
      clear: viewOf(buffer, from, tagAt),
      tag: viewOf(buffer, tagAt, sealedEnd),
      sealed: viewOf(buffer, from, sealedEnd),
    };
    if (this.ofOwner.size >= KEPT_PLACES) this.ofOwner.clear();
    this.ofOwner.set(key, place);
    return place;
  }

  private turnTo(owner: ArrayBufferLike): void {
    let places = this.known.get(owner);
    if (places === undefined) {
      places = new Map();
      this.known.set(owner, places);
    }
    this.owner = owner;
    this.ofOwner = places;
  }
}

class SodiumAead implements Aead {
  private readonly binding: Binding;
  private readonly places = new Places();

  constructor(binding: Binding) {
    this.binding = binding;
  }

  seal(key: Bytes, nonce: Bytes, ad: Bytes, buffer: Bytes, from: number, to: number): void {
    checkAead(key, nonce, buffer, from, to + TAG_BYTES);
    const { clear, sealed } = this.places.at(buffer, from, to + TAG_BYTES);
    const { binding } = this;
    const length = binding.crypto_aead_chacha20poly1305_ietf_encrypt(sealed, clear, ad, nonce, key);
    assert(length === sealed.length, 'sealing failed');
  }

  open(key: Bytes, nonce: Bytes, ad: Bytes, buffer: Bytes, from: number, to: number): boolean {
    checkAead(key, nonce, buffer, from, to);
    const { clear, tag } = this.places.at(buffer, from, to);
    const { binding } = this;
    const result = binding.crypto_aead_chacha20poly1305_ietf_decrypt_detached(
      clear,
      clear,
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
