import { describe, expect, it } from 'vitest';
import { RateGate } from '../../../../src/service/accounts/rate-gate.ts';
import type { GateWorld } from '../../../../src/service/accounts/rate-gate.ts';
import { MeteredChannel } from '../../../../src/service/metered-channel.ts';
import { SeededRandom } from '../../../../src/util/random.ts';
import { channelPair } from '../fake-channel.ts';
import { VirtualWorld } from '../login/door-rig.ts';

const RATE = 6_250_000;
const RUN_BYTES = 262_144;

/** Timers of a busy machine: each comes up to 3 ms late. */
function lateWorld(world: VirtualWorld, seed = 1): GateWorld {
  const random = new SeededRandom(seed);
  return {
    nowMs: world.nowMs,
    pause: (ms) => world.timer(ms + 3 * random.float()).passed,
  };
}

describe('a rate', () => {
  it('P-ACCT-07 holds within 3 % over twenty sessions, each of which gets as much', async () => {
    const world = new VirtualWorld();
    const gate = new RateGate(lateWorld(world));
    gate.bytesPerSecond = RATE;
    const moved = Array.from({ length: 20 }, () => 0);
    let isOver = false;
    const sessions = moved.map(async (_, index) => {
      while (!isOver) {
        const bytes = gate.grain(RUN_BYTES);
        await gate.pay(bytes, () => isOver);
        moved[index] = (moved[index] ?? 0) + bytes;
      }
    });
    await world.advance(10_000);
    const total = moved.reduce((sum, bytes) => sum + bytes, 0);
    expect(total).toBeGreaterThan(RATE * 10 * 0.97);
    expect(total).toBeLessThan(RATE * 10 * 1.03);
    const share = total / 20;
    for (const bytes of moved) expect(Math.abs(bytes - share)).toBeLessThan(0.1 * share);
    isOver = true;
    await world.advance(1000);
    await Promise.all(sessions);
    expect(world.runningTimers).toBe(0);
  });

  it('P-ACCT-07 changes while somebody waits, and leaves nothing owed in time', async () => {
    const world = new VirtualWorld();
    const gate = new RateGate(lateWorld(world));
    gate.bytesPerSecond = 1;
    await gate.pay(1000, () => false);
    let isThrough = false;
    const waiting = gate.pay(1000, () => false).then(() => void (isThrough = true));
    await world.advance(10_000);
    expect(isThrough).toBe(false);
    gate.bytesPerSecond = 1_000_000;
    await world.advance(250);
    expect(isThrough).toBe(true);
    await waiting;
    gate.bytesPerSecond = Infinity;
    await gate.pay(1e12, () => false);
    // What was free is not owed when there is a rate again.
    gate.bytesPerSecond = 1000;
    await gate.pay(1, () => false);
    expect(gate.grain(RUN_BYTES)).toBe(8192);
  });

  it('P-ACCT-07 lets go of whoever waits for a channel that is closed', async () => {
    const world = new VirtualWorld();
    const gate = new RateGate(lateWorld(world));
    gate.bytesPerSecond = 1;
    let isOver = false;
    await gate.pay(1_000_000, () => isOver);
    const waits = [1, 2, 3].map(() => gate.pay(1, () => isOver));
    await world.advance(1000);
    isOver = true;
    await world.advance(1000);
    await Promise.all(waits);
  });

  it('P-ACCT-07 is paid for slabs that are had, and for runs that come', async () => {
    const world = new VirtualWorld();
    const [client, server] = channelPair();
    const gates = { toClient: new RateGate(lateWorld(world)), fromClient: new RateGate() };
    gates.toClient.bytesPerSecond = 100_000;
    const metered = new MeteredChannel(server, gates);
    const slab = await metered.acquireSlab(RUN_BYTES);
    expect(slab.bytes.length).toBeGreaterThanOrEqual(8192);
    metered.releaseSlab(slab);
    let isHad = false;
    const next = metered.acquireSlab(RUN_BYTES).then((one) => {
      isHad = true;
      return one;
    });
    await world.advance(20);
    expect(isHad).toBe(false);
    await world.advance(300);
    metered.releaseSlab(await next);
    const own = await client.acquireSlab(10);
    await client.sendData(own, 10);
    client.endData();
    const run = await metered.nextRun(RUN_BYTES);
    expect(run?.length).toBe(10);
    if (run !== undefined) metered.releaseRun(run);
  });
});
