/** Helpers of the crypto tests: hexadecimal, and seeded bytes. */
import { nodePrimitives } from '../../../src/io/primitives-node.ts';
import { sodiumPrimitives } from '../../../src/io/primitives-sodium.ts';
import type { Random } from '../../../src/util/random.ts';

/** Both implementations, for tests that hold them to the same vectors. */
export const BOTH = [sodiumPrimitives('SHA256'), nodePrimitives('SHA256')] as const;

/** Bytes of hexadecimal text, spaces and line ends aside. */
export function bytesOf(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.replace(/\s/g, ''), 'hex'));
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

/** Bytes of the letters of `text`. */
export function lettersOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'latin1'));
}

export function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.uint32() & 0xff);
}
