/** Transfers that outlive their keys: what a jump to the next epoch costs, and what it bears. */
import { describe, expect, it } from 'vitest';
import { EPOCH_TXNS, KEY_LIFETIME_MS } from '../../src/crypto/segment-keys.ts';
import { type ConnectionConfig, DEFAULT_CONNECTION_CONFIG } from '../../src/transport/config.ts';
import type { KeyLimits } from '../../src/transport/noise-protection.ts';
import { SeededRandom } from '../../src/util/random.ts';
import { uint32 } from '../../src/wire/bytes.ts';
import type { Node, Talk } from './net-node.ts';
import { Net, type NetOptions, type Packet } from './net.ts';
import { noiseOf } from './sealed.ts';

const MINUTE_MS = 60_000;
/** 40 minutes of the slow link, each way. */
const BYTES = 11_000_000;
const SLOW: NetOptions = { delayMs: 150, bitsPerSecond: 48_000, queueMs: 3_000 };

function epochOf({ bytes }: Packet): number {
  return Math.floor(uint32(bytes, 22) / EPOCH_TXNS);
}

/** A net with a client and a server, and the epochs that each of them has sent and had come. */
class Trip {
  readonly net: Net;
  readonly server: Node;
  readonly client: Node;
  readonly near: Talk;
  /** When each epoch began, by sender. */
  readonly began = new Map<string, number[]>();
  /** Datagrams that came behind one of a later epoch. */
  overtaken = 0;
  /** Timeouts in the 20 s after each time for a jump. */
  timeoutsAtJumps = 0;
  private readonly newest = new Map<string, number>();

  constructor(
    options: NetOptions,
    connection: Partial<ConnectionConfig> = {},
    limits: KeyLimits = {},
  ) {
    this.net = new Net(options);
    this.net.isRecording = false;
    const { net } = this;
    const own = {
      connection: { ...DEFAULT_CONNECTION_CONFIG, ...connection },
      maxPatienceMs: connection.patienceMs ?? 120_000,
    };
    this.server = net.add(1, { protection: noiseOf(2, limits), initialTxn: 70_000, ...own });
    this.client = net.add(2, {
      protection: noiseOf(1, limits),
      initialTxn: 3 * EPOCH_TXNS + 5,
      accepts: false,
      ...own,
    });
    this.near = this.client.connect(0, this.server);
    this.route(() => 0);
    net.gate = (packet) => {
      const { key } = packet.from;
      const newest = this.newest.get(key) ?? 0;
      if (epochOf(packet) < newest) this.overtaken += 1;
      this.newest.set(key, Math.max(newest, epochOf(packet)));
      return [packet];
    };
  }

  /** @param lateMsOf how much later a datagram comes, -1 for never */
  route(lateMsOf: (packet: Packet) => number): void {
    this.net.tap = (packet) => {
      const { key } = packet.from;
      const began = this.began.get(key) ?? [];
      const epoch = epochOf(packet) - (packet.from === this.client.address ? 3 : 0);
      began[epoch] ??= this.net.nowMs;
      this.began.set(key, began);
      const lateMs = lateMsOf(packet);
      return lateMs < 0 ? [] : [{ ...packet, lateMs }];
    };
  }

  get far(): Talk {
    return this.server.newest;
  }

  /** Minutes at which the epochs of a node began; every epoch is there. */
  minutes(node: Node): number[] {
    return Array.from(this.began.get(node.address.key) ?? [], (ms) => Math.floor(ms / MINUTE_MS));
  }

  expectWhole(down: number, up: number): void {
    const { near, far } = this;
    expect([near.isIntact, near.receivedBytes]).toEqual([true, down]);
    expect([far.isIntact, far.receivedBytes]).toEqual([true, up]);
    for (const node of [this.client, this.server]) expect(node.drops()['seal']).toBeUndefined();
    expect([near.closed, far.closed]).toEqual([undefined, undefined]);
  }

  /** A file each way; both have come when it returns. */
  moveBoth(bytes: number): void {
    const { net, near } = this;
    near.say(`get ${bytes}`);
    near.post(bytes);
    const isDone = (): boolean => near.recordsEnded === 1 && this.far.recordsEnded === 1;
    for (let jump = 1; jump <= 2; jump += 1) {
      net.runUntil(isDone, jump * KEY_LIFETIME_MS - net.nowMs);
      const before = this.timeouts;
      net.runUntil(isDone, 20_000);
      this.timeoutsAtJumps += this.timeouts - before;
    }
    expect(net.runUntil(isDone, 90 * MINUTE_MS)).toBe(true);
    this.expectWhole(bytes, bytes);
  }

  get timeouts(): number {
    return this.near.connection.stats().timeouts + this.far.connection.stats().timeouts;
  }

  get repeated(): number {
    const [near, far] = [this.near, this.far].map(({ connection }) => connection.stats());
    return near!.segmentsRetransmitted + far!.segmentsRetransmitted;
  }
}

/** Whether the time is near that of a jump. */
function isJumpTime(nowMs: number): boolean {
  return nowMs > MINUTE_MS && (nowMs + 1_500) % KEY_LIFETIME_MS < 4_000;
}

/** Both ways at once, over a link that loses and reorders, and is worst where the jumps are. */
function roughTrip(seed: number, bytes: number, limits: KeyLimits = {}): Trip {
  const trip = new Trip(SLOW, {}, limits);
  const random = new SeededRandom(seed);
  trip.route(() => {
    const isWorst = isJumpTime(trip.net.nowMs);
    if (random.chance(isWorst ? 0.2 : 0.02)) return -1;
    return random.chance(isWorst ? 0.5 : 0.1) ? random.integer(1, isWorst ? 2_000 : 400) : 0;
  });
  trip.moveBoth(bytes);
  return trip;
}

describe('a transfer that outlives its keys', () => {
  it('P-KEY-09 goes on for 40 minutes over a slow link that loses and reorders', () => {
    const sum = { timeouts: 0, repeated: 0, ms: 0 };
    for (const seed of [40, 41, 42]) {
      const trip = roughTrip(seed, BYTES);
      expect(trip.net.nowMs).toBeGreaterThan(40 * MINUTE_MS);
      expect(trip.net.nowMs).toBeLessThan(45 * MINUTE_MS);
      expect(trip.minutes(trip.client)).toEqual([0, 15, 30]);
      expect(trip.minutes(trip.server)).toEqual([0, 15, 30]);
      // P-KEY-06: what a segment of the new epoch has overtaken still opens.
      expect(trip.overtaken).toBeGreaterThan(3);
      // The same link, and keys that last.
      const steady = roughTrip(seed, BYTES, { lifetimeMs: Infinity });
      expect(steady.minutes(steady.client)).toEqual([0]);
      sum.timeouts += trip.timeoutsAtJumps - steady.timeoutsAtJumps;
      sum.repeated += trip.repeated / steady.repeated / 3;
      sum.ms += trip.net.nowMs / steady.net.nowMs / 3;
    }
    expect(sum.timeouts).toBeLessThanOrEqual(6);
    expect(sum.repeated).toBeLessThan(1.1);
    expect(sum.ms).toBeLessThan(1.03);
  });

  it('P-KEY-09 repeats nothing because of a jump, where nothing is lost', () => {
    const trip = new Trip({ delayMs: 400 }, { receiveWindowSegments: 4 });
    trip.moveBoth(13_000_000);
    for (const node of [trip.client, trip.server]) {
      expect(trip.minutes(node)).toEqual([0, 15, 30]);
    }
    expect([trip.timeouts, trip.repeated]).toEqual([0, 0]);
  });

  it('P-KEY-09 moves the keys of a side that only acknowledges', () => {
    const trip = new Trip({ delayMs: 400 }, { receiveWindowSegments: 4 });
    trip.near.say('get 13000000');
    expect(trip.net.runUntil(() => trip.near.recordsEnded === 1, 90 * MINUTE_MS)).toBe(true);
    trip.expectWhole(13_000_000, 0);
    expect(trip.minutes(trip.client)).toEqual([0, 15, 30]);
    expect(trip.minutes(trip.server)).toEqual([0, 15, 30]);
  });

  it.each([
    ['both ways', (): boolean => true],
    ['from the server', ({ from }: Packet): boolean => from.address === '10.0.0.1'],
    ['from the client', ({ from }: Packet): boolean => from.address === '10.0.0.2'],
  ])('P-KEY-09 survives an hour in which nothing arrives: %s', (_, isCut) => {
    const trip = new Trip(SLOW, { patienceMs: Infinity });
    trip.route((packet) => {
      const minute = trip.net.nowMs / MINUTE_MS;
      return minute > 3 && minute < 63 && isCut(packet) ? -1 : 0;
    });
    trip.moveBoth(2_000_000);
    expect(trip.net.nowMs).toBeGreaterThan(63 * MINUTE_MS);
    // Nobody goes on to a second key before the first is known to have been seen.
    for (const node of [trip.client, trip.server]) {
      const meanwhile = trip.minutes(node).filter((minute) => minute > 3 && minute < 63);
      expect(meanwhile).toEqual([15]);
      expect(trip.minutes(node).some((minute) => minute >= 63)).toBe(true);
    }
  });
});
