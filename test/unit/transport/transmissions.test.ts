import { describe, expect, it } from 'vitest';
import { FLAG } from '../../../src/wire/codes.ts';
import { openCouple } from './couple.ts';
import { accepted, opened, sendSegments } from './player.ts';
import { isSame, pattern, type Seen, text, toldBy } from './segments.ts';
import { FIRST_SEQ, FIRST_TXN } from './station.ts';

const WRAP = 2 ** 32;

describe('transmission numbers', () => {
  it('P-TXN-01 go up by one per transmission, whatever it carries', () => {
    const { station, player, connection } = opened();
    connection.sendMessage(text('x'));
    station.drain();
    player.feed(player.op(text('y')), player.probe());
    connection.finish();
    player.feed(player.acknowledgeAll());
    station.advance(50);
    expect(station.sent.map(({ kind, txn }) => [kind, txn - FIRST_TXN])).toEqual([
      ['syn', 0],
      ['third', 1],
      ['op', 2],
      ['ack', 3],
      ['close', 4],
      ['close', 5],
    ]);
  });

  it('P-TXN-01 are never used twice: a segment sent again has a new one', () => {
    const scene = opened();
    sendSegments(scene, 3);
    const again = scene.station.advance(3_000);
    const txns = [...scene.station.sent].map(({ txn }) => txn);
    expect(again.length).toBeGreaterThan(3);
    expect(new Set(txns).size).toBe(txns.length);
  });

  it('P-TXN-01 start at random, and so do segment numbers', () => {
    const firsts = [1, 2, 3].map((host) => {
      const { couple } = openCouple({
        client: { host, endpoint: { initialSeq: undefined, initialTxn: undefined } as never },
      });
      return couple.sent('up')[0]!;
    });
    expect(new Set(firsts.map(({ txn }) => txn)).size).toBe(3);
    expect(new Set(firsts.map(({ seq }) => seq)).size).toBe(3);
  });

  it('P-TXN-01 go on past 2^32, as segment numbers do (P-HDR-01)', () => {
    const first = { initialSeq: WRAP - 20, initialTxn: WRAP - 30 };
    const { couple, near, far } = openCouple({
      client: { endpoint: first },
      server: { endpoint: first },
      route: (_, direction, index) => (direction === 'up' && index % 7 === 6 ? [] : undefined),
    });
    couple.client.sendBytes(near, pattern(100_000));
    near.endData();
    couple.server.sendBytes(far, pattern(70_000));
    far.endData();
    couple.run(20_000);
    expect(isSame(couple.appOf(far).records[0]!.bytes, pattern(100_000))).toBe(true);
    expect(isSame(couple.appOf(near).records[0]!.bytes, pattern(70_000))).toBe(true);
    const wrapped = couple.sent('up').filter(({ txn }) => txn < 1000);
    expect(wrapped.length).toBeGreaterThan(40);
    expect(Math.min(...couple.sent('up').map(({ seq }) => seq))).toBe(0);
  });

  it('P-TXN-02 are new when a segment keeps its number; its header says what is true now', () => {
    const scene = opened();
    const [first] = sendSegments(scene, 1);
    scene.player.feed(scene.player.op(text('news')));
    const again = scene.station.advance(400).find(({ kind }) => kind === 'dat');
    expect(again).toMatchObject({ seq: FIRST_SEQ, ack: 101, flags: first!.flags });
    expect(again!.txn).toBeGreaterThan(first!.txn);
    expect([first!.ack, first!.payload]).toEqual([100, again!.payload]);
  });

  it('P-TXN-03 are unwrapped to the number nearest to the newest received', () => {
    const { player, app } = accepted({}, {}, 0);
    const near = WRAP - 3;
    player.feed(player.op(text('a'), { txn: 2 ** 30 }), player.op(text('b'), { txn: 2 ** 31 }));
    player.feed(player.op(text('c'), { txn: 3 * 2 ** 30 }), player.op(text('d'), { txn: near }));
    player.feed(player.op(text('e'), { txn: 2 }));
    player.feed(player.op(text('f'), { txn: near + 1 }));
    const [ack] = player.feed(player.probe({ txn: 3 }));
    expect(app.messages).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(ack!.block!.echo).toBe(3);
    expect(toldBy(ack!.block!).slice(-4)).toEqual([-3, -2, 2, 3]);
  });

  it('P-TXN-05 are skipped now and then, at random distances', () => {
    const scene = opened();
    const { player, station } = scene;
    station.sendBytes(scene.connection, new Uint8Array(4_000_000));
    station.drain();
    while (station.sent.length < 2_900) player.feed(player.acknowledgeAll());
    const gaps: number[] = [];
    station.sent.forEach(({ txn }, i) => {
      const before = station.sent[i - 1]?.txn ?? txn - 1;
      expect([1, 2]).toContain(txn - before);
      if (txn - before === 2) gaps.push(txn - 1);
    });
    const distances = gaps.slice(1).map((txn, i) => txn - gaps[i]!);
    expect(gaps.length).toBeGreaterThan(5);
    expect(new Set(distances).size).toBeGreaterThan(3);
    expect(Math.min(...distances)).toBeGreaterThanOrEqual(64);
    expect(Math.max(...distances)).toBeLessThanOrEqual(513);
    expect(scene.app.closed).toBeUndefined();
  });
});

describe('headers that leave', () => {
  const stream = (batch: readonly Seen[]): Seen[] =>
    batch.filter(({ kind }) => kind === 'op' || kind === 'dat');

  it('P-HDR-02 have 32 bytes in a stream segment, 40 in a piece of one', () => {
    const scene = opened();
    scene.connection.sendMessage(text('x'));
    const whole = stream(sendSegments(scene, 3));
    expect(whole.map(({ headerBytes }) => headerBytes)).toEqual([32, 32, 32, 32]);
    // Segments of 1,400 bytes that vanish three times over go in pieces of 1,200.
    const { seq, txn } = whole[0]!;
    scene.player.feed(scene.player.acknowledge({ told: [txn] }, { ack: seq + 1 }));
    const pieces = scene.station.advance(10_000).filter(({ partTotal }) => partTotal > 0);
    expect(pieces.length).toBeGreaterThan(1);
    for (const { headerBytes, bytes } of pieces) {
      expect(headerBytes).toBe(40);
      expect(bytes.length).toBeLessThanOrEqual(1200);
    }
  });

  it('P-HDR-01 number stream segments one by one, and other segments not at all', () => {
    const scene = opened();
    const { player, station } = scene;
    sendSegments(scene, 3);
    player.feed(player.probe(), player.op(text('x')));
    player.feed(player.acknowledgeAll());
    scene.connection.sendMessage(text('y'));
    station.drain();
    const seqs = station.sent.map(({ kind, seq }) => [kind, seq - FIRST_SEQ]);
    expect(seqs).toEqual([
      ['syn', 0],
      ['third', 0],
      ['dat', 0],
      ['dat', 1],
      ['dat', 2],
      ['ack', 3],
      ['op', 3],
    ]);
  });

  it('P-HDR-04 never have the reserved flag', () => {
    const scene = opened();
    sendSegments(scene, 20);
    scene.connection.finish();
    scene.player.answer(3_000);
    for (const { flags } of scene.station.sent) expect(flags & FLAG.RESERVED).toBe(0);
  });

  it('never exceed the largest segment that both sides take', () => {
    const sizes = (own: number, theirs: number): number => {
      const options = { connection: { segmentBytes: own } };
      const scene = opened(options, { segmentBytes: theirs });
      return Math.max(...sendSegments(scene, 5).map(({ bytes }) => bytes.length));
    };
    expect([sizes(1400, 1500), sizes(1400, 1300), sizes(9000, 1500)]).toEqual([1400, 1300, 1500]);
  });
});
