import { describe, expect, it } from 'vitest';
import { ERROR, FLAG } from '../../../src/wire/codes.ts';
import { SYN_BYTES } from '../../../src/wire/layout.ts';
import { Couple, openCouple } from './couple.ts';
import { accepted, Player } from './player.ts';
import { doubling, pattern, text, toMicroseconds, withoutTxn } from './segments.ts';
import { FIRST_SEQ, peerAddress, Station } from './station.ts';

/** An endpoint whose SYN is on its way to the player. */
function calling(options: ConstructorParameters<typeof Station>[0] = {}) {
  const station = new Station(options);
  const player = new Player(station);
  const connection = station.endpoint.connect(0, player.address);
  const [syn] = station.drain();
  player.remotePort = syn!.sourcePort;
  return { station, player, connection, syn: syn! };
}

describe('opening, as the initiator', () => {
  it('P-OPEN-01 opens by cnt+syn, cnt+syn+ack and cnt+ack', () => {
    const { station, player, connection, syn } = calling();
    expect(syn.flags).toBe(FLAG.CNT | FLAG.SYN);
    expect([syn.seq, syn.ack, syn.destinationPort]).toEqual([FIRST_SEQ, 0, 0]);
    expect(connection.state).toBe('opening');
    const [third, ...more] = player.feed(player.synAck());
    expect(more).toEqual([]);
    expect(third!.flags).toBe(FLAG.CNT | FLAG.ACK);
    expect([third!.seq, third!.ack, third!.destinationPort]).toEqual([FIRST_SEQ, player.seq, 4000]);
    expect(third!.parameters!.firstEnd).toBe(0);
    expect(connection.state).toBe('established');
    expect(station.appOf(connection).events).toEqual(['established']);
  });

  it('P-OPEN-01 puts the first operation into the third message', () => {
    const { player, connection } = calling();
    connection.sendMessage(text('get'));
    const [third, ...more] = player.feed(player.synAck());
    expect(more).toEqual([]);
    const { firstFlags, firstStart, firstEnd } = third!.parameters!;
    expect(firstFlags).toBe(FLAG.OP | FLAG.END);
    expect(third!.bytes.slice(firstStart, firstEnd)).toEqual(text('get'));
    connection.sendMessage(text('more'));
    player.ack = FIRST_SEQ + 1;
    const answer = player.feed(player.acknowledge({ told: [third!.txn] }));
    expect(answer.map(({ kind, seq }) => [kind, seq])).toEqual([['op', FIRST_SEQ + 1]]);
  });

  it('tells its own parameters in the first and the third message', () => {
    const { station, player, syn } = calling({
      connection: {
        acceptSegmentBytes: 1432,
        receiveWindowBytes: 14_000,
        receiveWindowSegments: 500,
        ackEverySegments: 7,
        maxAckDelayMs: 33,
        patienceMs: 12_345,
      },
    });
    station.nowMs = 400;
    const [third] = player.feed(player.synAck());
    // Once the round trip of 400 ms is known, a 32nd of it is the longest delay asked for.
    for (const [{ parameters }, maxAckDelayMs] of [[syn, 33] as const, [third!, 13] as const]) {
      expect(parameters).toMatchObject({
        segmentBytes: 1432,
        windowSegments: 10,
        creditBytes: 14_000,
        ackEverySegments: 7,
        maxAckDelayMs,
        patienceMs: 12_345,
        capabilities: 0,
      });
    }
  });

  it('tells patience without end as 0', () => {
    const { syn } = calling({ connection: { patienceMs: Infinity } });
    expect(syn.parameters!.patienceMs).toBe(0);
  });

  it('P-OPEN-02 fills its SYN to 1,200 bytes', () => {
    expect(calling().syn.bytes.length).toBe(SYN_BYTES);
  });

  it('P-OPEN-03 repeats its SYN after 0.1 s, at doubling intervals up to a second', () => {
    const { station, connection, syn } = calling({ connection: { patienceMs: 10_000 } });
    const repeats = station.advance(9_999);
    expect(repeats.map(({ atMs }) => atMs)).toEqual([
      100, 300, 700, 1500, 2500, 3500, 4500, 5500, 6500, 7500, 8500, 9500,
    ]);
    for (const { bytes } of repeats) expect(bytes).toEqual(syn.bytes);
    station.advance(1);
    expect(station.appOf(connection).closed).toEqual({
      kind: 'timedOut',
      phase: 'opening',
      advice: 0,
    });
    expect(station.endpoint.nextTimeout()).toBe(Infinity);
    expect([station.endpoint.connectionCount, station.endpoint.quietCount]).toEqual([0, 0]);
  });

  it.each([
    ['0.1 s at least', 1, 100],
    ['two round trips and the delay of an acknowledgement', 80, 162.5],
    ['no more than a timeout when the SYN was repeated for long', 3_000, 1_000],
  ])('P-OPEN-03 repeats its third message after %s, then ever later', (_, rttMs, firstMs) => {
    const { station, player } = calling();
    station.advance(rttMs);
    const [third] = player.feed(player.synAck());
    const repeats = station.advance(5_000).filter(({ kind }) => kind === 'third');
    const times = toMicroseconds(repeats.map(({ atMs }) => atMs - rttMs));
    expect(times).toEqual(doubling(firstMs, times.length));
    expect(times.length).toBeGreaterThan(4);
    for (const { bytes } of repeats) expect(bytes).toEqual(third!.bytes);
  });

  it('P-OPEN-03 repeats its third message before a tail probe, which is dropped without it', () => {
    const { station, player, connection } = calling();
    station.advance(99);
    player.feed(player.synAck());
    connection.sendMessage(text('too late for the third message'));
    station.drain();
    const [third, probe] = station.advance(210);
    expect([third!.kind, probe!.kind]).toEqual(['third', 'op']);
    expect(third!.atMs).toBe(probe!.atMs);
  });

  it('P-OPEN-05 repeats its third message until a segment of the open connection comes', () => {
    const { station, player, connection } = calling();
    player.feed(player.synAck());
    expect(player.feed(player.synAck())).toEqual([]);
    expect(station.drops()).toEqual({ notEstablished: 1 });
    expect(station.advance(101).map(({ kind }) => kind)).toEqual(['third']);
    expect(player.feed(player.dat(pattern(10))).map(({ kind }) => kind)).toEqual(['ack']);
    expect(station.advance(5_000)).toEqual([]);
    expect(connection.state).toBe('established');
    player.feed(player.synAck());
    expect(station.drops()).toEqual({ notEstablished: 1, duplicate: 1 });
  });

  it('P-OPEN-07 goes on trying after advice and shows it when its patience ends', () => {
    const { station, player, connection } = calling({ connection: { patienceMs: 3_000 } });
    const advice = { error: ERROR.BUSY, payload: new Uint8Array(0), sourcePort: 0 };
    player.ack = FIRST_SEQ;
    expect(player.feed(player.synAck({}, advice))).toEqual([]);
    expect(station.drops()).toEqual({ full: 1 });
    expect(connection.state).toBe('opening');
    expect(station.advance(2_999).map(({ kind }) => kind)).toEqual(Array(5).fill('syn'));
    station.advance(1);
    const closed = { kind: 'timedOut', phase: 'opening', advice: ERROR.BUSY };
    expect(station.appOf(connection).closed).toEqual(closed);
  });

  it('P-OPEN-07 opens all the same when advice is followed by an answer', () => {
    const { player, connection } = calling();
    player.feed(player.synAck({}, { error: ERROR.BUSY, sourcePort: 0 }));
    player.feed(player.synAck());
    expect(connection.state).toBe('established');
  });

  it.each([
    ['ack of another SYN', { ack: FIRST_SEQ + 1 }, 'synParameters'],
    ['flags of another message', { flags: FLAG.CNT | FLAG.SYN }, 'notEstablished'],
    ['no version of ours', { versions: [9] }, 'version'],
    ['a list that is cut off', { payload: new Uint8Array([1, 0]) }, 'synParameters'],
  ])('drops an answer with %s', (_, patch, reason) => {
    const { station, player, connection } = calling();
    expect(player.feed(player.synAck({}, patch))).toEqual([]);
    expect(station.drops()).toEqual({ [reason]: 1 });
    expect(connection.state).toBe('opening');
  });

  it('drops an answer whose sender takes less than 1,200 bytes', () => {
    const { station, player, connection } = calling();
    player.feed(player.synAck({ segmentBytes: 1199 }));
    expect(station.drops()).toEqual({ synParameters: 1 });
    player.feed(player.synAck({ segmentBytes: 1200 }));
    expect([connection.state, connection.stats().segmentBytes]).toEqual(['established', 1200]);
  });

  it('P-OPEN-08 ignores unknown parameters', () => {
    const { player, connection } = calling();
    const unknown = [200, 0, 3, 1, 2, 3];
    const payload = new Uint8Array([...unknown, ...player.parameters({ segmentBytes: 1300 })]);
    player.feed(player.synAck({}, { payload }));
    expect([connection.state, connection.stats().segmentBytes]).toEqual(['established', 1300]);
  });

  it('P-OPEN-08 opens two connections when SYNs cross', () => {
    const { station, player, connection } = calling();
    player.feed(player.syn());
    expect(station.endpoint.connectionCount).toBe(2);
    player.feed(player.synAck());
    expect(connection.state).toBe('established');
    expect([...station.endpoint.connections()].map(({ initiator }) => initiator)).toEqual([
      true,
      false,
    ]);
  });

  it('sends each opening message in as many copies as configured', () => {
    const station = new Station({ connection: { controlCopies: 3 } });
    const player = new Player(station);
    station.endpoint.connect(0, player.address);
    const copies = station.drain();
    expect(copies.map(({ kind }) => kind)).toEqual(['syn', 'syn', 'syn']);
    expect(new Set(copies.map(({ txn }) => txn)).size).toBe(1);
    expect(station.advance(100).map(({ kind }) => kind)).toEqual(['syn', 'syn', 'syn']);
  });
});

describe('opening, as the responder', () => {
  it('P-OPEN-02 drops a SYN that is short, of another version or bad, without an answer', () => {
    const station = new Station();
    const player = new Player(station);
    const short = player.syn({}, { payload: new Uint8Array(SYN_BYTES - 37) });
    const foreign = player.syn({}, { versions: [0, 2] });
    const silent = player.make({ flags: FLAG.CNT | FLAG.SYN, payload: new Uint8Array(1200) });
    expect(player.feed(short, foreign, silent)).toEqual([]);
    expect(station.drops()).toEqual({ synSize: 1, version: 2 });
    expect(station.endpoint.connectionCount).toBe(0);
    expect(player.feed(new Uint8Array([...short, ...short]))).toEqual([]);
    expect(station.drops()).toEqual({ synSize: 3, version: 2 });
    const payload = new Uint8Array(SYN_BYTES);
    expect(player.feed(player.syn({}, { payload: payload.fill(1) }))).toEqual([]);
    expect(player.feed(player.syn({ segmentBytes: 1199 }))).toEqual([]);
    expect(station.drops()).toEqual({ synSize: 3, version: 2, synParameters: 2 });
  });

  it('P-OPEN-02 never answers at more length than it was asked', () => {
    const station = new Station();
    const player = new Player(station);
    const syn = player.syn();
    const [synAck] = player.feed(syn);
    expect(syn.length).toBe(SYN_BYTES);
    expect(synAck!.bytes.length).toBeLessThanOrEqual(syn.length);
  });

  it('P-OPEN-04 answers a SYN each time it comes, byte for byte, and never by a timer', () => {
    const station = new Station();
    const player = new Player(station);
    const syn = player.syn();
    const first = player.feed(syn);
    expect(first.map(({ kind }) => kind)).toEqual(['synAck']);
    expect(first[0]).toMatchObject({ seq: FIRST_SEQ, ack: 100, error: 0, destinationPort: 4000 });
    expect(station.advance(20_000)).toEqual([]);
    const again = player.feed(syn);
    expect(again.map(({ bytes }) => bytes)).toEqual([first[0]!.bytes]);
    expect(station.advance(20_000)).toEqual([]);
  });

  it('P-OPEN-05 drops everything before the third message', () => {
    const station = new Station();
    const player = new Player(station);
    const [synAck] = player.feed(player.syn());
    player.remotePort = synAck!.sourcePort;
    const early = [player.op(text('early')), player.probe(), player.acknowledge(), player.close(1)];
    expect(player.feed(...early)).toEqual([]);
    expect(player.feed(player.third(undefined, { ack: FIRST_SEQ + 1 }))).toEqual([]);
    expect(player.feed(player.third(undefined, { payload: text('no list') }))).toEqual([]);
    expect(station.drops()).toEqual({ notEstablished: 4, synParameters: 2 });
    expect(station.newest.state).toBe('opening');
    expect(player.feed(player.third()).map(({ kind }) => kind)).toEqual(['ack']);
    expect(station.newest.state).toBe('established');
  });

  it('P-OPEN-06 makes one connection of a repeated SYN while it is open', () => {
    const { station, player } = accepted();
    const again = { seq: 100, txn: 640 };
    expect(player.feed(player.syn({}, again), player.syn({}, again))).toEqual([]);
    expect(station.endpoint.connectionCount).toBe(1);
    expect(station.endpoint.stats().accepted).toBe(1);
  });

  it.each([
    ['port', { sourcePort: 4001 }],
    ['number', { seq: 101 }],
  ])('P-OPEN-06 takes a SYN of another %s for another connection', (_, patch) => {
    const { station, player } = accepted();
    expect(player.feed(player.syn({}, { seq: 100, ...patch }))).toHaveLength(1);
    expect(station.endpoint.connectionCount).toBe(2);
  });

  it('P-OPEN-06 takes a SYN of another address for another connection', () => {
    const { station, player } = accepted();
    station.feed(peerAddress(98), player.syn({}, { seq: 100 }));
    expect(station.endpoint.connectionCount).toBe(2);
  });

  it('P-OPEN-06 makes no second connection of a SYN repeated while the ports rest', () => {
    const { station, player, connection } = accepted();
    connection.abort(ERROR.CANCELLED);
    station.drain();
    player.feed(player.close(2), player.close(3));
    expect([station.endpoint.connectionCount, station.endpoint.quietCount]).toEqual([0, 1]);
    expect(player.feed(player.syn({}, { seq: 100, txn: 640 }))).toEqual([]);
    expect(station.endpoint.connectionCount).toBe(0);
    station.advance(5_000);
    expect(station.endpoint.quietCount).toBe(0);
    expect(player.feed(player.syn({}, { seq: 100, txn: 640 }))).toHaveLength(1);
  });

  it('P-OPEN-07 advises a SYN that finds no room, at no more length than it has', () => {
    const station = new Station({ endpoint: { maxConnections: 1 } });
    const player = new Player(station);
    player.feed(player.syn());
    const second = player.syn({}, { sourcePort: 4001 });
    const [advice, ...more] = player.feed(second);
    expect(more).toEqual([]);
    expect(advice).toMatchObject({
      kind: 'synAck',
      error: ERROR.BUSY,
      sourcePort: 0,
      destinationPort: 4001,
      ack: 100,
    });
    expect(advice!.payload.length).toBe(0);
    expect(station.drops()).toEqual({ full: 1 });
    expect(station.endpoint.connectionCount).toBe(1);
  });

  it('delivers the operation of the third message and acknowledges it at once', () => {
    const station = new Station();
    const player = new Player(station);
    const [synAck] = player.feed(player.syn());
    player.remotePort = synAck!.sourcePort;
    const third = player.third({ flags: FLAG.OP | FLAG.END, payload: text('list') });
    const [ack] = player.feed(third);
    expect(ack).toMatchObject({ kind: 'ack', ack: 101 });
    expect(station.appOf(station.newest)).toMatchObject({
      events: ['established', 'message'],
      messages: ['list'],
    });
    // The answer may have been lost: a repeated third message is acknowledged again.
    expect(player.feed(third).map(({ kind, ack: next }) => [kind, next])).toEqual([['ack', 101]]);
    expect(station.appOf(station.newest).messages).toEqual(['list']);
  });

  it('P-HDR-05 drops a third message with flags inside that are no stream segment’s', () => {
    const { OP, DAT, CNT, SYN, FIN, END, ACK, RESERVED } = FLAG;
    const station = new Station();
    const player = new Player(station);
    const [synAck] = player.feed(player.syn());
    player.remotePort = synAck!.sourcePort;
    const inside = [0, ACK, END, CNT, CNT | ACK, OP | DAT, OP | CNT, OP | SYN, DAT | FIN];
    for (const flags of [...inside, OP | RESERVED, OP | END | RESERVED]) {
      expect(player.feed(player.third({ flags, payload: text('list') }))).toEqual([]);
    }
    expect(station.drops()).toEqual({ flagCombination: inside.length + 2 });
    expect(station.newest.state).toBe('opening');
    expect(player.feed(player.third({ flags: OP | ACK, payload: text('li') }))).toHaveLength(1);
    player.feed(player.op(text('st'), { seq: 101 }));
    expect(station.appOf(station.newest).messages).toEqual(['list']);
  });

  it('gives a half-open connection up when the initiator stops trying', () => {
    const station = new Station({ connection: { patienceMs: 1 } });
    const player = new Player(station);
    player.feed(player.syn({ patienceMs: 4_000 }));
    station.advance(3_000);
    player.feed(player.syn({}, { seq: 100, txn: 640 }));
    station.advance(3_999);
    expect(station.endpoint.connectionCount).toBe(1);
    station.advance(1);
    expect(station.endpoint.connectionCount).toBe(0);
  });

  it('opens nothing when it does not accept', () => {
    const station = new Station({ endpoint: { accepts: false } });
    const player = new Player(station);
    expect(player.feed(player.syn())).toEqual([]);
    expect(station.drops()).toEqual({ unknownConnection: 1 });
  });

  it('takes only cnt+syn with a transmission number for a SYN', () => {
    const station = new Station();
    const player = new Player(station);
    expect(player.feed(player.syn({}, { flags: FLAG.CNT | FLAG.SYN | FLAG.ACK }))).toEqual([]);
    expect(player.feed(withoutTxn(player.syn()))).toEqual([]);
    expect(station.drops()).toEqual({ flagCombination: 2 });
  });
});

describe('opening, both sides', () => {
  it('P-OPEN-01 opens over a path that loses, repeats and reorders each message in turn', () => {
    for (let lost = 0; lost < 64; lost += 1) {
      const couple = new Couple({
        route: (_, direction, index) => {
          const bit = 2 * Math.min(index, 2) + (direction === 'up' ? 0 : 1);
          return index < 3 && (lost & (1 << bit)) !== 0 ? [] : [10, 10, 700];
        },
      });
      const near = couple.connect();
      near.sendMessage(text('first'));
      const isThere = (): boolean => couple.server.endpoint.connectionCount === 1;
      expect(couple.runUntil(isThere)).toBe(true);
      const app = couple.appOf(couple.accepted);
      expect(couple.runUntil(() => app.messages.length > 0)).toBe(true);
      couple.run(5_000);
      expect(app.messages).toEqual(['first']);
      expect(couple.server.endpoint.stats().accepted).toBe(1);
      expect([near.state, couple.accepted.state]).toEqual(['established', 'established']);
    }
  });

  it('takes two round trips from the call to the answer of the first operation', () => {
    const couple = new Couple({ delayMs: 10 });
    const near = couple.connect();
    near.sendMessage(text('ask'));
    couple.run(30);
    expect(couple.appOf(couple.accepted).messages).toEqual(['ask']);
    couple.accepted.sendMessage(text('answer'));
    couple.run(10);
    expect(couple.appOf(near).messages).toEqual(['answer']);
  });

  it('takes two datagrams of each side to open and settle', () => {
    const { near, far } = openCouple();
    expect(near.stats()).toMatchObject({ segmentsSent: 0, datagramsSent: 2 });
    expect(far.stats()).toMatchObject({ segmentsSent: 0, datagramsSent: 2 });
  });
});
