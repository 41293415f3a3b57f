import { expect, it } from 'vitest';
import { failureAsFound } from './as-found.ts';

/** The bytes of a long message took the credit that its own last segment needed: a deadlock. */
it('completes a long message through a small window', { timeout: 60_000 }, () => {
  for (const seed of [1199, 1366, 2824]) expect(failureAsFound(seed)).toBe('');
});
