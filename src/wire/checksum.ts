/** The Internet checksum (RFC 1071) over a range of bytes, in 32-bit steps where aligned. */

const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/** Sum of the 16-bit words of `bytes[start … end)` in network order, not yet folded. */
function sumSlow(bytes: Uint8Array, start: number, end: number): number {
  let sum = 0;
  let i = start;
  for (; i + 1 < end; i += 2) sum += (bytes[i]! << 8) | bytes[i + 1]!;
  if (i < end) sum += bytes[i]! << 8;
  return sum;
}

function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x1_0000);
  return folded;
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
 * Over a range whose checksum field holds the right value the result is 0.
 * @returns 0 … 0xffff
 */
export function checksum(bytes: Uint8Array, start: number, end: number): number {
  const aligned = ((bytes.byteOffset + start) & 3) === 0 && end - start <= 65_536;
  const words = aligned ? (end - start) >> 2 : 0;
  let sum = words > 0 ? sumWords(bytes, start, words) : 0;
  sum += sumSlow(bytes, start + words * 4, end);
  return ~fold(sum) & 0xffff;
}
