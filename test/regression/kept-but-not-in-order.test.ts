import { expect, it } from 'vitest';
import { failureAsFound } from './as-found.ts';

/**
 * A receiver short of slabs had told that it keeps the last segment; when it could put it in order
 * it did not say so, and a sender with nothing in flight never asked: the closing never began.
 */
it('hears that a segment told as kept has been put in order', () => {
  expect(failureAsFound(5365)).toBe('');
});
