/** The bytes of an address as the socket tells it. */
import { assert } from '../util/assert.ts';

/**
 * @param address dotted IPv4, or IPv6 in any of its spellings, with or without a zone
 * @returns 4 or 16 bytes; the zone is left out
 */
export function addressBytes(address: string): Uint8Array {
  if (!address.includes(':')) return ipv4Bytes(address);
  const [plain = ''] = address.split('%', 1);
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

const ZERO = 0x30;
const DOT = 0x2e;

/** Digit by digit: it is done for every SYN of a flood, and pieces of text would be garbage. */
function ipv4Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(4);
  let at = 0;
  let digits = 0;
  let value = 0;
  for (let i = 0; i <= text.length; i += 1) {
    const letter = i < text.length ? text.charCodeAt(i) : DOT;
    if (letter !== DOT) {
      const digit = letter - ZERO;
      assert(digit >= 0 && digit <= 9, 'no IPv4 address');
      value = 10 * value + digit;
      digits += 1;
      continue;
    }
    assert(at < 4 && digits > 0 && digits <= 3 && value <= 255, 'no IPv4 address');
    bytes[at] = value;
    at += 1;
    digits = 0;
    value = 0;
  }
  assert(at === 4, 'no IPv4 address');
  return bytes;
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
