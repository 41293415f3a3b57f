import { expect, it } from 'vitest';
import { failureAsFound } from './as-found.ts';

/**
 * Early segments used up the pool, and the one that would have let them go came in pieces, which
 * needed a cell of the same pool: nothing moved any more.
 */
it('takes the next segment in order in pieces although early ones hold all memory', () => {
  for (const seed of [38, 59, 62]) expect(failureAsFound(seed)).toBe('');
});
