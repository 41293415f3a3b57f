import { expect, it } from 'vitest';
import { failureAsFound } from './as-found.ts';

/**
 * After the path had shrunk, segments went again in pieces; all of them arrived and were told, but
 * only a slice of SACK could settle the segment, so that each timed out again: hours for 64 MiB.
 */
it('settles a segment when all its pieces are known to have arrived', { timeout: 60_000 }, () => {
  for (const seed of [490]) expect(failureAsFound(seed)).toBe('');
});
