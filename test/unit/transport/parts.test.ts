import { describe, expect, it } from 'vitest';
import { FLAG } from '../../../src/wire/codes.ts';
import { openCouple } from './couple.ts';
import { accepted, opened } from './player.ts';
import { heldBy, isSame, pattern, type Seen, text, toldBy } from './segments.ts';
import { FIRST_SEQ } from './station.ts';

const MTU = 1200;

/** Sends `bytes` over a path that takes nothing above 1,200 bytes once it is open. */
function overSmallPath(bytes: Uint8Array, upLoss = 0) {
  let turn = 0;
  const { couple, near, far } = openCouple({ client: { connection: { sendQueueBytes: 1e6 } } });
  let timeoutsAtFirstPiece = -1;
  couple.route = (segment, direction) => {
    turn += 1;
    if (segment.partTotal > 0 && timeoutsAtFirstPiece < 0) {
      timeoutsAtFirstPiece = near.stats().timeouts;
    }
    const isTooLarge = segment.bytes.length > MTU;
    const isLost = direction === 'up' && upLoss > 0 && turn % upLoss === 0;
    return isTooLarge || isLost ? [] : undefined;
  };
  couple.client.sendBytes(near, bytes);
  near.endData();
  const app = couple.appOf(far);
  expect(couple.runUntil(() => app.records.at(-1)?.error === 0)).toBe(true);
  expect(isSame(app.records[0]!.bytes, bytes)).toBe(true);
  couple.run(10_000);
  return { couple, near, timeoutsAtFirstPiece };
}

describe('segments in parts, sent', () => {
  it('P-PART-01 go under one number in pieces, each with PART and its own transmission', () => {
    const { couple, near } = overSmallPath(pattern(10 * 1368));
    const pieces = couple.sent('up').filter(({ partTotal }) => partTotal > 0);
    const ofFirst = pieces.filter(({ seq }) => seq === FIRST_SEQ);
    expect(
      ofFirst.map(({ partOffset, partTotal, payload }) => [partOffset, partTotal, payload.length]),
    ).toEqual([
      [0, 1368, 1160],
      [1160, 1368, 208],
    ]);
    expect(ofFirst[1]!.txn).not.toBe(ofFirst[0]!.txn);
    expect(near.audit()).toBeUndefined();
    expect(near.stats()).toMatchObject({ flightSizeBytes: 0, bytesAcknowledged: 13_680 });
    expect(couple.client.sendPool.usedBytes).toBe(0);
  });

  it('P-PART-02 begin after three timeouts of large segments with none arriving between', () => {
    const { couple, near, timeoutsAtFirstPiece } = overSmallPath(pattern(10 * 1368));
    expect(near.stats().segmentBytes).toBe(MTU);
    const firstPiece = couple.sent('up').findIndex(({ partTotal }) => partTotal > 0);
    expect(timeoutsAtFirstPiece).toBe(3);
    for (const { bytes } of couple.sent('up').slice(firstPiece)) {
      expect(bytes.length).toBeLessThanOrEqual(MTU);
    }
  });

  it('P-PART-02 do not begin while a large segment arrives now and then', () => {
    const { station, player, connection } = opened({ connection: { keepAliveMs: Infinity } });
    for (let round = 0; round < 6; round += 1) {
      station.sendBytes(connection, pattern(1368));
      station.drain();
      while (connection.stats().timeouts < 2 * round + 2) station.advance(100);
      player.feed(player.acknowledgeAll());
    }
    expect(connection.stats()).toMatchObject({ timeouts: 12, segmentBytes: 1400 });
  });

  it('P-PART-02 do not begin for timeouts of small segments', () => {
    const { station, connection } = opened();
    connection.sendMessage(pattern(1168));
    station.advance(20_000);
    expect(connection.stats().timeouts).toBeGreaterThan(5);
    expect(connection.stats().segmentBytes).toBe(1400);
  });

  it('P-PART-01 arrive whole over a path that loses pieces too', () => {
    const { couple, near } = overSmallPath(pattern(60_000), 6);
    expect(near.audit()).toBeUndefined();
    expect(couple.server.endpoint.stats().earlyBytes).toBe(0);
  });

  it('are not the tail probe: half a segment would prove nothing', () => {
    const { station, player, connection } = opened({}, {}, 100);
    station.sendBytes(connection, pattern(1368));
    station.drain();
    while (connection.stats().segmentBytes > MTU) station.advance(50);
    const { tailLossProbes } = connection.stats();
    station.drain();
    player.feed(player.acknowledge());
    station.advance(290);
    expect(connection.stats().tailLossProbes).toBe(tailLossProbes);
  });

  it('stop when the segment is acknowledged between two pieces', () => {
    const { station, player, connection } = opened({}, {}, 100);
    station.sendBytes(connection, pattern(4 * 1368));
    const whole = station.drain();
    while (connection.stats().segmentBytes > MTU) {
      station.nowMs = station.endpoint.nextTimeout();
      station.endpoint.handleTimeout(station.nowMs);
      // As a driver whose socket is full: only one datagram leaves before something comes in.
      if (connection.stats().segmentBytes > MTU) station.drain();
    }
    expect(station.next()).toMatchObject({ partOffset: 0, partTotal: 1368 });
    // The first whole ones come after all.
    player.ack += 4;
    player.feed(player.acknowledge({ told: whole.map(({ txn }) => txn) }));
    station.advance(3_000);
    expect(station.sent.filter(({ partTotal }) => partTotal > 0)).toHaveLength(1);
    expect([connection.audit(), connection.stats().flightSizeBytes]).toEqual([undefined, 0]);
  });

  it('settle their segment when every piece is told, though ack and SACK are lost', () => {
    const { station, player, connection } = opened({}, {}, 100);
    station.sendBytes(connection, pattern(1368));
    station.drain();
    while (connection.stats().segmentBytes > MTU) station.advance(10);
    const pieces = station.sent.filter(({ partTotal }) => partTotal > 0);
    player.feed(player.acknowledge({ told: [pieces[0]!.txn] }));
    expect(connection.stats().flightSizeBytes).toBe(1400);
    player.feed(player.acknowledge({ told: [pieces[1]!.txn] }));
    expect(connection.stats()).toMatchObject({ flightSizeBytes: 0, bytesAcknowledged: 1368 });
  });
});

describe('segments in parts, received', () => {
  const bytes = pattern(1000);

  function receiver() {
    const scene = accepted({}, { ackEverySegments: 1 });
    const piece = (from: number, to: number, seq = 100, total = 1000): Seen[] =>
      scene.player.feed(scene.player.dat(bytes.subarray(from, to), { seq, part: [from, total] }));
    return { ...scene, piece };
  }

  it('P-PART-01 count as received when every byte is there, in whatever order', () => {
    const { piece, app, station } = receiver();
    expect(piece(700, 1000)[0]).toMatchObject({ ack: 100 });
    expect(piece(0, 300)[0]).toMatchObject({ ack: 100 });
    expect(piece(200, 500)[0]).toMatchObject({ ack: 100 });
    expect(app.records).toEqual([]);
    expect(piece(450, 700)[0]).toMatchObject({ ack: 101 });
    expect(app.records[0]!.bytes).toEqual(bytes);
    expect(station.endpoint.stats().earlyBytes).toBe(0);
  });

  it('P-PART-01 are held like whole ones when they come early', () => {
    const { piece, player, app } = receiver();
    piece(0, 500, 101);
    const [ack] = piece(500, 1000, 101);
    expect(heldBy(ack!.block!)).toEqual([101]);
    player.feed(player.dat(text('first'), { seq: 100 }));
    expect(app.records[0]!.bytes).toEqual(new Uint8Array([...text('first'), ...bytes]));
  });

  it('P-PART-01 of different totals do not mix', () => {
    const { piece, station, player, app } = receiver();
    piece(0, 500);
    expect(piece(500, 900, 100, 900)).toEqual([]);
    expect(station.drops()).toEqual({ part: 1 });
    expect(app.records).toEqual([]);
    const [ack] = player.feed(player.probe());
    // What was not kept is not told either.
    expect(toldBy(ack!.block!)).toEqual([640, 641, 642, 644]);
    piece(500, 1000);
    expect(app.records[0]!.bytes).toEqual(bytes);
  });

  it('are dropped when they are empty, beyond their total or larger than taken', () => {
    const { piece, station } = receiver();
    piece(0, 0);
    piece(500, 1000, 100, 999);
    piece(0, 500, 100, 1469);
    expect(station.drops()).toEqual({ part: 3 });
    piece(0, 500, 100, 1468);
    expect(station.drops()).toEqual({ part: 3 });
  });

  it('give way to the whole segment', () => {
    const { piece, station, player, app } = receiver();
    piece(0, 500);
    expect(station.endpoint.stats().earlyBytes).toBe(1536);
    player.feed(player.dat(bytes, { seq: 100 }));
    expect(app.records[0]!.bytes).toEqual(bytes);
    expect(station.endpoint.stats().earlyBytes).toBe(0);
    piece(500, 1000);
    expect(station.newest.stats().duplicatesReceived).toBe(1);
  });

  it('keep flags and error of their segment', () => {
    const { player, app } = receiver();
    const flags = FLAG.DAT | FLAG.END | FLAG.ACK;
    const half = (part: readonly [number, number], payload: Uint8Array) =>
      player.dat(payload, { seq: 100, flags, error: 15, part });
    player.feed(half([0, 4], text('ab')), half([2, 4], text('cd')));
    expect(app.records).toEqual([{ bytes: text('abcd'), error: 15 }]);
  });

  it('give their memory back when the connection ends', () => {
    const { piece, station, connection } = receiver();
    piece(0, 500);
    piece(0, 500, 103);
    connection.abort(1);
    station.advance(60_000);
    expect(station.endpoint.stats().earlyBytes).toBe(0);
  });
});
