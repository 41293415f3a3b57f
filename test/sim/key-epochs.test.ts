import { describe, expect, it } from 'vitest';
import { EPOCH_TXNS } from '../../src/crypto/segment-keys.ts';
import { SeededRandom } from '../../src/util/random.ts';
import { uint32 } from '../../src/wire/bytes.ts';
import { finishSegment } from '../../src/wire/segment-write.ts';
import type { Packet } from './net.ts';
import { Net } from './net.ts';
import { noiseOf } from './sealed.ts';

const BYTES = 1_500_000;

/** TXN as it stands on the wire. */
function txnOf({ bytes }: Packet): number {
  return uint32(bytes, 22);
}

function pairAt(clientTxn: number, serverTxn: number) {
  const net = new Net({ delayMs: 10, bitsPerSecond: 100_000_000, queueMs: 100 });
  const server = net.add(1, { protection: noiseOf(2), initialTxn: serverTxn });
  const client = net.add(2, { protection: noiseOf(1), initialTxn: clientTxn, accepts: false });
  const near = client.connect(0, server);
  return { net, server, client, near };
}

describe('an epoch of numbers that ends within a connection', () => {
  it.each([
    ['an epoch', 3 * EPOCH_TXNS - 400],
    ['the 32 bits of the wire', 2 ** 32 - 400],
  ])('P-KEY-06 is crossed both ways, through loss and reordering: %s', (_, firstTxn) => {
    const { net, server, client, near } = pairAt(firstTxn, firstTxn + 77);
    const random = new SeededRandom(firstTxn);
    net.tap = (packet) => {
      if (random.chance(0.05)) return [];
      if (!random.chance(0.2)) return [packet];
      const copy = { ...packet, lateMs: random.integer(1, 60) };
      return random.chance(0.5) ? [copy] : [packet, copy];
    };
    near.say(`get ${BYTES}`);
    near.post(BYTES);
    const isDone = (): boolean => near.recordsEnded === 1 && server.newest.recordsEnded === 1;
    expect(net.runUntil(isDone)).toBe(true);
    expect([near.isIntact, near.receivedBytes]).toEqual([true, BYTES]);
    expect([server.newest.isIntact, server.newest.receivedBytes]).toEqual([true, BYTES]);
    for (const node of [client, server]) {
      const epochs = net.sent
        .filter(({ from }) => from === node.address)
        .map((packet) => Math.floor(txnOf(packet) / EPOCH_TXNS));
      expect(new Set(epochs).size).toBe(2);
      // Late segments of the old epoch open as long as it is the one before.
      expect(node.drops()['seal']).toBeUndefined();
    }
    expect(near.closed).toBeUndefined();
  });

  it('P-KEY-06 forged numbers of any epoch move no receiver to another key', () => {
    const { net, server, client, near } = pairAt(5 * EPOCH_TXNS + 10, 9);
    near.say('hello');
    net.run(200);
    const last = net.sent.filter(({ from }) => from === client.address).at(-1)!;
    for (let epoch = 0; epoch < 1_024; epoch += 1) {
      const bytes = last.bytes.slice();
      new DataView(bytes.buffer).setUint32(22, (epoch * EPOCH_TXNS + 1_000) >>> 0);
      finishSegment(bytes, 0, 32);
      net.inject({ ...last, bytes });
    }
    net.run(200);
    expect(server.newest.messages).toEqual(['hello']);
    near.say('get 100000');
    expect(net.runUntil(() => near.recordsEnded === 1, 2_000)).toBe(true);
    expect(near.isIntact).toBe(true);
  });
});
