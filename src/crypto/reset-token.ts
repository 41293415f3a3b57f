/**
 * Reset tokens: a server that restarted knows none of its connections any more, but it still knows
 * its secret, and so can prove that it is the server which the client spoke with.
 */
import { addressMac } from './address-mac.ts';
import { asciiBytes } from './ascii.ts';
import type { Primitives } from './primitives.ts';

const LABEL = asciiBytes('lftp-udp reset');

/** Which connection a token resets, as the server sees it. */
export interface ResetTarget {
  /** The client's address, 4 or 16 bytes. */
  readonly address: Uint8Array;
  /** The client's UDP port. */
  readonly udpPort: number;
  /** The virtual ports of both ends. */
  readonly clientPort: number;
  readonly serverPort: number;
}

/**
 * The token of a connection: told to the client inside the handshake, and later in a RESET.
 * @param secret 32 bytes that survive restarts of the server
 * @returns 16 bytes
 */
export function resetToken(
  primitives: Primitives,
  secret: Uint8Array,
  target: ResetTarget,
): Uint8Array {
  const { address, udpPort, clientPort, serverPort } = target;
  return addressMac(primitives, secret, LABEL, address, [udpPort, clientPort, serverPort]);
}
