import { describe, expect, it } from 'vitest';
import { MONOTONIC_CLOCK } from '../../../src/io/clock.ts';
import { createDigest, loadNative, loadWasm } from '../../../src/io/digest.ts';
import { SystemRandom } from '../../../src/io/entropy.ts';
import { IDLE_TRAINS, TrainPool } from '../../../src/io/train-pool.ts';
import { MAX_DATAGRAM_BYTES } from '../../../src/wire/layout.ts';

describe('SystemRandom', () => {
  it('draws across its block without repeating', () => {
    const random = new SystemRandom();
    const drawn = new Set(Array.from({ length: 10_000 }, () => random.uint32()));
    // Ten thousand draws of 2^32 collide in about one run out of ninety, and twice in none.
    expect(drawn.size).toBeGreaterThan(9_995);
  });

  it('keeps the bounds of every kind of draw', () => {
    const random = new SystemRandom();
    const seen = new Set<number>();
    for (let i = 0; i < 1_000; i += 1) {
      seen.add(random.integer(3, 6));
      const float = random.float();
      expect(float).toBeGreaterThanOrEqual(0);
      expect(float).toBeLessThan(1);
    }
    expect([...seen].sort()).toEqual([3, 4, 5, 6]);
    expect(random.chance(0)).toBe(false);
    expect(random.chance(1)).toBe(true);
  });

  it('gives two generators different sequences', () => {
    expect(new SystemRandom().uint32()).not.toBe(new SystemRandom().uint32());
  });
});

describe('the clock', () => {
  it('never goes back and has fractions', () => {
    const readings = Array.from({ length: 1_000 }, () => MONOTONIC_CLOCK.nowMs());
    expect(readings).toEqual([...readings].sort((a, b) => a - b));
    expect(readings.some((ms) => !Number.isInteger(ms))).toBe(true);
  });
});

describe('TrainPool', () => {
  it('serves one slot until it is parked', () => {
    const pool = new TrainPool();
    const slot = pool.current();
    expect(slot.buffer.length).toBeGreaterThanOrEqual(MAX_DATAGRAM_BYTES);
    expect(pool.current() === slot).toBe(true);
    pool.park();
    pool.park();
    expect(pool.parkedCount).toBe(1);
    expect(pool.current() === slot).toBe(false);
  });

  it('reuses parked slots once they are free, and keeps only a few', () => {
    const pool = new TrainPool();
    const slots = Array.from({ length: IDLE_TRAINS + 4 }, () => {
      const slot = pool.current();
      pool.park();
      return slot;
    });
    expect(new Set(slots).size).toBe(IDLE_TRAINS + 4);
    pool.recoverParked();
    expect(pool.parkedCount).toBe(0);
    expect(slots.includes(pool.current())).toBe(true);
  });
});

describe('BLAKE3', () => {
  // From the test vectors of the BLAKE3 reference: input byte i is i % 251.
  const VECTORS: [number, string][] = [
    [0, 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'],
    [1, '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213'],
    [1024, '42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7'],
    [31744, '62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47'],
  ];

  it.each([
    ['native', loadNative],
    ['wasm', loadWasm],
  ])('%s agrees with the published vectors, in pieces and at once', async (_, load) => {
    const create = await load();
    for (const [length, expected] of VECTORS) {
      const input = Uint8Array.from({ length }, (__, i) => i % 251);
      for (const pieceBytes of [length + 1, 100]) {
        const digest = await create();
        for (let at = 0; at < length; at += pieceBytes) {
          digest.update(input.subarray(at, at + pieceBytes));
        }
        expect(Buffer.from(digest.digest()).toString('hex')).toBe(expected);
      }
    }
  });

  it('runs several digests side by side', async () => {
    const create = await loadWasm();
    const [a, b] = await Promise.all([create(), createDigest()]);
    a.update(Uint8Array.of(1));
    b.update(Uint8Array.of(1));
    a.update(Uint8Array.of(2));
    b.update(Uint8Array.of(2));
    expect(a.digest()).toEqual(b.digest());
  });
});
