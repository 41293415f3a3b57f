/**
 * Sealing for virtual time: the real primitives under keys that a seed decides, so that a simulated
 * transfer has the sizes of a real one and is the same every time. Keys of the real world are made
 * in security.ts, of entropy.
 */
import { KEY_BYTES } from '../crypto/primitives.ts';
import { noiseProtection } from '../transport/noise-protection.ts';
import type { Protection } from '../transport/protection.ts';
import { SeededRandom } from '../util/random.ts';
import { loadPrimitives } from './primitives.ts';

/** Protections of the two sides of a simulated connection; never for a socket. */
export function seededProtections(seed: number): readonly [server: Protection, client: Protection] {
  return [seeded(seed, 'server'), seeded(seed, 'client')];
}

function seeded(seed: number, name: string): Protection {
  const random = SeededRandom.named(seed, `${name} keys`);
  const entropy = (bytes: number): Uint8Array =>
    Uint8Array.from({ length: bytes }, () => random.uint32() & 0xff);
  const primitives = loadPrimitives();
  return noiseProtection({ primitives, staticSecret: entropy(KEY_BYTES), entropy });
}
