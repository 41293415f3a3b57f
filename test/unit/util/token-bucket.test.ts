import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../../src/util/token-bucket.ts';

describe('TokenBucket', () => {
  it('gives the burst at once, and then one for each that was gained', () => {
    const bucket = new TokenBucket(3, 10);
    const takes = (nowMs: number): number => {
      let count = 0;
      while (bucket.take(nowMs)) count += 1;
      return count;
    };
    expect([takes(5_000), takes(5_099), takes(5_100), takes(5_350)]).toEqual([3, 0, 1, 2]);
    expect(takes(60_000)).toBe(3);
  });

  it('never gives more than burst and rate allow, whatever the times are', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 200 });
    fc.assert(
      fc.property(steps, (gaps) => {
        const bucket = new TokenBucket(5, 20);
        let nowMs = 0;
        let given = 0;
        for (const gap of gaps) {
          nowMs += gap;
          if (bucket.take(nowMs)) given += 1;
        }
        expect(given).toBeLessThanOrEqual(5 + (nowMs * 20) / 1000);
      }),
    );
  });
});
