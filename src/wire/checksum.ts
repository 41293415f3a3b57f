/** The Internet checksum (RFC 1071) over a range of bytes, in 32-bit steps where aligned. */

/** Below this a view of the bytes as words costs more than it saves. */
const MIN_WORDS_BYTES = 96;

const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Sum of the 16-bit words of `bytes[start … end)` in network order, not yet folded. */
function sumSlow(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  let i = start;
  for (; i + 1 < end; i += 2) sum += (bytes[i]! << 8) | bytes[i + 1]!;
  if (i < end) sum += bytes[i]! << 8;
  return sum;
}

/** Adds the carries of a sum below 2^32 until 16 bits hold it: twice is always enough. */
function fold(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return (once & 0xffff) + (once >>> 16);
}

/** The same sum by machine words: one's complement addition does not mind the byte order. */
function sumWords(bytes: Uint8Array, start: number, words: number): number {
  const view = new Uint32Array(bytes.buffer, bytes.byteOffset + start, words);
  // Two accumulators below 2^31 keep the loop in integer registers: 16,384 words are 64 KiB.
  let low = 0;
  let high = 0;
  for (let i = 0; i < words; i += 1) {
    const word = view[i]!;
    low += word & 0xffff;
    high += word >>> 16;
  }
  const native = fold(low + high);
  return IS_LITTLE_ENDIAN ? ((native & 0xff) << 8) | (native >>> 8) : native;
}

/**
 * RFC 1071 checksum of `bytes[start … end)`, an odd last byte padded with zero.
 * Over a range whose checksum field holds the right value the result is 0. At most 128 KiB, twice
 * the longest datagram: the sums stay below 2^32.
 * @returns 0 … 0xffff
 */
export function checksum(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  const isAligned = ((bytes.byteOffset + start) & 3) === 0;
  const words = isAligned && length >= MIN_WORDS_BYTES ? length >> 2 : 0;
  let sum = words > 0 ? sumWords(bytes, start, words) : 0;
  sum += sumSlow(bytes, start + words * 4, end);
  return ~fold(sum) & 0xffff;
}
