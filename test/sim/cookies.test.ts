/** Floods of SYNs, and the cookie that tells who receives at an address from who does not. */
import { describe, expect, it } from 'vitest';
import {
  MAX_HALF_OPEN,
  MAX_HALF_OPEN_PER_SOURCE,
  MAX_HALF_OPEN_WITHOUT_COOKIE,
} from '../../src/transport/acceptor.ts';
import { MAX_COOKIES_TAKEN } from '../../src/transport/opening.ts';
import { FLAG } from '../../src/wire/codes.ts';
import { AT, SYN_BYTES } from '../../src/wire/layout.ts';
import { cookieRange } from '../../src/wire/segment.ts';
import type { PeerAddress } from '../../src/transport/types.ts';
import { finishSegment } from '../../src/wire/segment-write.ts';
import { addressOf, type Packet } from './net.ts';
import { cookiesOf, noiseOf, sealedNet, type SealedNet } from './sealed.ts';

const FLOOD = 20_000;
const ATTACKER = 1_000;

function isSyn({ bytes }: Packet): boolean {
  return bytes[AT.FLAGS] === (FLAG.CNT | FLAG.SYN);
}

function isRefusal({ bytes }: Packet): boolean {
  return bytes[AT.FLAGS] === (FLAG.CNT | FLAG.SYN | FLAG.ACK) && cookieRange(bytes) !== undefined;
}

/** SYNs of `node` so far, as it sent them. */
function synsOf({ net }: SealedNet, from = addressOf(2)): Packet[] {
  return net.sent.filter((packet) => packet.from === from && isSyn(packet));
}

/** A SYN of the client under another number and port, which makes it another's. */
function variant(syn: Uint8Array, index: number): Uint8Array {
  const bytes = syn.slice();
  new DataView(bytes.buffer).setUint32(AT.SEQ, index);
  bytes[AT.SOURCE_PORT] = 1 + (index & 127);
  finishSegment(bytes, 0, bytes.length);
  return bytes;
}

/** Checks that no source ever got more bytes back than it sent, in every prefix. */
class Amplification {
  worst = 0;
  private readonly balance = new Map<string, number>();

  onSent(address: string, bytes: number): void {
    this.balance.set(address, (this.balance.get(address) ?? 0) + bytes);
  }

  onAnswer(address: string, bytes: number): void {
    this.onSent(address, -bytes);
    this.worst = Math.min(this.worst, this.balance.get(address) ?? 0);
  }
}

function always(): SealedNet {
  return sealedNet({}, { cookies: cookiesOf(5), cookieDemand: 'always' });
}

describe('cookies', () => {
  it('P-COOKIE-01 P-COOKIE-02 always demanded: one question more, and no state before', () => {
    const scene = always();
    const { net, server, client } = scene;
    const talk = client.connect(0, server);
    talk.say('hello');
    net.run(15);
    expect(server.endpoint.connectionCount).toBe(0);
    net.run(100);
    expect(server.newest.messages).toEqual(['hello']);
    const [first, second, ...more] = synsOf(scene);
    expect(more).toEqual([]);
    // The same datagram but for the cookie and the checksum.
    const { from, to } = cookieRange(first!.bytes)!;
    const differ = [...first!.bytes.keys()].filter((i) => first!.bytes[i] !== second!.bytes[i]);
    const isAllowed = (i: number): boolean =>
      (i >= from && i < to) || i === AT.CHECKSUM || i === AT.CHECKSUM + 1;
    expect(differ.filter((i) => !isAllowed(i))).toEqual([]);
    const refusal = net.sent.find((packet) => isRefusal(packet))!;
    expect(refusal.bytes.length).toBeLessThan(SYN_BYTES);
    expect(server.endpoint.stats()).toMatchObject({ cookiesAsked: 1, cookiesTaken: 1 });
    // Its round trip is measured from the SYN that was answered.
    expect(talk.connection.stats().minRttMs).toBeCloseTo(20, 1);
  });

  it('P-COOKIE-02 P-RTT-02 asked by each copy of a SYN, one cookie is shown once', () => {
    const scene = always();
    const { net, server, client } = scene;
    net.tap = (packet) => [{ ...packet, lateMs: 140 }];
    const talk = client.connect(0, server);
    talk.say('hello');
    net.run(295);
    // At 0 and 100 ms; the question to the first has come at 300 ms.
    expect(synsOf(scene)).toHaveLength(2);
    net.run(650);
    expect(server.newest.messages).toEqual(['hello']);
    expect(server.endpoint.stats().cookiesAsked).toBe(2);
    const { from, to } = cookieRange(synsOf(scene)[0]!.bytes)!;
    const shown = synsOf(scene).filter(({ bytes }) => bytes.slice(from, to).some((b) => b !== 0));
    expect(shown).toHaveLength(1);
    // Which copy of the SYN was answered is not known, so that is no round trip.
    net.run(1_000);
    expect(talk.connection.stats().minRttMs).toBeGreaterThan(299);
  });

  it('P-COOKIE-01 one of another address, another port, too old or forged is none', () => {
    const scene = always();
    const { net, server, client } = scene;
    client.connect(0, server);
    net.run(100);
    const good = synsOf(scene)[1]!;
    const askedBefore = server.endpoint.stats().cookiesAsked;
    const edited = (edit: (bytes: Uint8Array) => void): Uint8Array => {
      const bytes = good.bytes.slice();
      new DataView(bytes.buffer).setUint32(AT.SEQ, 77);
      edit(bytes);
      finishSegment(bytes, 0, bytes.length);
      return bytes;
    };
    const { from } = cookieRange(good.bytes)!;
    const feed = (packet: Packet): void => {
      net.inject(packet);
      net.run(1);
    };
    const same = edited(() => undefined);
    feed({ ...good, from: addressOf(3), bytes: same });
    feed({ ...good, from: addressOf(2, 10_001), bytes: same });
    feed({ ...good, bytes: edited((bytes) => (bytes[AT.SOURCE_PORT]! ^= 1)) });
    for (let i = 0; i < 20; i += 1) {
      feed({ ...good, bytes: edited((bytes) => (bytes[from + i]! ^= 1 << (i & 7))) });
    }
    expect(server.endpoint.stats().accepted).toBe(1);
    expect(server.endpoint.stats().cookiesAsked).toBe(askedBefore + 23);
    feed({ ...good, bytes: same });
    expect(server.endpoint.stats().accepted).toBe(2);
    net.run(31_000);
    feed({ ...good, bytes: edited((bytes) => (bytes[AT.SEQ] = 9)) });
    expect(server.endpoint.stats().accepted).toBe(2);
  });

  it('P-COOKIE-03 a source that shows them has a rate, and others have theirs', () => {
    const cookies = cookiesOf(5);
    const scene = sealedNet({}, { cookies, cookieDemand: 'always' });
    const { net, server, client } = scene;
    client.connect(0, server);
    net.run(100);
    const good = synsOf(scene)[0]!;
    const { from: at } = cookieRange(good.bytes)!;
    const shower = addressOf(7);
    let index = 0;
    const show = (from: PeerAddress, count: number): number => {
      const before = server.endpoint.stats().accepted;
      for (let i = 0; i < count; i += 1, index += 1) {
        const bytes = variant(good.bytes, 1_000 + index);
        const port = bytes[AT.SOURCE_PORT]! * 256 + bytes[AT.SOURCE_PORT + 1]!;
        bytes.set(cookies.make(net.nowMs, from, port), at);
        finishSegment(bytes, 0, bytes.length);
        server.endpoint.handleDatagram(net.nowMs, from, bytes);
        // Each is over at once: the places of half-open connections are another limit.
        for (const connection of server.endpoint.connections()) connection.forget();
        net.settle();
      }
      return server.endpoint.stats().accepted - before;
    };
    expect(show(shower, 500)).toBe(400);
    expect(server.endpoint.stats().drops.sourceLimit).toBe(100);
    expect(show(addressOf(8), 10)).toBe(10);
    net.run(100);
    expect(show(shower, 50)).toBe(10);
  });

  it('P-COOKIE-02 forged questions delay an opening a few times, and no more', () => {
    const scene = sealedNet();
    const { net, server, client } = scene;
    let forged = 0;
    net.tap = (packet) => {
      if (packet.from === server.address || !isSyn(packet)) return [packet];
      forged += 1;
      const syn = packet.bytes;
      const bytes = new Uint8Array(56);
      bytes.set([0, 0, syn[0]!, syn[1]!, 0, 0, 0, 0, ...syn.subarray(4, 8), 56, 0x16]);
      bytes.set([1, 6, 0, 0, 0, 0, 2, 4, 0, 0, 0, 0, 4, 22, ...Array<number>(20).fill(forged)], 20);
      finishSegment(bytes, 0, 56);
      return [
        { from: packet.to, to: packet.from, bytes },
        { ...packet, lateMs: 1 },
      ];
    };
    const talk = client.connect(0, server);
    talk.say('hello');
    net.run(3_000);
    expect(server.newest.messages).toEqual(['hello']);
    expect(synsOf(scene).length).toBeLessThanOrEqual(MAX_COOKIES_TAKEN + 1);
    expect(server.endpoint.stats().accepted).toBeLessThanOrEqual(MAX_COOKIES_TAKEN + 1);
  });
});

describe('a flood of SYNs', () => {
  it('P-COOKIE-01 P-OPEN-02 20,000 from many addresses stop no transfer and no new client', () => {
    const scene = sealedNet({}, { cookies: cookiesOf(5) });
    const { net, server, client } = scene;
    const running = client.connect(0, server);
    running.say('get 6000000');
    net.run(100);
    const syn = synsOf(scene)[0]!.bytes;
    const ledger = new Amplification();
    net.isRecording = false;
    let mostHalfOpen = 0;
    net.tap = (packet) => {
      const isStranger = packet.to !== client.address && packet.to !== addressOf(3);
      if (isStranger && packet.from === server.address)
        ledger.onAnswer(packet.to.address, packet.bytes.length);
      return [packet];
    };
    let flooded = 0;
    const flood = (count: number): void => {
      for (let i = 0; i < count; i += 1) {
        const from = addressOf(ATTACKER + (flooded % 4_000));
        ledger.onSent(from.address, SYN_BYTES);
        net.inject({ from, to: server.address, bytes: variant(syn, flooded) });
        flooded += 1;
      }
      net.run(10);
      mostHalfOpen = Math.max(mostHalfOpen, server.endpoint.stats().halfOpen);
    };
    while (flooded < FLOOD / 2) flood(50);
    const late = net.add(3, { protection: noiseOf(9), accepts: false });
    const talk = late.connect(net.nowMs, server);
    talk.say('hello');
    const sinceMs = net.nowMs;
    const isIn = (): boolean => server.talks.some(({ messages }) => messages[0] === 'hello');
    while (!isIn() && net.nowMs - sinceMs < 3_000) flood(50);
    expect(isIn()).toBe(true);
    while (flooded < FLOOD) flood(50);
    expect(ledger.worst).toBe(0);
    expect(mostHalfOpen).toBeLessThanOrEqual(MAX_HALF_OPEN_WITHOUT_COOKIE + 1);
    expect(net.runUntil(() => running.recordsEnded === 1, 20_000)).toBe(true);
    expect([running.isIntact, running.receivedBytes]).toEqual([true, 6_000_000]);
    expect(server.endpoint.stats().cookiesAsked).toBeGreaterThan(FLOOD / 2);
    net.run(130_000);
    expect(server.endpoint.stats().halfOpen).toBe(0);
  });

  it('P-COOKIE-01 with cookies, half-open entries have a cap, and one source a share', () => {
    const scene = sealedNet({}, { cookies: cookiesOf(5), maxConnections: 5_000 });
    const { net, server, client } = scene;
    client.connect(0, server);
    net.run(100);
    const syn = synsOf(scene)[0]!.bytes;
    const cookies = cookiesOf(5);
    net.isRecording = false;
    const proved = (host: number, index: number): Packet => {
      const bytes = variant(syn, index);
      const from = addressOf(host);
      const port = (bytes[0]! << 8) | bytes[1]!;
      bytes.set(cookies.make(net.nowMs, from, port), cookieRange(bytes)!.from);
      finishSegment(bytes, 0, bytes.length);
      return { from, to: server.address, bytes };
    };
    for (let i = 0; i < 2 * MAX_HALF_OPEN_PER_SOURCE; i += 1) net.inject(proved(ATTACKER, i));
    net.run(50);
    expect(server.endpoint.stats().halfOpen).toBe(MAX_HALF_OPEN_PER_SOURCE);
    expect(server.drops()['sourceLimit']).toBe(MAX_HALF_OPEN_PER_SOURCE);
    for (let i = 0; i < MAX_HALF_OPEN + 100; i += 1) net.inject(proved(2_000 + i, i));
    net.run(50);
    expect(server.endpoint.stats().halfOpen).toBe(MAX_HALF_OPEN);
    // After ten seconds the oldest make room.
    net.run(10_000);
    net.inject(proved(9_000, 1));
    net.run(50);
    expect(server.endpoint.stats()).toMatchObject({ halfOpen: MAX_HALF_OPEN });
    expect(server.endpoint.stats().accepted).toBe(1 + MAX_HALF_OPEN + 1);
    net.run(130_000);
    expect(server.endpoint.stats().halfOpen).toBe(0);
  });
});
