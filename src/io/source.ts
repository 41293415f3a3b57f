/** Whom to blame for what comes from an address: one host, or a site that has many addresses. */
import { isIPv4, isIPv6 } from 'node:net';

/** The source that an address belongs to: of IPv6 its first 64 bits, which one site has. */
export function sourceOf(address: string): string {
  const plain = address.split('%')[0] ?? '';
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1];
  if (mapped !== undefined && isIPv4(mapped)) return mapped;
  // Asked first: Node's check of IPv6 begins by making a pattern for some ten milliseconds.
  if (!plain.includes(':') || !isIPv6(plain)) return plain;
  const [left = '', right] = plain.toLowerCase().split('::');
  const words = left === '' ? [] : left.split(':');
  if (right !== undefined) {
    const tail = right === '' ? [] : right.split(':');
    // An IPv4 tail stands for two words; they are never among the first four.
    const tailWords = tail.length + (right.includes('.') ? 1 : 0);
    words.push(...new Array<string>(8 - words.length - tailWords).fill('0'), ...tail);
  }
  const network = words.slice(0, 4).map((word) => Number.parseInt(word, 16).toString(16));
  return `${network.join(':')}::/64`;
}
