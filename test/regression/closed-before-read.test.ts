import { expect, it } from 'vitest';
import { failureAsFound } from './as-found.ts';

/** Both sides had ended in order, and what the application had not read yet was thrown away. */
it('keeps what has come readable after an orderly end', { timeout: 60_000 }, () => {
  for (const seed of [152, 205, 280]) expect(failureAsFound(seed)).toBe('');
});
