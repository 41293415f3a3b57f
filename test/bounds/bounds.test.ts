/** Every resource of docs/LIMITS.md is driven to its cap, a tenth beyond, and on from there. */
import { describe, expect, it } from 'vitest';
import { halfOpenBytes } from './drivers/opening.ts';
import type { Fill } from './fill.ts';
import { BOUNDS } from './registry.ts';

/** Heap that a tenth more may seem to cost: noise of the collector. */
const NOISE_BYTES = 100_000;

/** Bytes held after a collection; memory behind arrays is given back by a second one. */
async function heldBytes(): Promise<number> {
  globalThis.gc?.();
  await new Promise((resolve) => setImmediate(resolve));
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/**
 * What a further tenth costs, the least of some, until one is noise: what leaks costs each time,
 * while maps that are rebuilt and code that is optimised cost now and then.
 */
async function growthOf({ more }: Fill): Promise<number> {
  if (more === undefined) return 0;
  let least = Infinity;
  for (let round = 0; round < 8 && least >= NOISE_BYTES; round += 1) {
    const before = await heldBytes();
    more();
    least = Math.min(least, (await heldBytes()) - before);
  }
  return least;
}

describe('a resource that a peer drives', () => {
  it.each(BOUNDS)('stays below its cap: $what ($name)', async ({ cap, drive }) => {
    const fill = await drive(cap);
    const { held, beyond, refused, counted, scaledTo = cap, clean } = fill;
    try {
      expect(held).toBeLessThanOrEqual(scaledTo);
      // What comes in steps may miss the cap by a step, and nothing else may be in the way.
      expect(held).toBeGreaterThanOrEqual(Math.floor(scaledTo * 0.95));
      expect(beyond).toBeLessThanOrEqual(scaledTo);
      expect(refused).toBeGreaterThan(0);
      expect(counted).toBeGreaterThan(0);
      expect(await growthOf(fill)).toBeLessThan(NOISE_BYTES);
    } finally {
      await clean?.();
    }
  });

  it('is small while nobody has proved anything', async () => {
    const each = await halfOpenBytes(heldBytes);
    expect(each).toBeLessThan(48_000);
  });
});
