import { describe, expect, it } from 'vitest';
import { DelayLine } from '../../../src/sim/delay-line.ts';
import { Link, type LinkOptions } from '../../../src/sim/link.ts';
import { SeededRandom } from '../../../src/util/random.ts';

const DATAGRAM = Uint8Array.from({ length: 972 }, (_, i) => i & 255);

function linkOf(options: Partial<LinkOptions>, seed = 1): Link {
  return new Link(options, new SeededRandom(seed));
}

function sendMany(link: Link, count: number, everyMs: number): void {
  for (let i = 0; i < count; i += 1) link.send(i * everyMs, DATAGRAM);
}

function drain(link: Link): { atMs: number; bytes: Uint8Array }[] {
  const arrived = [];
  for (;;) {
    const atMs = link.nextDeliveryMs();
    const bytes = link.deliver(atMs);
    if (bytes === undefined) return arrived;
    arrived.push({ atMs, bytes: bytes.slice() });
  }
}

describe('Link', () => {
  it('delivers what was sent after the delay, unchanged', () => {
    const link = linkOf({ delayMs: 5 });
    link.send(10, DATAGRAM);
    expect(link.deliver(14.9)).toBeUndefined();
    expect(link.nextDeliveryMs()).toBe(15);
    expect(link.deliver(15)).toEqual(DATAGRAM);
    expect(link.deliver(15)).toBeUndefined();
    expect(link.nextDeliveryMs()).toBe(Infinity);
  });

  it('serialises at the line rate with the IP and UDP headers counted', () => {
    const link = linkOf({ rateBitsPerSecond: 8_000_000, delayMs: 1, queueBytes: 10_000 });
    sendMany(link, 3, 0);
    expect(drain(link).map((entry) => entry.atMs)).toEqual([2, 3, 4]);
  });

  it('drops at the tail of a full queue', () => {
    const link = linkOf({ rateBitsPerSecond: 8_000_000, queueBytes: 4_000 });
    sendMany(link, 10, 0);
    expect(link.counters.queueDrops).toBe(6);
    expect(drain(link)).toHaveLength(4);
  });

  it('loses about the share it was told to, alone or in bursts', () => {
    for (const burst of [1, 5]) {
      const link = linkOf({ loss: 0.2, burst });
      sendMany(link, 20_000, 1);
      expect(link.counters.losses / 20_000).toBeGreaterThan(0.17);
      expect(link.counters.losses / 20_000).toBeLessThan(0.23);
    }
  });

  it('loses everything in an outage and nothing outside it', () => {
    const outages = [
      { fromMs: 10, toMs: 20 },
      { fromMs: 30, toMs: 31 },
    ];
    const link = linkOf({ outages });
    sendMany(link, 40, 1);
    expect(link.counters.outageDrops).toBe(11);
  });

  it('keeps order under jitter unless told otherwise', () => {
    for (const keepsOrder of [true, false]) {
      const link = linkOf({ jitterMs: 50, keepsOrder });
      for (let i = 0; i < 200; i += 1) link.send(i, Uint8Array.of(i));
      const order = drain(link).map((entry) => entry.bytes[0]!);
      const sorted = order.toSorted((a, b) => a - b);
      expect(order.every((value, i) => value === sorted[i])).toBe(keepsOrder);
      expect(link.counters.reordered > 0).toBe(!keepsOrder);
    }
  });

  it('holds back some so that others overtake', () => {
    const link = linkOf({ reorder: 0.1, holdMs: 10 });
    for (let i = 0; i < 200; i += 1) link.send(i, Uint8Array.of(i));
    const order = drain(link).map((entry) => entry.bytes[0]!);
    expect(order).not.toEqual(order.toSorted((a, b) => a - b));
    expect(order).toHaveLength(200);
    expect(link.counters.reordered).toBeGreaterThan(5);
  });

  it('duplicates, up to the given time late', () => {
    const link = linkOf({ duplicate: 0.5, duplicateLateMs: 60_000 });
    sendMany(link, 1_000, 1);
    const arrived = drain(link);
    expect(arrived).toHaveLength(1_000 + link.counters.duplicated);
    expect(link.counters.duplicated).toBeGreaterThan(400);
    expect(arrived.at(-1)!.atMs).toBeGreaterThan(40_000);
    expect(arrived.at(-1)!.atMs).toBeLessThan(61_000);
  });

  it('flips exactly one bit, or several when asked', () => {
    const flips = (bits: number): number[] => {
      const link = linkOf({ corrupt: 1, corruptBits: bits });
      sendMany(link, 100, 1);
      return drain(link).map(({ bytes }) => differingBits(bytes));
    };
    expect(new Set(flips(1))).toEqual(new Set([1]));
    expect(Math.max(...flips(8))).toBeGreaterThan(3);
  });

  it('truncates and extends', () => {
    const short = linkOf({ truncate: 1 });
    sendMany(short, 50, 1);
    expect(drain(short).every(({ bytes }) => bytes.length < DATAGRAM.length)).toBe(true);
    const long = linkOf({ extend: 1 });
    sendMany(long, 50, 1);
    for (const { bytes } of drain(long)) {
      expect(bytes.length).toBeGreaterThan(DATAGRAM.length);
      expect(bytes.subarray(0, DATAGRAM.length)).toEqual(DATAGRAM);
    }
  });

  it('swallows datagrams above the size of the path, which may change on the way', () => {
    const link = linkOf({ mtuBytes: 972 });
    link.send(0, DATAGRAM);
    link.mtuBytes = 971;
    link.send(0, DATAGRAM);
    expect(drain(link)).toHaveLength(1);
    expect(link.counters.mtuDrops).toBe(1);
  });

  it('does the same with the same seed', () => {
    const rough = { loss: 0.3, jitterMs: 20, keepsOrder: false, duplicate: 0.2, corrupt: 0.2 };
    const run = (seed: number): unknown => {
      const link = linkOf(rough, seed);
      sendMany(link, 500, 1);
      return drain(link);
    };
    expect(run(7)).toEqual(run(7));
    expect(run(7)).not.toEqual(run(8));
  });
});

describe('DelayLine', () => {
  it('orders by time, then by order of sending', () => {
    const line = new DelayLine();
    const random = new SeededRandom(3);
    const expected: { atMs: number; order: number }[] = [];
    for (let order = 0; order < 500; order += 1) {
      const atMs = random.integer(0, 50);
      line.push(line.take(1), atMs);
      expected.push({ atMs, order });
    }
    expected.sort((a, b) => a.atMs - b.atMs || a.order - b.order);
    for (const { atMs, order } of expected) {
      expect(line.nextMs()).toBe(atMs);
      const flight = line.shift();
      expect(flight.order).toBe(order);
      line.recycle(flight);
    }
    expect(line.size).toBe(0);
  });
});

function differingBits(bytes: Uint8Array): number {
  let count = 0;
  bytes.forEach((value, i) => {
    for (let x = value ^ DATAGRAM[i]!; x > 0; x >>= 1) count += x & 1;
  });
  return count;
}
