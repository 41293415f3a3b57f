import { expect, it } from 'vitest';
import { failureAsFound } from './as-found.ts';

/**
 * A window of 2,792 bytes takes two segments, 2,784 bytes; when it was asked that twice the flight
 * be no less than window and acknowledgement together, that never came, and the window stood still.
 */
it('P-CC-03 lets a window grow that is no whole number of segments', { timeout: 60_000 }, () => {
  expect(failureAsFound(584)).toBe('');
});
