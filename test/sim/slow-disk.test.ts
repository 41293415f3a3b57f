import { describe, expect, it } from 'vitest';
import type { DiskOptions } from '../../src/sim/disk.ts';
import { HEALTHY_HABITS } from '../../src/sim/scenario.ts';
import type { ConnectionConfig } from '../../src/transport/config.ts';
import type { ConnectionStats } from '../../src/transport/types.ts';
import { buildPair, jobOf, open, planOf, runUntil } from './pair.ts';

const RATE_BITS = 100e6;
const RTT_MS = 100;
const BYTES = 64_000_000;
/** A fifth faster than the link when it works, and it pauses for 200 ms in every 2 s. */
const DISK: DiskOptions = {
  bytesPerMs: (1.2 * RATE_BITS) / 8_000,
  stallEveryMs: 2_000,
  stallMs: 200,
  depth: 4,
};

interface Outcome {
  readonly ms: number;
  readonly sender: ConnectionStats;
}

/** 100 Mbit/s × 100 ms without loss but for a queue that overflows; `disk` is the client's. */
function transfer(
  kind: 'get' | 'post',
  disk: DiskOptions | undefined,
  config: Partial<ConnectionConfig> = {},
): Outcome {
  const queueBytes = (RATE_BITS / 8_000) * RTT_MS;
  const link = { rateBitsPerSecond: RATE_BITS, delayMs: RTT_MS / 2, queueBytes };
  // Fewer segments, less work: what is looked at does not depend on their size.
  const sizes = { segmentBytes: 8_900, acceptSegmentBytes: 9_000 };
  const pair = buildPair({ seed: 4, up: link, down: link, config: { ...sizes, ...config } });
  const habits = disk === undefined ? HEALTHY_HABITS : { ...HEALTHY_HABITS, disk };
  const party = open(pair, planOf([jobOf(kind, BYTES)], { habits }));
  expect(runUntil(pair, 120_000, () => party.isComplete)).toBe(true);
  const ms = pair.world.nowMs;
  const server = pair.server.parties[0]!.connection;
  return { ms, sender: (kind === 'get' ? server : party.connection).stats() };
}

describe('a disk that pauses', { timeout: 60_000 }, () => {
  it('does not slow the receiver down', () => {
    const plain = transfer('get', undefined);
    const paused = transfer('get', DISK);
    expect(paused.sender.windowLimits).toBe(0);
    expect(paused.ms).toBeLessThan(plain.ms + DISK.stallMs);
  });

  it('does not slow the sender down', () => {
    const plain = transfer('post', undefined);
    const paused = transfer('post', DISK);
    expect(paused.ms).toBeLessThan(plain.ms + DISK.stallMs);
  });

  it('would, behind a small queue or a small window', () => {
    const plain = transfer('get', undefined);
    const queue = transfer('post', DISK, { sendQueueBytes: 524_288 });
    const window = transfer('get', DISK, { receiveWindowBytes: 2_097_152 });
    expect(queue.ms).toBeGreaterThan(plain.ms + DISK.stallMs);
    expect(window.ms).toBeGreaterThan(plain.ms + DISK.stallMs);
    expect(window.sender.windowLimits).toBeGreaterThan(3);
  });
});
