/**
 * A MAC over who somebody is on the network, cut to 16 bytes: what cookies and reset tokens are
 * made of. The label keeps one from ever being taken for the other.
 */
import { assert } from '../util/assert.ts';
import { putUint16 } from '../wire/bytes.ts';
import { copyOf } from './copy.ts';
import type { Primitives } from './primitives.ts';

export const ADDRESS_MAC_BYTES = 16;
/** Bytes of a secret; as long as the hash. */
export const MAC_SECRET_BYTES = 32;

/**
 * HMAC(secret, label ‖ length of the address ‖ address ‖ numbers), its first 16 bytes.
 * @param address 4 or 16 bytes (IPv4, IPv6)
 * @param numbers 16 bits each: ports, and the halves of a time
 */
export function addressMac(
  primitives: Primitives,
  secret: Uint8Array,
  label: Uint8Array,
  address: Uint8Array,
  numbers: readonly number[],
): Uint8Array {
  assert(secret.length === MAC_SECRET_BYTES, 'a MAC secret has 32 bytes');
  assert(address.length === 4 || address.length === 16, 'an address has 4 or 16 bytes');
  const input = new Uint8Array(label.length + 1 + address.length + 2 * numbers.length);
  input.set(label);
  input[label.length] = address.length;
  input.set(address, label.length + 1);
  let at = label.length + 1 + address.length;
  for (const number of numbers) {
    putUint16(input, at, number);
    at += 2;
  }
  return copyOf(primitives.hmac(secret, input), 0, ADDRESS_MAC_BYTES);
}
