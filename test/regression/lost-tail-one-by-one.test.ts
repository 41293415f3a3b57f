import { expect, it } from 'vitest';
import { failureAsFound } from './as-found.ts';

/**
 * All that was left of a transfer had been sent and lost. As nothing new waited, the window was
 * taken for idle and never grew again: thousands of segments went again one per round trip.
 */
it('P-CC-03 widens the window for lost segments when nothing new waits', () => {
  expect(failureAsFound(187)).toBe('');
});
