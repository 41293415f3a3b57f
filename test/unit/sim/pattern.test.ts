import { describe, expect, it } from 'vitest';
import { fillPattern, findMismatch } from '../../../src/sim/pattern.ts';

const SEGMENT_BYTES = 1_368;

describe('pattern', () => {
  it('recognises its own bytes at any place, however they were cut', () => {
    const bytes = new Uint8Array(200_000);
    fillPattern(bytes, 0, bytes.length, 9, 0);
    for (const at of [0, 1, 65_520, 65_521, 130_000]) {
      const piece = bytes.subarray(at, at + 70_000);
      expect(findMismatch(piece, piece.length, 9, at)).toBe(-1);
    }
  });

  it('finds the first wrong byte', () => {
    const bytes = new Uint8Array(100_000);
    fillPattern(bytes, 0, bytes.length, 9, 500);
    bytes[90_000]! ^= 1;
    expect(findMismatch(bytes, bytes.length, 9, 500)).toBe(90_000);
  });

  it('finds it wherever the piece begins, in the file and in memory', () => {
    const bytes = new Uint8Array(4_000);
    for (let start = 0; start < 8; start += 1) {
      for (const at of [0, 1, 2, 3, 65_518]) {
        fillPattern(bytes, start, 200, 9, at);
        const piece = bytes.subarray(start, start + 200);
        expect(findMismatch(piece, 200, 9, at)).toBe(-1);
        for (let wrong = 0; wrong < 200; wrong += 1) {
          piece[wrong]! ^= 0x80;
          expect(findMismatch(piece, 200, 9, at)).toBe(wrong);
          piece[wrong]! ^= 0x80;
        }
      }
    }
  });

  it('notices bytes that are off by whole segments, or of another file', () => {
    const bytes = new Uint8Array(SEGMENT_BYTES);
    fillPattern(bytes, 0, bytes.length, 9, 0);
    for (let segments = 1; segments < 300; segments += 1) {
      const at = segments * SEGMENT_BYTES;
      expect(findMismatch(bytes, bytes.length, 9, at)).toBeGreaterThanOrEqual(0);
      expect(findMismatch(bytes, bytes.length, 9 + segments, 0)).toBeGreaterThanOrEqual(0);
    }
  });
});
