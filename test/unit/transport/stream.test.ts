import { describe, expect, it } from 'vitest';
import { ERROR, FLAG } from '../../../src/wire/codes.ts';
import { MAX_MESSAGE_BYTES } from '../../../src/wire/layout.ts';
import { openCouple } from './couple.ts';
import { accepted, opened } from './player.ts';
import { isSame, pattern, type Seen, text } from './segments.ts';
import { FIRST_SEQ } from './station.ts';

const OP = FLAG.OP | FLAG.ACK;
const DAT = FLAG.DAT | FLAG.ACK;

const streamOf = (batch: readonly Seen[]): Seen[] =>
  batch.filter(({ kind }) => kind === 'op' || kind === 'dat');

describe('records that arrive', () => {
  it('P-MSG-01 takes a message of 16,384 bytes in segments', () => {
    const { station, player, app } = accepted();
    const message = new Uint8Array(MAX_MESSAGE_BYTES).fill(0x61);
    for (let at = 0; at < MAX_MESSAGE_BYTES; at += 1024) {
      const end = at + 1024 === MAX_MESSAGE_BYTES ? FLAG.END : 0;
      player.feed(player.op(message.subarray(at, at + 1024), { flags: OP | end }));
    }
    expect(app.messages).toEqual(['a'.repeat(MAX_MESSAGE_BYTES)]);
    expect(station.drops()).toEqual({});
  });

  it('P-MSG-01 closes the connection when a message is longer', () => {
    const { station, player, app } = accepted();
    const piece = new Uint8Array(1024);
    for (let i = 0; i < 16; i += 1) player.feed(player.op(piece, { flags: OP }));
    expect(app.closed).toBeUndefined();
    const batch = player.feed(player.op(new Uint8Array(1)));
    const closed = { kind: 'violation', by: 'peer', rule: 'P-MSG-01' };
    expect(app.closed).toEqual(closed);
    expect(batch[0]).toMatchObject({ kind: 'close', closeStage: 1, error: ERROR.PROTOCOL });
    expect(station.newest.state).toBe('closing');
  });

  it('P-MSG-01 closes the connection when a long message came out of order', () => {
    const { player, app } = accepted();
    const piece = new Uint8Array(1300);
    const flags = OP;
    for (let i = 1; i < 14; i += 1) player.feed(player.op(piece, { flags, seq: 100 + i }));
    expect(app.closed).toBeUndefined();
    player.feed(player.op(piece, { flags, seq: 100 }));
    expect(app.closed).toEqual({ kind: 'violation', by: 'peer', rule: 'P-MSG-01' });
  });

  it('P-MSG-02 ends a record at the segment with end, and takes an empty dat record', () => {
    const { player, app } = accepted();
    player.feed(player.dat(text('one'), { flags: DAT }));
    player.feed(player.dat(text('two'), { flags: DAT | FLAG.END }));
    player.feed(player.dat(new Uint8Array(0), { flags: DAT | FLAG.END }));
    player.feed(player.dat(text('three'), { flags: DAT }));
    expect(app.records).toEqual([
      { bytes: text('onetwo'), error: 0 },
      { bytes: new Uint8Array(0), error: 0 },
      { bytes: text('three'), error: undefined },
    ]);
  });

  it('P-MSG-03 tells the error of a record that ended early', () => {
    const { player, app } = accepted();
    const flags = DAT | FLAG.END;
    player.feed(player.dat(text('half'), { flags, error: ERROR.REMOTE_IO }));
    player.feed(player.dat(new Uint8Array(0), { flags, error: ERROR.CANCELLED }));
    // Without `end` the field means nothing for the record.
    player.feed(player.dat(text('x'), { flags: DAT, error: ERROR.OTHER }));
    player.feed(player.dat(text('y'), { flags }));
    expect(app.records).toEqual([
      { bytes: text('half'), error: ERROR.REMOTE_IO },
      { bytes: new Uint8Array(0), error: ERROR.CANCELLED },
      { bytes: text('xy'), error: 0 },
    ]);
  });

  it('P-MSG-05 delivers in order, each byte once, what comes repeated and out of order', () => {
    const { player, app } = accepted();
    const order = [3, 1, 4, 1, 5, 0, 0, 2, 6, 5, 3, 7];
    player.feed(...order.map((n) => player.op(text(`m${n}`), { seq: 100 + n })));
    expect(app.messages).toEqual(['m0', 'm1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7']);
  });

  it('takes messages between the segments of a dat record', () => {
    const { player, app } = accepted();
    player.feed(player.dat(text('a')), player.op(text('hello')));
    player.feed(player.dat(text('b'), { flags: DAT | FLAG.END }));
    expect(app.messages).toEqual(['hello']);
    expect(app.records).toEqual([{ bytes: text('ab'), error: 0 }]);
  });

  it('says once that messages or bytes wait, and again when more come', () => {
    const { player, app } = accepted();
    player.feed(player.op(text('a')), player.op(text('b')), player.dat(text('c')));
    player.feed(player.op(text('d')));
    player.feed(player.dat(text('e')));
    const news = ['message', 'readable', 'message', 'readable'];
    expect(app.events).toEqual(['established', ...news]);
    expect(app.messages).toEqual(['a', 'b', 'd']);
  });
});

describe('records that leave', () => {
  it('P-MSG-02 cuts a message into segments of which the last has end', () => {
    const scene = opened();
    scene.connection.sendMessage(pattern(3000));
    const segments = streamOf(scene.station.drain());
    expect(segments.map(({ flags }) => flags)).toEqual([OP, OP, OP | FLAG.END]);
    expect(segments.map(({ payload }) => payload.length)).toEqual([1368, 1368, 264]);
    expect(new Uint8Array(segments.flatMap(({ payload }) => [...payload]))).toEqual(pattern(3000));
  });

  it('P-MSG-02 sends an empty dat record as one segment with end', () => {
    const scene = opened();
    scene.connection.endData();
    const segments = streamOf(scene.station.drain());
    expect(segments).toMatchObject([{ flags: DAT | FLAG.END, error: 0 }]);
    expect(segments[0]!.payload.length).toBe(0);
  });

  it('P-MSG-03 sends the error of a record that ends early', () => {
    const { station, connection } = opened();
    station.sendBytes(connection, pattern(10));
    connection.endData(ERROR.REMOTE_IO);
    station.sendBytes(connection, pattern(10));
    connection.endData();
    const segments = streamOf(station.drain());
    expect(segments.map(({ error, flags }) => [error, flags])).toEqual([
      [ERROR.REMOTE_IO, DAT | FLAG.END],
      [0, DAT | FLAG.END],
    ]);
  });

  it('P-MSG-03 drops what is unsent of an abandoned record and ends it with its error', () => {
    const { station, player, connection } = opened();
    station.sendBytes(connection, pattern(40_000));
    const first = streamOf(station.drain());
    connection.abandonData(ERROR.SOURCE_CHANGED);
    const rest = streamOf(player.feed(player.acknowledgeAll()));
    expect(first).toHaveLength(10);
    expect(rest).toMatchObject([
      { seq: FIRST_SEQ + 10, flags: DAT | FLAG.END, error: ERROR.SOURCE_CHANGED },
    ]);
    expect(rest[0]!.payload.length).toBe(0);
    player.feed(player.acknowledgeAll());
    expect(station.sendPool.usedBytes).toBe(0);
  });

  it('P-MSG-04 sends messages before unsent bytes, numbered when they leave', () => {
    const { station, player, connection } = opened();
    station.sendBytes(connection, pattern(30_000));
    expect(streamOf(station.drain()).map(({ seq }) => seq - FIRST_SEQ)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
    connection.sendMessage(text('urgent'));
    const next = streamOf(player.feed(player.acknowledgeAll()));
    expect(next[0]).toMatchObject({ kind: 'op', seq: FIRST_SEQ + 10 });
    expect(next[1]).toMatchObject({ kind: 'dat', seq: FIRST_SEQ + 11 });
    expect(next[1]!.payload).toEqual(pattern(30_000).subarray(13_680, 15_048));
  });

  it('P-MSG-04 does not interrupt the segments of a message', () => {
    const { station, connection } = opened();
    connection.sendMessage(pattern(3000, 1));
    connection.sendMessage(pattern(2000, 2));
    const flags = streamOf(station.drain()).map((segment) => segment.flags);
    expect(flags).toEqual([OP, OP, OP | FLAG.END, OP, OP | FLAG.END]);
  });

  it('says once that there is room again after the queue was full', () => {
    const { station, player, connection, app } = opened({ connection: { sendQueueBytes: 20_000 } });
    expect(connection.dataRoomBytes).toBe(20_000);
    station.sendBytes(connection, pattern(40_000));
    expect(connection.dataRoomBytes).toBe(0);
    station.drain();
    expect(app.events).toEqual(['established']);
    player.feed(player.acknowledgeAll());
    expect(app.events).toEqual(['established', 'writable']);
    player.feed(player.acknowledgeAll());
    expect(app.events).toEqual(['established', 'writable']);
  });

  it('refuses a message beyond 64 that wait, and says when there is room again', () => {
    const { station, player, connection, app } = opened({ connection: { segmentBytes: 1400 } });
    const sent = Array.from({ length: 65 }, () => connection.sendMessage(pattern(1300)));
    expect(sent.lastIndexOf(true)).toBe(63);
    expect(sent[64]).toBe(false);
    station.drain();
    expect(app.events).toEqual(['established']);
    while (!app.events.includes('writable')) player.feed(player.acknowledgeAll());
    expect(station.sent.filter(({ kind }) => kind === 'op').length).toBeGreaterThanOrEqual(32);
  });

  it('takes nothing after its end was asked for, and gives slabs back at once', () => {
    const { station, connection } = opened();
    connection.finish();
    expect(connection.sendMessage(text('late'))).toBe(false);
    expect(connection.dataRoomBytes).toBe(0);
    station.sendBytes(connection, pattern(10));
    connection.endData();
    connection.abandonData(1);
    expect(station.sendPool.usedBytes).toBe(0);
    expect(streamOf(station.drain())).toEqual([]);
  });
});

describe('records from one end to the other', () => {
  it('P-MSG-05 arrive whole and in order whatever the path does', () => {
    let turn = 0;
    const { couple, near, far } = openCouple({
      client: { connection: { sendQueueBytes: 2_000_000 } },
      // Every third datagram is lost, every fifth comes twice, every seventh late.
      route: () => {
        turn += 1;
        if (turn < 6) return undefined;
        if (turn % 3 === 0) return [];
        if (turn % 5 === 0) return [10, 400];
        return turn % 7 === 0 ? [60] : undefined;
      },
    });
    couple.client.sendBytes(near, pattern(300_000));
    near.sendMessage(pattern(5_000, 3));
    near.endData();
    near.endData(ERROR.MISSING);
    couple.server.sendBytes(far, pattern(200_000, 9));
    far.endData();
    const isDone = (): boolean =>
      couple.appOf(far).records.length === 2 && couple.appOf(near).records.at(-1)?.error === 0;
    expect(couple.runUntil(isDone)).toBe(true);
    const [whole, empty] = couple.appOf(far).records;
    expect(empty).toEqual({ bytes: new Uint8Array(0), error: ERROR.MISSING });
    expect([isSame(whole!.bytes, pattern(300_000)), whole!.error]).toEqual([true, 0]);
    expect(couple.appOf(far).messages).toEqual([new TextDecoder().decode(pattern(5_000, 3))]);
    expect(isSame(couple.appOf(near).records[0]!.bytes, pattern(200_000, 9))).toBe(true);
    couple.run(20_000);
    expect([near.audit(), far.audit()]).toEqual([undefined, undefined]);
    expect(near.stats()).toMatchObject({ flightSizeBytes: 0, bytesAcknowledged: 305_000 });
    const pools = [couple.client.sendPool, couple.server.receivePool, couple.client.receivePool];
    expect(pools.map(({ usedBytes }) => usedBytes)).toEqual([0, 0, 0]);
  });
});
