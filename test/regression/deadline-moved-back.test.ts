import { expect, it } from 'vitest';
import { failureAsFound } from './as-found.ts';

/** A shorter round trip, just learnt, moved a running timeout into the past: the timer was late. */
it(
  'acts at once on a deadline that an acknowledgement moved into the past',
  { timeout: 60_000 },
  () => {
    for (const seed of [196, 413, 1367]) expect(failureAsFound(seed)).toBe('');
  },
);
