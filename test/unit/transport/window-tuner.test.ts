import { beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_CONNECTION_CONFIG } from '../../../src/transport/config.ts';
import { startWindowBytes, WindowTuner } from '../../../src/transport/window-tuner.ts';
import { SlabPool } from '../../../src/util/slab.ts';

const MIB = 1_048_576;
const RTT_MS = 100;
/** A round trip and what a disk may pause. */
const ROUND_MS = 200;

describe('P-FLOW-07 the window of a new connection', () => {
  const started = (poolBytes: number, config = {}): number =>
    startWindowBytes({ ...DEFAULT_CONNECTION_CONFIG, ...config }, new SlabPool(poolBytes));

  it('is 16 MiB, or an eighth of the free pool, or two of the largest segments', () => {
    expect(started(512 * MIB)).toBe(16 * MIB);
    expect(started(128 * MIB)).toBe(16 * MIB);
    expect(started(16 * MIB)).toBe(2 * MIB);
    expect(started(0)).toBe(131_072);
  });

  it('is never more than was asked for', () => {
    expect(started(512 * MIB, { receiveWindowBytes: 9 })).toBe(9);
    expect(started(0, { receiveWindowBytes: 9 })).toBe(9);
    expect(started(512 * MIB, { initialReceiveWindowBytes: 11 })).toBe(11);
  });

  it('has room for 64 MiB in segments of 1,400 bytes', () => {
    const { receiveWindowBytes, receiveWindowSegments } = DEFAULT_CONNECTION_CONFIG;
    expect(receiveWindowSegments).toBeGreaterThan(receiveWindowBytes / 1_352);
  });
});

describe('P-FLOW-07 a window in use', () => {
  let windowBytes: number;
  let consumedBytes: number;
  let freeBytes: number;
  let tuner: WindowTuner;

  beforeEach(() => {
    windowBytes = 4 * MIB;
    consumedBytes = 0;
    freeBytes = 512 * MIB;
    tuner = new WindowTuner(64 * MIB);
    at(0);
  });

  /** Consumes `bytes` and tunes. */
  function at(nowMs: number, bytes = 0, minRttMs = RTT_MS): number {
    consumedBytes += bytes;
    windowBytes = tuner.tune(nowMs, windowBytes, consumedBytes, minRttMs, freeBytes);
    return windowBytes;
  }

  it('holds five round trips of what is consumed and a quarter of a second, at once', () => {
    expect(at(10, MIB)).toBe(4 * MIB);
    expect(at(20, MIB)).toBe(7.5 * MIB);
    expect(at(199, MIB)).toBe(11.25 * MIB);
  });

  it('holds no more than 4 MiB for a disk on a path that is fast and short', () => {
    expect(at(10, 100 * MIB, 0.5)).toBe(4 * MIB + Math.floor((2.5 / 100.5) * 100 * MIB));
  });

  it('counts each round for itself', () => {
    for (let round = 1; round < 50; round += 1) at(round * ROUND_MS, MIB);
    expect(windowBytes).toBe(4 * MIB);
    at(50 * ROUND_MS, 2 * MIB);
    expect(windowBytes).toBe(7.5 * MIB);
  });

  it('never shrinks, not even when memory is short', () => {
    at(10, 4 * MIB);
    freeBytes = 0;
    for (let round = 1; round < 9; round += 1) expect(at(round * ROUND_MS, 1)).toBe(14 * MIB);
  });

  it('grows to its cap, and to half of what is free', () => {
    freeBytes = 20 * MIB;
    expect(at(10, 50 * MIB)).toBe(10 * MIB);
    freeBytes = 512 * MIB;
    expect(at(20, MIB)).toBe(64 * MIB);
    expect(at(30, 400 * MIB)).toBe(64 * MIB);
  });

  it('takes a third of a second for a round trip that was never measured', () => {
    at(0, 0, Infinity);
    for (let nowMs = 1; nowMs < 433; nowMs += 72) at(nowMs, MIB, Infinity);
    expect(windowBytes).toBe(Math.floor((6 * MIB * (5 * 333 + 250)) / 433));
  });

  it('does not take what was consumed in an hour for what comes in a round', () => {
    at(10, 900_000);
    at(3_600_000, 0);
    expect(at(3_600_001, MIB)).toBe(4 * MIB);
    expect(at(3_600_002, MIB)).toBe(7.5 * MIB);
  });

  it('is always ahead of a sender that doubles its rate each round trip', () => {
    const start = 1_000;
    const total = (ms: number): number => 100_000 * 2 ** ((ms - start) / RTT_MS);
    consumedBytes = total(start - 1);
    windowBytes = 2 * consumedBytes;
    for (let ms = start; ms < start + 2_000; ms += 1) {
      at(ms, total(ms) - consumedBytes);
      // What leaves before the next word of this receiver arrives is one round trip's worth.
      const needed = Math.min(64 * MIB, total(ms + RTT_MS) - total(ms));
      expect(windowBytes).toBeGreaterThanOrEqual(needed);
    }
  });
});
