import { createSocket, type Socket } from 'node:dgram';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/util/random.ts';
import { forgeSegment, forgeSyn } from './attacker.ts';
import { HOST, Rig } from './rig.ts';

const MOST_DATAGRAMS = 10;
/** No timer of a server without clients is longer than a handshake's repeats. */
const SILENCE_MS = 300;

let rigs: Rig[];
let mirrors: Socket[];

beforeEach(async () => {
  rigs = [await Rig.open(), await Rig.open()];
  mirrors = await Promise.all([0, 1].map(() => bound()));
});

afterEach(async () => {
  for (const mirror of mirrors) mirror.close();
  for (const rig of rigs) await rig.close();
});

async function bound(): Promise<Socket> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, HOST, resolve));
  return socket;
}

/**
 * Each mirror is what one server takes for the other: whatever comes to it leaves from the other
 * mirror. Counts datagrams until nothing has passed for a while.
 */
async function converse(opener: Uint8Array): Promise<number> {
  let count = 1;
  let lastMs = performance.now();
  mirrors.forEach((mirror, index) => {
    const other = 1 - index;
    mirror.on('message', (bytes) => {
      count += 1;
      lastMs = performance.now();
      if (count <= 1_000) mirrors[other]!.send(bytes, rigs[other]!.listener.port, HOST);
    });
  });
  mirrors[0]!.send(opener, rigs[0]!.listener.port, HOST);
  while (performance.now() - lastMs < SILENCE_MS) {
    // Silence has no event.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  for (const mirror of mirrors) mirror.removeAllListeners('message');
  return count;
}

describe('two servers that are made to talk to each other', () => {
  it('P-RESET-01 fall silent after a few datagrams, whatever the first one was', async () => {
    const random = new SeededRandom(1);
    const direction = { sourcePort: 7, destinationPort: 9, seq: 1, ack: 2, txn: 3 };
    const openers = [
      forgeSyn(random),
      forgeSyn(random).slice(0, 400),
      ...Array.from({ length: 8 }, () => forgeSegment(random, direction)),
      Uint8Array.from({ length: 1_400 }, () => random.uint32()),
    ];
    const counts: number[] = [];
    for (const opener of openers) counts.push(await converse(opener));
    expect(Math.max(...counts)).toBeLessThanOrEqual(MOST_DATAGRAMS);
    // One of them at least was answered, or nothing was shown.
    expect(Math.max(...counts)).toBeGreaterThan(1);
  });
});
