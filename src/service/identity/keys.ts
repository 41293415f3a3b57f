/** Fingerprints and public keys, by whichever library does the cryptography here. */
import { fingerprint } from '../../crypto/fingerprint.ts';
import type { Primitives } from '../../crypto/primitives.ts';
import { loadPrimitives } from '../../io/primitives.ts';

let loaded: Primitives | undefined;

/** Loaded at the first use: many commands need no key at all. */
function primitives(): Primitives {
  loaded ??= loadPrimitives();
  return loaded;
}

/** `SHA256:` and the digest of a public key of 32 bytes. */
export function fingerprintOf(publicKey: Uint8Array): string {
  return fingerprint(primitives(), publicKey);
}

/** @param secret X25519, 32 bytes */
export function publicKeyOf(secret: Uint8Array): Uint8Array {
  return primitives().publicKey(secret);
}
