import { expect, it } from 'vitest';
import { failureAsFound } from './as-found.ts';

/**
 * The path shrank under a window of thousands of segments. Each timeout of a retransmission halved
 * the threshold again, and the next loss froze a window of four segments until all the old ones
 * were acknowledged; short of memory, the one segment that mattered was sent last of all.
 */
it('recovers a large window that was lost as a whole', { timeout: 120_000 }, () => {
  for (const seed of [18_800, 19_572]) expect(failureAsFound(seed)).toBe('');
});
