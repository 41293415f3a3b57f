/** Hosts that speak Noise in virtual time: the real primitives, seeded keys. */
import type { HostConfig } from '../../src/sim/host.ts';
import { loadPrimitives } from '../../src/io/primitives.ts';
import { noiseProtection } from '../../src/transport/noise-protection.ts';
import type { Protection } from '../../src/transport/protection.ts';
import { SeededRandom } from '../../src/util/random.ts';

export const PRIMITIVES = loadPrimitives();

/** 32 bytes that look random, the same for the same `seed`. */
export function secretOf(seed: number): Uint8Array {
  const random = new SeededRandom(seed);
  return Uint8Array.from({ length: 32 }, () => random.uint32() & 0xff);
}

export function noiseOf(seed: number): Protection {
  const random = new SeededRandom(seed + 1000);
  return noiseProtection({
    primitives: PRIMITIVES,
    staticSecret: secretOf(seed),
    entropy: (bytes) => Uint8Array.from({ length: bytes }, () => random.uint32() & 0xff),
  });
}

/** What the two hosts of a sealed pair have. */
export function sealedHosts(): {
  clientHost: Partial<HostConfig>;
  serverHost: Partial<HostConfig>;
} {
  return { clientHost: { protection: noiseOf(1) }, serverHost: { protection: noiseOf(2) } };
}
