/**
 * A copy of `bytes[from … to)`. Not `slice`: of a Node `Buffer`, and received datagrams are that,
 * `slice` makes a view, and wiping or decrypting the "copy" would reach the original.
 */
export function copyOf(bytes: Uint8Array, from = 0, to = bytes.length): Uint8Array {
  return new Uint8Array(bytes.subarray(from, to));
}
