/** Key derivation from HMAC: HKDF of RFC 5869, which is Noise's HKDF (§4.3) with an empty info. */
import { assert } from '../util/assert.ts';
import { copyOf } from './copy.ts';
import type { Primitives } from './primitives.ts';

/** RFC 5869 §2.3: the counter is one byte. */
const MOST_BLOCKS = 255;

/**
 * HKDF (RFC 5869 §2.2, §2.3): extract with `salt`, expand with `info`.
 * @returns `lengthBytes` bytes, at most 255 hashes long
 */
export function hkdf(
  primitives: Primitives,
  salt: Uint8Array,
  inputKey: Uint8Array,
  info: Uint8Array,
  lengthBytes: number,
): Uint8Array {
  const { hashBytes } = primitives;
  const blocks = Math.ceil(lengthBytes / hashBytes);
  assert(blocks <= MOST_BLOCKS, 'HKDF output above 255 blocks');
  const prk = primitives.hmac(salt, inputKey);
  const output = new Uint8Array(blocks * hashBytes);
  // T(i) = HMAC(PRK, T(i − 1) ‖ info ‖ i), and T(0) is empty.
  const input = new Uint8Array(hashBytes + info.length + 1);
  input.set(info, hashBytes);
  for (let i = 0; i < blocks; i += 1) {
    input[input.length - 1] = i + 1;
    const block = primitives.hmac(prk, i === 0 ? input.subarray(hashBytes) : input);
    output.set(block, i * hashBytes);
    input.set(block);
    primitives.wipe(block);
  }
  primitives.wipe(prk);
  primitives.wipe(input);
  const result = copyOf(output, 0, lengthBytes);
  primitives.wipe(output);
  return result;
}

const NO_INFO = new Uint8Array(0);

/** Noise's HKDF with two outputs (§4.3), each as long as the hash. */
export function hkdfPair(
  primitives: Primitives,
  chainingKey: Uint8Array,
  inputKey: Uint8Array,
): [Uint8Array, Uint8Array] {
  const { hashBytes } = primitives;
  const both = hkdf(primitives, chainingKey, inputKey, NO_INFO, 2 * hashBytes);
  const pair: [Uint8Array, Uint8Array] = [copyOf(both, 0, hashBytes), copyOf(both, hashBytes)];
  primitives.wipe(both);
  return pair;
}
