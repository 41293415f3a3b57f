import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unwrap, wrap } from '../../../src/wire/serial.ts';

const TWO_31 = 2 ** 31;
const TWO_32 = 2 ** 32;
/** Where 32-bit arithmetic goes wrong if it goes wrong anywhere. */
const CORNERS = [0, TWO_31, TWO_32, TWO_32 + TWO_31, 2 * TWO_32, 1000 * TWO_32, 2 ** 52];

const nearCorner = fc
  .tuple(fc.constantFrom(...CORNERS), fc.integer({ min: -70_000, max: 70_000 }))
  .map(([corner, offset]) => corner + offset);

describe('serial numbers', () => {
  it('wrap keeps the low 32 bits', () => {
    expect(wrap(0)).toBe(0);
    expect(wrap(TWO_32 - 1)).toBe(TWO_32 - 1);
    expect(wrap(TWO_32)).toBe(0);
    expect(wrap(TWO_32 + 5)).toBe(5);
    expect(wrap(7 * TWO_32 + TWO_31)).toBe(TWO_31);
    expect(wrap(-1)).toBe(TWO_32 - 1);
  });

  it('P-TXN-03 unwrap finds the nearest number, across the wrap in both directions', () => {
    expect(unwrap(10, 12)).toBe(12);
    expect(unwrap(10, 8)).toBe(8);
    expect(unwrap(TWO_32 - 1, 0)).toBe(TWO_32);
    expect(unwrap(TWO_32 - 1, 4)).toBe(TWO_32 + 4);
    expect(unwrap(TWO_32, TWO_32 - 1)).toBe(TWO_32 - 1);
    expect(unwrap(3 * TWO_32 + 2, TWO_32 - 3)).toBe(3 * TWO_32 - 3);
    expect(unwrap(0, TWO_32 - 1)).toBe(-1);
  });

  it('takes the lower one at a distance of exactly 2^31', () => {
    expect(unwrap(TWO_31, 0)).toBe(0);
    expect(unwrap(0, TWO_31)).toBe(-TWO_31);
    expect(unwrap(0, TWO_31 - 1)).toBe(TWO_31 - 1);
    expect(unwrap(TWO_32 + TWO_31, 0)).toBe(TWO_32);
  });

  it('P-TXN-03 unwrap undoes wrap for all distances in [-2^31, 2^31) of the expected', () => {
    const distance = fc.oneof(
      fc.integer({ min: -TWO_31, max: TWO_31 - 1 }),
      fc.integer({ min: -40, max: 40 }),
      fc.constantFrom(-TWO_31, -TWO_31 + 1, TWO_31 - 2, TWO_31 - 1),
    );
    fc.assert(
      fc.property(nearCorner, distance, (expected, offset) => {
        expect(unwrap(expected, wrap(expected + offset))).toBe(expected + offset);
      }),
    );
  });

  it('P-HDR-01 order survives the wire: RFC 1982 by way of unwrapping', () => {
    fc.assert(
      fc.property(nearCorner, fc.integer({ min: 1, max: TWO_31 - 1 }), (older, gap) => {
        expect(unwrap(older, wrap(older + gap))).toBeGreaterThan(older);
        expect(unwrap(older + gap, wrap(older))).toBeLessThan(older + gap);
      }),
    );
  });
});
