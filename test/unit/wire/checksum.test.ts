import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checksum } from '../../../src/wire/checksum.ts';
import { naiveChecksum } from './naive.ts';

describe('checksum', () => {
  it("gives RFC 1071's own example at every alignment", () => {
    const example = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
    for (let shift = 0; shift < 8; shift += 1) {
      const bytes = Uint8Array.from([...Array<number>(shift).fill(0xaa), ...example, 0xbb]);
      expect(checksum(bytes, shift, shift + 8)).toBe(0x220d);
    }
  });

  it('of nothing and of zeros is all ones, of all ones zero', () => {
    expect(checksum(new Uint8Array(0), 0, 0)).toBe(0xffff);
    expect(checksum(new Uint8Array(8), 3, 3)).toBe(0xffff);
    expect(checksum(new Uint8Array(64), 0, 64)).toBe(0xffff);
    expect(checksum(new Uint8Array(64).fill(0xff), 0, 64)).toBe(0);
  });

  it('pads an odd last byte with zero on the right', () => {
    expect(checksum(Uint8Array.of(0x12), 0, 1)).toBe(0xffff - 0x1200);
    expect(checksum(Uint8Array.of(0, 0, 0, 0, 0x12), 0, 5)).toBe(0xffff - 0x1200);
  });

  it('carries around the end as often as it takes', () => {
    expect(checksum(Uint8Array.of(0xff, 0xff, 0x00, 0x02), 0, 4)).toBe(0xffff - 0x0002);
    // 0xffff + 0xffff + 2 folds to 0x10000 first and to 1 then.
    const twice = Uint8Array.of(0xff, 0xff, 0x00, 0x01, 0xff, 0xff, 0x00, 0x01);
    expect(checksum(twice, 0, 8)).toBe(0xffff - 0x0002);
  });

  it('tells the bytes of a word apart', () => {
    expect(checksum(Uint8Array.of(1, 0, 0, 0), 0, 4)).toBe(0xffff - 0x0100);
    expect(checksum(Uint8Array.of(0, 1, 0, 0), 0, 4)).toBe(0xffff - 0x0001);
    expect(checksum(Uint8Array.of(0, 0, 1, 0), 0, 4)).toBe(0xffff - 0x0100);
    expect(checksum(Uint8Array.of(0, 0, 0, 1), 0, 4)).toBe(0xffff - 0x0001);
  });

  it('agrees with a naive oracle at every alignment and length up to 67 bytes', () => {
    const bytes = Uint8Array.from({ length: 80 }, (_, i) => (i * 89 + 17) & 255);
    const shifted = bytes.subarray(1);
    for (let start = 0; start < 8; start += 1) {
      for (let end = start; end <= start + 67; end += 1) {
        expect(checksum(bytes, start, end)).toBe(naiveChecksum(bytes.subarray(start, end)));
        expect(checksum(shifted, start, end)).toBe(naiveChecksum(shifted.subarray(start, end)));
      }
    }
  });

  it('agrees with a naive oracle on anything', () => {
    const anything = fc.tuple(
      fc.uint8Array({ maxLength: 3000 }),
      fc.nat({ max: 9 }),
      fc.nat({ max: 9 }),
    );
    fc.assert(
      fc.property(anything, ([bytes, skip, cut]) => {
        const start = Math.min(skip, bytes.length);
        const end = Math.max(start, bytes.length - cut);
        expect(checksum(bytes, start, end)).toBe(naiveChecksum(bytes.subarray(start, end)));
      }),
    );
  });

  it('holds for the largest sums, up to twice the longest datagram', () => {
    const bytes = new Uint8Array(131_073).fill(0xff);
    bytes[65_535] = 0xfe;
    for (const end of [65_504, 65_507, 65_536, 65_537, 131_068, 131_071, 131_072]) {
      expect(checksum(bytes, 0, end)).toBe(naiveChecksum(bytes.subarray(0, end)));
      expect(checksum(bytes, 1, end)).toBe(naiveChecksum(bytes.subarray(1, end)));
    }
  });

  it('agrees with a naive oracle around the length where whole words begin to pay', () => {
    const bytes = Uint8Array.from({ length: 112 }, (_, i) => (i * 151 + 201) & 255);
    for (let start = 0; start < 4; start += 1) {
      for (let end = start + 90; end <= start + 108; end += 1) {
        expect(checksum(bytes, start, end)).toBe(naiveChecksum(bytes.subarray(start, end)));
      }
    }
  });

  it('comes to zero over a range that holds its own checksum', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2, maxLength: 1500 }), (bytes) => {
        bytes[0] = 0;
        bytes[1] = 0;
        const sum = checksum(bytes, 0, bytes.length);
        bytes[0] = sum >>> 8;
        bytes[1] = sum;
        expect(checksum(bytes, 0, bytes.length)).toBe(0);
      }),
    );
  });
});
