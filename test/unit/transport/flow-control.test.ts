import { describe, expect, it } from 'vitest';
import { openCouple } from './couple.ts';
import { accepted, opened, sendSegments } from './player.ts';
import { doubling, heldBy, isSame, pattern, type Seen, text } from './segments.ts';
import { toldBy, toMicroseconds } from './segments.ts';
import { FIRST_SEQ } from './station.ts';

const CLOSED_WINDOW = { windowSegments: 0, creditBytes: 0 };
const times = (batch: readonly Seen[]) => toMicroseconds(batch.map(({ atMs }) => atMs));
const isProbe = ({ kind }: Seen): boolean => kind === 'probe';

describe('flow control, as the receiver', () => {
  it('P-FLOW-01 never moves its right edges left, read or not', () => {
    const { station, player, connection } = accepted({
      connection: { receiveWindowBytes: 30_000, receiveWindowSegments: 16 },
      autoRead: false,
    });
    const edges: [number, number][] = [];
    let bytes = 0;
    for (let i = 0; i < 60; i += 1) {
      const [ack] = player.feed(player.dat(pattern(800)), player.probe());
      bytes = connection.stats().bytesDelivered;
      edges.push([ack!.ack + ack!.window, bytes + ack!.block!.credit]);
      if (i % 7 === 6) station.readRuns(connection);
      if (ack!.window === 0) break;
    }
    for (let i = 1; i < edges.length; i += 1) {
      expect(edges[i]![0]).toBeGreaterThanOrEqual(edges[i - 1]![0]);
      expect(edges[i]![1]).toBeGreaterThanOrEqual(edges[i - 1]![1]);
    }
    expect(edges.length).toBe(60);
  });

  it('P-FLOW-01 shuts as bytes wait unread, and opens as they are released', () => {
    const { station, player, connection } = accepted({
      connection: { receiveWindowBytes: 14_680, receiveWindowSegments: 100 },
      autoRead: false,
    });
    const batch = Array.from({ length: 5 }, () => player.dat(pattern(1468)));
    const [half] = player.feed(...batch);
    expect([half!.window, half!.block!.credit]).toEqual([5, 7_340]);
    const [shut] = player.feed(...batch.map(() => player.dat(pattern(1468))));
    expect([shut!.window, shut!.block!.credit]).toEqual([0, 0]);
    player.feed(player.dat(pattern(1468)));
    expect(station.drops()).toEqual({ outsideWindow: 1 });
    station.readRuns(connection);
    const [open] = station.drain();
    expect([open!.window, open!.block!.credit]).toEqual([10, 14_680]);
  });

  it('P-FLOW-01 does not count early segments that are held', () => {
    const { player } = accepted({ connection: { receiveWindowBytes: 14_680 } });
    const [ack] = player.feed(player.dat(pattern(1468), { seq: 103 }));
    expect(heldBy(ack!.block!)).toEqual([103]);
    expect([ack!.window, ack!.block!.credit]).toEqual([10, 14_680]);
  });

  it('P-FLOW-02 drops a segment beyond the window or larger than it takes', () => {
    const { station, player, app } = accepted({ connection: { receiveWindowSegments: 3 } });
    player.feed(player.dat(text('d'), { seq: 103 }), player.dat(pattern(1469), { seq: 100 }));
    expect(station.drops()).toEqual({ outsideWindow: 2 });
    player.feed(player.dat(text('c'), { seq: 102 }), player.dat(text('b'), { seq: 101 }));
    player.feed(player.dat(text('a'), { seq: 100 }));
    expect(app.records[0]!.bytes).toEqual(text('abc'));
  });

  it.each([1468, 14_680, 20_000, 100_000])(
    'P-FLOW-03 grants no more segments than a credit of %i bytes has room for',
    (receiveWindowBytes) => {
      const { player } = accepted({
        connection: { receiveWindowBytes, receiveWindowSegments: 32 },
        autoRead: false,
      });
      const check = ({ window, block }: Seen): void =>
        expect(window * 1468).toBeLessThanOrEqual(block!.credit);
      check(player.feed(player.probe())[0]!);
      for (let i = 0; i < 40; i += 1) {
        player.feed(player.dat(pattern(10 + 40 * (i % 30))));
        check(player.feed(player.probe())[0]!);
      }
    },
  );

  it('P-FLOW-04 tells a window that has opened by a quarter, and not by less', () => {
    const { station, player, connection } = accepted({
      connection: { receiveWindowBytes: 80_000 },
      autoRead: false,
    });
    for (let i = 0; i < 30; i += 1) player.feed(player.dat(pattern(1000)));
    player.feed(player.probe());
    const run = connection.readRun(1)!;
    const most = { ...run, length: 19_999 };
    const rest = { ...run, length: 1 };
    station.receivePool.retain(run.slab);
    connection.releaseRun(most);
    expect(station.drain()).toEqual([]);
    connection.releaseRun(rest);
    const [update, ...more] = station.drain();
    expect(more).toEqual([]);
    expect(update!.block!.credit).toBe(70_000);
    expect(station.drain()).toEqual([]);
  });

  it('P-FLOW-04 tells a window that was nearly shut as soon as it opens at all', () => {
    const { station, player, connection } = accepted({
      connection: { receiveWindowBytes: 80_000 },
      autoRead: false,
    });
    for (let i = 0; i < 55; i += 1) player.feed(player.dat(pattern(1401)));
    player.feed(player.probe());
    const run = connection.readRun(1)!;
    for (let i = 0; i < 3; i += 1) station.receivePool.retain(run.slab);
    // 2,945 bytes are left, and two of the largest segments are 2,936.
    connection.releaseRun({ ...run, length: 1 });
    expect(station.drain()).toEqual([]);
    player.feed(player.dat(pattern(9)));
    player.feed(player.probe());
    connection.releaseRun({ ...run, length: 1 });
    expect(station.drain()).toEqual([]);
    player.feed(player.dat(pattern(3)));
    player.feed(player.probe());
    connection.releaseRun({ ...run, length: 1 });
    expect(station.drain()[0]!.block!.credit).toBe(80_000 + 3 - 55 * 1401 - 12);
  });

  it('lets a long message through a window smaller than itself', () => {
    const { couple, near, far } = openCouple({
      server: { connection: { receiveWindowBytes: 8_000 } },
    });
    near.sendMessage(pattern(16_384));
    couple.run(2_000);
    expect(couple.appOf(far).messages).toHaveLength(1);
  });

  it('P-FLOW-06 drops new segments when memory is short, unacknowledged and counted', () => {
    // Half of it is the share of one connection.
    const { station, player, app } = accepted({ endpoint: { earlyPoolBytes: 4 * 1536 } });
    const early = [101, 102, 103].map((seq) => player.dat(text(`${seq}`), { seq }));
    const [ack] = player.feed(...early);
    expect(station.drops()).toEqual({ noMemory: 1 });
    expect(heldBy(ack!.block!)).toEqual([101, 102]);
    expect(toldBy(ack!.block!)).toEqual([640, 641, 642, 643]);
    player.feed(player.dat(text('100'), { seq: 100 }));
    player.feed(early[2]!);
    expect(app.records[0]!.bytes).toEqual(text('100101102103'));
    expect(station.endpoint.stats().earlyBytes).toBe(0);
  });
});

describe('flow control, as the sender', () => {
  it('P-FLOW-02 obeys the window', () => {
    const scene = opened({}, { windowSegments: 3 });
    expect(sendSegments(scene, 8).map(({ seq }) => seq - FIRST_SEQ)).toEqual([0, 1, 2]);
    scene.player.window = 2;
    expect(scene.player.feed(scene.player.acknowledgeAll())).toHaveLength(2);
    expect(scene.connection.stats().peerWindowSegments).toBe(0);
  });

  it('P-FLOW-02 obeys the credit', () => {
    const scene = opened({}, { creditBytes: 3 * 1368 - 1 });
    expect(sendSegments(scene, 8)).toHaveLength(2);
    scene.player.credit = 3 * 1368;
    expect(scene.player.feed(scene.player.acknowledgeAll())).toHaveLength(3);
  });

  it('P-FLOW-02 puts no operation into the third message that the window does not take', () => {
    const { couple, near } = openCouple({
      client: {},
      server: { connection: { receiveWindowBytes: 0 } },
    });
    near.sendMessage(text('x'));
    couple.run(100);
    expect(couple.sent('up').filter(({ kind }) => kind === 'op')).toEqual([]);
    expect(near.stats().segmentsSent).toBe(0);
  });

  it('P-FLOW-05 probes a shut window at doubling intervals, for ever while it is answered', () => {
    const { station, player, connection } = opened({}, CLOSED_WINDOW);
    connection.sendMessage(text('waiting'));
    expect(station.drain()).toEqual([]);
    const { rtoMs } = connection.stats();
    const probes = player.answer(60_000);
    expect(new Set(probes.map(({ kind }) => kind))).toEqual(new Set(['probe']));
    expect(times(probes.slice(0, 5))).toEqual(doubling(rtoMs, 5));
    expect(probes.length).toBe(61);
    expect(connection.stats().windowProbes).toBe(61);
    expect(connection.state).toBe('established');
    player.window = 10;
    player.credit = 10_000;
    expect(player.feed(player.acknowledgeAll()).map(({ kind }) => kind)).toEqual(['op']);
  });

  it('P-FLOW-05 doubles the interval of probes that are not answered, up to a second', () => {
    const { station, connection } = opened({}, CLOSED_WINDOW);
    connection.sendMessage(text('waiting'));
    station.drain();
    const { rtoMs } = connection.stats();
    const probes = station.advance(5_000).filter(isProbe);
    expect(times(probes)).toEqual(doubling(rtoMs, 6));
    expect(probes[0]).toMatchObject({ flags: 0x14, headerBytes: 32, seq: FIRST_SEQ });
    expect(probes[0]!.payload.length).toBe(0);
  });

  it('P-FLOW-05 does not probe while something is in flight or nothing waits', () => {
    const scene = opened({}, { windowSegments: 1 });
    sendSegments(scene, 2);
    expect(scene.station.advance(3_000).filter(isProbe)).toEqual([]);
    const idle = opened({}, CLOSED_WINDOW);
    expect(idle.station.advance(3_000).filter(isProbe)).toEqual([]);
  });

  it('begins the intervals anew for a window that shuts again', () => {
    const { station, player, connection } = opened({}, CLOSED_WINDOW);
    connection.sendMessage(text('a'));
    connection.sendMessage(text('b'));
    station.drain();
    const { rtoMs } = connection.stats();
    expect(times(station.advance(1_000))).toEqual(doubling(rtoMs, 2));
    player.window = 1;
    player.credit = 1;
    player.feed(player.acknowledgeAll());
    player.window = 0;
    player.credit = 0;
    player.feed(player.acknowledgeAll());
    const dueMs = station.nowMs + connection.stats().rtoMs;
    expect(station.advance(2_000)[0]).toMatchObject({ atMs: dueMs, kind: 'probe' });
  });
});

describe('flow control, both sides', () => {
  it('crosses a window of one segment whose every update is lost at first', () => {
    const { couple, near, far } = openCouple({
      server: { connection: { receiveWindowBytes: 1_468, receiveWindowSegments: 1 } },
      route: ({ kind }, direction, index) =>
        direction === 'down' && kind === 'ack' && index % 2 === 0 && index > 2 ? [] : undefined,
    });
    couple.client.sendBytes(near, pattern(20_000));
    near.endData();
    const app = couple.appOf(far);
    expect(couple.runUntil(() => app.records.at(-1)?.error === 0)).toBe(true);
    expect(isSame(app.records[0]!.bytes, pattern(20_000))).toBe(true);
    expect(near.stats().flightSizeBytes).toBeLessThanOrEqual(1400);
  });

  it('waits while the pool of received bytes is used up by others, and goes on later', () => {
    const { couple, near, far } = openCouple({
      server: { autoRead: false, connection: { receiveWindowBytes: 200_000 } },
    });
    const pool = couple.server.receivePool;
    const others = [];
    for (let slab = pool.acquire(262_144); slab; slab = pool.acquire(262_144)) others.push(slab);
    couple.client.sendBytes(near, pattern(50_000));
    near.endData();
    couple.run(3_000);
    expect(far.stats().bytesDelivered).toBe(0);
    expect(couple.server.endpoint.stats().drops.noMemory).toBeGreaterThan(0);
    for (const slab of others) pool.release(slab);
    couple.server.autoRead = true;
    const app = couple.appOf(far);
    expect(couple.runUntil(() => app.records.at(-1)?.error === 0, 10_000)).toBe(true);
    expect(isSame(app.records[0]!.bytes, pattern(50_000))).toBe(true);
  });
});
