/** What somebody who sees and sends datagrams can do to an open connection: nothing. */
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../src/util/random.ts';
import { FLAG } from '../../src/wire/codes.ts';
import { AT } from '../../src/wire/layout.ts';
import { finishSegment } from '../../src/wire/segment-write.ts';
import { addressOf, type Packet } from './net.ts';
import { openSealed, sealedNet } from './sealed.ts';

const FORGED = 2 ** 17;

/** The checksum put right, as far as it reaches on the sealed wire. */
function mended(bytes: Uint8Array): Uint8Array {
  const flags = bytes[AT.FLAGS]!;
  const isSyn = (flags & (FLAG.SYN | FLAG.ACK)) === FLAG.SYN;
  const headerLength = Math.min(bytes[AT.HEADER_LENGTH]!, bytes.length);
  finishSegment(bytes, 0, isSyn ? bytes.length : headerLength);
  return bytes;
}

describe('a sealed connection under attack', () => {
  it('P-KEY-05 a whole session, replayed a minute later, delivers nothing', () => {
    const { net, server, client } = sealedNet();
    const talk = client.connect(0, server, { patienceMs: 5_000 });
    talk.say('get 60000');
    expect(net.runUntil(() => talk.recordsEnded === 1)).toBe(true);
    talk.post(50_000);
    talk.connection.finish();
    net.run(20_000);
    server.newest.connection.finish();
    net.run(60_000);
    expect(server.newest.receivedBytes).toBe(50_000);
    const captured = net.sent.filter(({ from }) => from === client.address);
    const talks = server.talks.length;
    const before = server.endpoint.stats();
    for (const packet of captured) {
      net.inject({ ...packet, bytes: packet.bytes.slice() });
      net.run(5);
    }
    expect(server.talks.length).toBe(talks);
    const { drops } = server.endpoint.stats();
    expect(drops.unknownConnection - before.drops.unknownConnection).toBe(captured.length - 1);
    // The SYN alone makes a half-open entry, which nothing of the old session can complete.
    expect(server.endpoint.stats().halfOpen).toBe(1);
    net.run(130_000);
    expect([server.endpoint.connectionCount, server.endpoint.quietCount]).toEqual([0, 0]);
  });

  it('P-KEY-05 the old third message fits no new half-open entry, wherever it goes', () => {
    const { net, server, client } = sealedNet();
    const talk = client.connect(0, server, { patienceMs: 5_000 });
    talk.say('hello');
    net.run(1_000);
    talk.connection.abort(1);
    net.run(60_000);
    const captured = net.sent.filter(({ from }) => from === client.address);
    const [syn, ...others] = captured.map(({ bytes }) => bytes);
    net.inject({ from: client.address, to: server.address, bytes: syn! });
    net.run(50);
    const synAck = net.sent.at(-1)!.bytes;
    expect(synAck[AT.FLAGS]).toBe(FLAG.CNT | FLAG.SYN | FLAG.ACK);
    for (const bytes of others) {
      // To the new port, with the new acknowledgement.
      const moved = bytes.slice();
      moved.set(synAck.subarray(0, 2), AT.DESTINATION_PORT);
      moved.set(synAck.subarray(AT.SEQ, AT.SEQ + 4), AT.ACK);
      net.inject({ from: client.address, to: server.address, bytes: mended(moved) });
    }
    net.run(50);
    expect(server.talks).toHaveLength(1);
    expect(server.newest.messages).toEqual(['hello']);
    expect(server.drops()['seal']).toBeGreaterThan(0);
    net.run(130_000);
    expect(server.endpoint.connectionCount).toBe(0);
  });

  it('P-KEY-05 a quarter of all segments altered in flight: the file is equal', () => {
    const random = new SeededRandom(7);
    const { net, server, client, near } = openSealed({ delayMs: 5 });
    let altered = 0;
    net.isRecording = false;
    net.tap = (packet) => {
      if (!random.chance(0.25)) return [packet];
      altered += 1;
      const bytes = packet.bytes.slice();
      for (let left = random.integer(1, 4); left > 0; left -= 1) {
        const at = random.chance(0.5) ? random.integer(0, 31) : random.integer(0, bytes.length - 1);
        if (at !== AT.CHECKSUM && at !== AT.CHECKSUM + 1) bytes[at]! ^= random.integer(1, 255);
      }
      const isSame = bytes.every((byte, i) => byte === packet.bytes[i]);
      if (isSame) altered -= 1;
      return [{ ...packet, bytes: isSame ? bytes : mended(bytes) }];
    };
    near.say('get 2000000');
    near.post(1_000_000);
    const isDone = (): boolean => near.recordsEnded === 1 && server.newest.recordsEnded === 1;
    expect(net.runUntil(isDone)).toBe(true);
    expect([near.isIntact, near.receivedBytes]).toEqual([true, 2_000_000]);
    expect([server.newest.isIntact, server.newest.receivedBytes]).toEqual([true, 1_000_000]);
    // Each altered one was dropped and counted.
    const dropped = [client, server].flatMap((node) => Object.entries(node.drops()));
    const count = dropped.reduce((sum, [why, n]) => sum + (why === 'duplicate' ? 0 : n), 0);
    expect(altered).toBeGreaterThan(500);
    net.tap = (packet) => [packet];
    net.run(1_000);
    // An edited number may look like one received before, and is dropped as that.
    const { duplicate = 0 } = server.drops();
    expect(count + duplicate + (client.drops()['duplicate'] ?? 0)).toBeGreaterThanOrEqual(altered);
    expect(near.closed).toBeUndefined();
  });

  it('P-KEY-04 2^17 forged segments from the right address change nothing', () => {
    const { net, server, client, near, far } = openSealed();
    const random = new SeededRandom(3);
    const sample = net.sent.filter(({ from }) => from === client.address).at(-1)!.bytes;
    const kinds = [FLAG.OP | FLAG.ACK, FLAG.DAT | FLAG.ACK, FLAG.ACK, FLAG.CNT | FLAG.ACK];
    net.isRecording = false;
    const before = { ...far.connection.stats(), steps: 0 };
    const bytes = new Uint8Array(200);
    for (let count = 0; count < FORGED; count += 1) {
      bytes.set(sample.subarray(0, 32));
      bytes[AT.FLAGS] = kinds[count & 3]!;
      bytes[31] = 0;
      // Numbers near the newest, a little beyond it, and anywhere.
      const spread = [0, 1, 2, 4][(count >> 2) & 3]!;
      for (let i = 4 - spread; i < 4; i += 1) bytes[22 + i] = random.uint32();
      bytes[28] = 0;
      bytes[29] = 168;
      for (let at = 32; at < 200; at += 4)
        new DataView(bytes.buffer).setUint32(at, random.uint32());
      server.endpoint.handleDatagram(net.nowMs, client.address, mended(bytes));
    }
    expect(server.drops()['seal'] ?? 0).toBeGreaterThan(FORGED / 2);
    expect({ ...far.connection.stats(), steps: 0 }).toEqual({
      ...before,
      // Numbers that came before are known without opening anything.
      duplicatesReceived: far.connection.stats().duplicatesReceived,
    });
    expect(far.messages).toEqual(['hello']);
    near.say('get 300000');
    expect(net.runUntil(() => near.recordsEnded === 1, 5_000)).toBe(true);
    expect([near.isIntact, near.receivedBytes]).toEqual([true, 300_000]);
  });

  it('P-KEY-04 datagrams of strangers with the right ports are not even opened by a client', () => {
    const { net, server, client, near } = openSealed();
    const stranger: Packet = { from: addressOf(9), to: client.address, bytes: new Uint8Array(0) };
    for (const { from, bytes } of [...net.sent]) {
      if (from === server.address) net.inject({ ...stranger, bytes });
    }
    net.run(1_000);
    expect(client.drops()).toEqual({ address: expect.any(Number) as number });
    expect(near.closed).toBeUndefined();
  });
});
