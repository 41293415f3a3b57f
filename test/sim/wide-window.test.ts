import { describe, expect, it } from 'vitest';
import type { ClientParty } from '../../src/sim/client-party.ts';
import { HEALTHY_HABITS } from '../../src/sim/scenario.ts';
import type { ConnectionConfig } from '../../src/transport/config.ts';
import type { ConnectionStats } from '../../src/transport/types.ts';
import { buildPair, jobOf, open, planOf, runUntil } from './pair.ts';

/** Fewer segments, less work: what is looked at does not depend on their size. */
const SIZES = { segmentBytes: 8_900, acceptSegmentBytes: 9_000 };

interface Outcome {
  readonly ms: number;
  readonly sender: ConnectionStats;
  readonly receiver: ConnectionStats;
}

function get(
  bytes: number,
  bitsPerSecond: number,
  rttMs: number,
  config: Partial<ConnectionConfig>,
): Outcome {
  const queueBytes = (bitsPerSecond / 8_000) * rttMs;
  const link = { rateBitsPerSecond: bitsPerSecond, delayMs: rttMs / 2, queueBytes };
  const pair = buildPair({ seed: 4, up: link, down: link, config: { ...SIZES, ...config } });
  const party = open(pair, planOf([jobOf('get', bytes)]));
  expect(runUntil(pair, 120_000, () => party.isComplete)).toBe(true);
  const sender = pair.server.parties[0]!.connection.stats();
  return { ms: pair.world.nowMs, sender, receiver: party.connection.stats() };
}

describe('P-FLOW-07 a window that grows with what is consumed', { timeout: 60_000 }, () => {
  it.each([
    ['300 Mbit/s × 300 ms', 60e6, 300e6, 300],
    ['1 Gbit/s × 100 ms', 90e6, 1e9, 100],
  ])('is never the brake: %s', (_, bytes, bitsPerSecond, rttMs) => {
    const tuned = get(bytes, bitsPerSecond, rttMs, {});
    const endless = get(bytes, bitsPerSecond, rttMs, { initialReceiveWindowBytes: 2 ** 30 });
    expect(tuned.sender.windowLimits).toBe(0);
    expect(tuned.ms).toBe(endless.ms);
    const productBytes = (bitsPerSecond / 8_000) * rttMs;
    expect(tuned.receiver.receiveWindowBytes).toBeGreaterThan(2 * productBytes);
    const eightMiB = { initialReceiveWindowBytes: 8_388_608, receiveWindowBytes: 8_388_608 };
    expect(get(bytes, bitsPerSecond, rttMs, eightMiB).sender.windowLimits).toBeGreaterThan(0);
  });

  it('stays small for a reader that is slow, and stops the sender', () => {
    const link = { rateBitsPerSecond: 1e9, delayMs: 10 };
    const pair = buildPair({ seed: 4, up: link, down: link, config: SIZES });
    // 4 MB/s, one write at a time.
    const disk = { bytesPerMs: 4_000, stallEveryMs: 1_000, stallMs: 0, depth: 1 };
    const habits = { ...HEALTHY_HABITS, disk };
    const party = open(pair, planOf([jobOf('get', 40e6)], { habits }));
    let mostBytes = 0;
    const isDone = (): boolean => {
      mostBytes = Math.max(mostBytes, pair.client.receivePool.usedBytes);
      return party.isComplete;
    };
    expect(runUntil(pair, 60_000, isDone)).toBe(true);
    expect(pair.world.nowMs).toBeLessThan(40e6 / 4_000 + 200);
    expect(party.connection.stats().receiveWindowBytes).toBe(16_777_216);
    expect(mostBytes).toBeLessThanOrEqual(16_777_216 + 262_144);
    expect(pair.server.parties[0]!.connection.stats().windowLimits).toBeGreaterThan(3);
  });

  it('P-FLOW-06 completes every transfer although all windows together exceed the pool', () => {
    const pools = { serverPoolBytes: 2_097_152, serverHost: { earlyPoolBytes: 524_288 } };
    const link = { rateBitsPerSecond: 100e6, delayMs: 20, loss: 0.02, queueBytes: 1e6 };
    const pair = buildPair({ seed: 4, up: link, down: link, ...pools });
    const parties: ClientParty[] = [];
    for (let i = 0; i < 24; i += 1) parties.push(open(pair, planOf([jobOf('post', 600_000)])));
    const windows = (): number =>
      pair.server.parties
        .map(({ connection }) => connection.stats().receiveWindowBytes)
        .reduce((sum, bytes) => sum + bytes, 0);
    expect(runUntil(pair, 3_000, () => pair.server.parties.length === 24)).toBe(true);
    expect(windows()).toBeGreaterThan(pools.serverPoolBytes);
    const isDone = (): boolean => parties.every(({ isComplete }) => isComplete);
    expect(runUntil(pair, 600_000, isDone)).toBe(true);
    expect(pair.server.endpoint.stats().drops.noMemory).toBeGreaterThan(0);
  });
});
