/** The bytes of an address as the socket tells it. */
import { assert } from '../util/assert.ts';

/**
 * @param address dotted IPv4, or IPv6 in any of its spellings, with or without a zone
 * @returns 4 or 16 bytes; the zone is left out
 */
export function addressBytes(address: string): Uint8Array {
  const [plain = ''] = address.split('%', 1);
  if (!plain.includes(':')) return ipv4Bytes(plain);
  const bytes = new Uint8Array(16);
  const [left = '', right] = plain.split('::');
  const head = wordBytes(left);
  bytes.set(head);
  if (right !== undefined) {
    const tail = wordBytes(right);
    bytes.set(tail, 16 - tail.length);
  }
  return bytes;
}

function ipv4Bytes(text: string): Uint8Array {
  const numbers = text.split('.').map(Number);
  assert(numbers.length === 4 && numbers.every((n) => n >= 0 && n < 256), 'no IPv4 address');
  return Uint8Array.from(numbers);
}

function wordBytes(text: string): readonly number[] {
  if (text === '') return [];
  return text.split(':').flatMap((word) => {
    if (word.includes('.')) return [...ipv4Bytes(word)];
    const value = Number.parseInt(word, 16);
    assert(value >= 0 && value <= 0xffff, 'no IPv6 address');
    return [value >>> 8, value & 0xff];
  });
}
