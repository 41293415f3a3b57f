import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/util/random.ts';
import { stateOf } from './forged-run.ts';
import { exchange, receiveFile, Rig, sendFile, waitFor } from './rig.ts';
import type { Wiretap } from './wiretap.ts';

const RUN_BYTES = 16;
const ALTERED_SHARE = 0.25;
const NAME = 'a-very-private-name.txt';
const PASSWORD = 'correct horse battery staple';

let rig: Rig;

beforeEach(async () => {
  rig = await Rig.open();
});

afterEach(async () => {
  await rig.close();
});

function randomFile(length: number, seed: number): Uint8Array {
  const random = new SeededRandom(seed);
  return Uint8Array.from({ length }, () => random.uint32());
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

/** All 16-byte runs of `bytes`. */
function runsOf(bytes: Uint8Array): Set<string> {
  const all = text(bytes);
  const runs = new Set<string>();
  for (let at = 0; at + RUN_BYTES <= all.length; at += 1) runs.add(all.slice(at, at + RUN_BYTES));
  return runs;
}

function showsAnyOf(tap: Wiretap, runs: ReadonlySet<string>): boolean {
  return tap.captured.some(({ bytes }) => {
    const datagram = text(bytes);
    for (let at = 0; at + RUN_BYTES <= datagram.length; at += 1) {
      if (runs.has(datagram.slice(at, at + RUN_BYTES))) return true;
    }
    return false;
  });
}

/** Sent to the server once more, in order, from where it came. @returns how many */
async function replay(tap: Wiretap): Promise<number> {
  const old = tap.captured.filter(({ way }) => way === 'toServer');
  for (const { bytes } of old) {
    const wanted = rig.listener.stats().datagramsReceived + 1;
    tap.inject(bytes, 'toServer');
    await waitFor(() => rig.listener.stats().datagramsReceived >= wanted);
  }
  return old.length;
}

describe('somebody who reads all on the path', () => {
  it('P-KEY-01 sees no run of the file, no name and no password', async () => {
    const tap = await rig.tap();
    const { client, server } = await rig.through(tap);
    await client.sendMessage(new TextEncoder().encode(`${NAME} ${PASSWORD}`));
    expect(text((await server.nextMessage())!)).toContain(PASSWORD);
    const file = randomFile(200_000, 1);
    await exchange(client, server, file);
    await exchange(server, client, file);
    const all = text(Buffer.concat(tap.captured.map(({ bytes }) => bytes)));
    expect(all.length).toBeGreaterThan(2 * file.length);
    expect([all.includes(NAME), all.includes(PASSWORD)]).toEqual([false, false]);
    expect(showsAnyOf(tap, runsOf(file))).toBe(false);
  });

  it('P-TXN-04 replays the session in vain, while it lives and after its end', async () => {
    const tap = await rig.tap();
    const { client, server } = await rig.through(tap);
    const file = randomFile(4_000_000, 2);
    await exchange(server, client, file);
    const before = [stateOf(client), stateOf(server)];
    expect(await replay(tap)).toBeGreaterThan(50);
    expect([stateOf(client), stateOf(server)]).toEqual(before);
    client.finish();
    server.finish();
    await Promise.all([client.closed, server.closed]);
    await replay(tap);
    expect(rig.channels).toHaveLength(1);
    expect(rig.listener.channelCount).toBe(0);
  });
});

describe('somebody who alters a quarter of all on the path', () => {
  it('P-KEY-05 changes nothing of the file: what is altered is dropped', async () => {
    const tap = await rig.tap();
    const random = new SeededRandom(3);
    let altered = 0;
    tap.alter = (bytes, way) => {
      if (!random.chance(ALTERED_SHARE)) return bytes;
      if (way === 'toServer') altered += 1;
      const copy = Uint8Array.from(bytes);
      copy[random.integer(0, copy.length - 1)]! ^= random.integer(1, 255);
      return copy;
    };
    const { client, server } = await rig.through(tap);
    const file = randomFile(8_000_000, 4);
    const [received] = await Promise.all([receiveFile(server), sendFile(client, file)]);
    expect(Buffer.compare(received, file)).toBe(0);
    await exchange(client, server, file);
    const { drops } = rig.listener.stats();
    const dropped = Object.values(drops).reduce((sum, count) => sum + count, 0);
    expect(altered).toBeGreaterThan(30);
    // Copies of the handshake are drops too, of a kind of their own.
    expect(dropped).toBeGreaterThanOrEqual(altered);
    expect(dropped - drops.duplicate - drops.notEstablished).toBeLessThanOrEqual(altered);
  });
});
