import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forgeMany, stateOf } from './forged-run.ts';
import { exchange, Rig } from './rig.ts';

/** Each way; the long run sends 64 times as many. */
const FORGED = 2 ** 15;
const FILE = Uint8Array.from({ length: 100_000 }, (_, i) => i * 7);

let rig: Rig;

beforeEach(async () => {
  rig = await Rig.open();
});

afterEach(async () => {
  await rig.close();
});

describe('forged segments with the right addresses, ports and numbers', () => {
  it('P-KEY-05 change nothing: all are dropped and the connection is alive', async () => {
    const tap = await rig.tap();
    const { client, server } = await rig.through(tap);
    await exchange(client, server, FILE);
    const before = [stateOf(client), stateOf(server)];
    const { sent, dropped, resets } = await forgeMany(tap, rig.listener, FORGED, 1);
    expect([stateOf(client), stateOf(server)]).toEqual(before);
    expect(dropped).toBeGreaterThanOrEqual(sent);
    expect(resets).toBe(0);
    await exchange(client, server, FILE);
    await exchange(server, client, FILE);
  });
});
