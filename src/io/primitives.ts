/** Chooses who does the cryptography: libsodium, or `node:crypto` where it cannot be loaded. */
import type { HashName, Primitives } from '../crypto/primitives.ts';
import { nodePrimitives } from './primitives-node.ts';
import { sodiumPrimitives } from './primitives-sodium.ts';

export const LIBRARIES = ['sodium', 'node'] as const;
export type Library = (typeof LIBRARIES)[number];

/** Names the library in place of the choice made here; for tests and for comparing speeds. */
const LIBRARY_VARIABLE = 'LFTPU_CRYPTO';

const MAKERS: Readonly<Record<Library, (hashName: HashName) => Primitives>> = {
  sodium: sodiumPrimitives,
  node: nodePrimitives,
};

/**
 * The primitives of the fastest library that loads here. Both give the same bytes, and libsodium
 * takes a third of the time for a segment.
 * @param library forces one, as does the environment variable LFTPU_CRYPTO
 * @throws when the library that was forced cannot be loaded
 */
export function loadPrimitives(
  library: Library | undefined = libraryOf(process.env[LIBRARY_VARIABLE]),
  hashName: HashName = 'SHA256',
): Primitives {
  if (library !== undefined) return MAKERS[library](hashName);
  try {
    return sodiumPrimitives(hashName);
  } catch {
    return nodePrimitives(hashName);
  }
}

function libraryOf(name: string | undefined): Library | undefined {
  return LIBRARIES.find((library) => library === name);
}
