import { describe, expect, it } from 'vitest';
import { PASS_THROUGH, toyMac } from '../../../src/transport/seal.ts';
import { ERROR, FLAG, WIRE_VERSION } from '../../../src/wire/codes.ts';
import { SYN_BYTES } from '../../../src/wire/layout.ts';
import { finishSegment } from '../../../src/wire/segment-write.ts';
import { openCouple } from './couple.ts';
import { accepted, opened, Player, sendSegments } from './player.ts';
import { type Craft, heldBy, pattern, seal, text, toldBy, withoutTxn } from './segments.ts';
import { FIRST_SEQ, FIRST_TXN, Station } from './station.ts';

describe('a segment that is not taken', () => {
  it('is dropped when it has no transmission number', () => {
    const { station, player, app } = accepted();
    expect(player.feed(withoutTxn(player.op(text('x'))))).toEqual([]);
    expect(station.drops()).toEqual({ option: 1 });
    expect(app.messages).toEqual([]);
  });

  it('P-TXN-04 is dropped after its counter when its transmission came before', () => {
    const { station, player, connection, app } = accepted();
    const segment = player.op(text('once'));
    player.feed(segment);
    const before = connection.stats();
    player.feed(segment, segment);
    expect(app.messages).toEqual(['once']);
    expect(station.drops()).toEqual({ duplicate: 2 });
    expect(connection.stats()).toEqual({ ...before, duplicatesReceived: 2 });
  });

  it('P-TXN-04 is dropped when its number is too far below the newest to tell', () => {
    const { station, player, app } = accepted({ connection: { receiveWindowSegments: 64 } });
    player.feed(player.op(text('new'), { txn: 640 + 20_000 }));
    player.feed(player.op(text('old'), { txn: 640 + 20_000 - 16_384 }));
    expect(station.drops()).toEqual({ duplicate: 1 });
    expect(app.messages).toEqual(['new']);
    player.seq -= 1;
    player.feed(player.op(text('late'), { txn: 640 + 20_000 - 16_300 }));
    expect(app.messages).toEqual(['new', 'late']);
  });

  it('P-TXN-04 grows what it can tell with the window it grants: four windows', () => {
    const { player, app } = accepted({ connection: { receiveWindowSegments: 8192 } });
    player.feed(player.op(text('new'), { txn: 640 + 40_000 }));
    player.feed(player.op(text('late'), { txn: 640 + 40_000 - 32_700 }));
    expect(app.messages).toEqual(['new', 'late']);
  });

  it('P-TXN-04 is acknowledged again when it is the third message', () => {
    const { station, player } = accepted();
    const third = player.third(undefined, { txn: 641 });
    expect(player.feed(third).map(({ kind }) => kind)).toEqual(['ack']);
    expect(station.drops()).toEqual({ duplicate: 1 });
  });

  it('is not acknowledged again when it is a repeated probe, fin or anything else', () => {
    const { player } = accepted();
    const probe = player.probe();
    const ack = player.acknowledge();
    const dat = player.dat(text('x'));
    const fin = player.close(1);
    player.feed(probe, ack, dat, fin);
    expect(player.feed(probe, ack, dat, fin)).toEqual([]);
  });

  it('is a duplicate when it is a SYN-ACK for a connection that is open', () => {
    const { station, player } = opened();
    expect(player.feed(player.synAck())).toEqual([]);
    expect(station.drops()).toEqual({ duplicate: 1 });
  });

  it('P-ACK-03 is not told as received, nor its number remembered, when it is not kept', () => {
    const { station, player, app } = accepted({ connection: { receiveWindowSegments: 4 } });
    const beyond = player.dat(text('beyond'), { seq: 104, txn: 900 });
    expect(player.feed(beyond)).toEqual([]);
    expect(station.drops()).toEqual({ outsideWindow: 1 });
    const [ack] = player.feed(player.probe({ txn: 901 }));
    expect(toldBy(ack!.block!)).toEqual([640, 641, 901]);
    expect(heldBy(ack!.block!)).toEqual([]);
    // The same transmission later is no duplicate: its segment has become due.
    player.feed(...[0, 1, 2, 3].map((i) => player.dat(text(`${i}`), { seq: 100 + i })));
    player.feed(beyond);
    expect(app.records[0]!.bytes).toEqual(text('0123beyond'));
  });

  it('is dropped when its acknowledgement does not fill its payload exactly', () => {
    const { station, player, connection } = accepted();
    const payload = new Uint8Array(17);
    expect(player.feed(player.make({ flags: FLAG.ACK, payload }))).toEqual([]);
    expect(station.drops()).toEqual({ length: 1 });
    expect(connection.stats().acksReceived).toBe(0);
  });
});

describe('what a datagram counts', () => {
  it('is one datagram and its bytes, header included', () => {
    const { player, connection } = accepted();
    const { bytesReceived } = connection.stats();
    player.feed(player.dat(pattern(100)));
    expect(connection.stats()).toMatchObject({
      datagramsReceived: 2,
      bytesReceived: bytesReceived + 132,
      segmentsReceived: 1,
      bytesDelivered: 100,
      duplicatesReceived: 0,
    });
    player.feed(player.acknowledge());
    expect(connection.stats()).toMatchObject({ datagramsReceived: 3, acksReceived: 1 });
  });

  it('counts the first operation of the third message as a segment', () => {
    const { player } = accepted();
    const station = new Station();
    const other = new Player(station);
    other.remotePort = other.feed(other.syn())[0]!.sourcePort;
    other.feed(other.third({ flags: FLAG.OP | FLAG.END, payload: text('abc') }));
    expect(station.newest.stats()).toMatchObject({
      segmentsReceived: 1,
      bytesDelivered: 3,
      datagramsReceived: 1,
    });
    expect(player.seq).toBe(100);
  });

  it('counts a repeated segment under a new transmission as a duplicate, and tells it', () => {
    const { station, player, connection } = accepted();
    player.feed(player.dat(text('a'), { seq: 100 }));
    player.feed(player.dat(text('a'), { seq: 100 }));
    expect(connection.stats()).toMatchObject({ segmentsReceived: 1, duplicatesReceived: 1 });
    expect(station.drops()).toEqual({});
    const [ack] = player.feed(player.probe());
    expect(toldBy(ack!.block!)).toEqual([640, 641, 642, 643, 644]);
  });
});

describe('a datagram of several segments', () => {
  it('P-HDR-07 takes each segment where the one before ends', () => {
    const { station, player, app } = accepted();
    const pieces = ['a', 'bc', 'def'].map((word) => player.op(text(word)));
    const train = new Uint8Array(pieces.flatMap((piece) => [...piece]));
    station.feed(player.address, train);
    expect(app.messages).toEqual(['a', 'bc', 'def']);
  });

  it('P-HDR-07 drops one segment without the ones around it', () => {
    const { station, player, app } = accepted();
    const first = player.op(text('a'));
    const foreign = player.op(text('x'), { destinationPort: player.remotePort ^ 1, seq: 101 });
    const second = player.op(text('b'));
    station.feed(player.address, new Uint8Array([...first, ...foreign, ...second]));
    expect(app.messages).toEqual(['a', 'b']);
    expect(station.drops()).toEqual({ unknownConnection: 1 });
  });

  it('P-HDR-06 goes on behind a segment with a wrong sum when all have one length', () => {
    const { station, player, app } = accepted();
    const pieces = ['a', 'b', 'c', 'd'].map((word) => player.op(text(word)));
    pieces[1]![pieces[1]!.length - 1]! ^= 1;
    station.feed(player.address, new Uint8Array(pieces.flatMap((piece) => [...piece])));
    player.feed(player.op(text('b'), { seq: 101 }));
    expect(app.messages).toEqual(['a', 'b', 'c', 'd']);
    expect(station.drops()).toEqual({ checksum: 1 });
  });

  it('P-HDR-06 drops the rest behind a wrong sum when it does not lie where it should', () => {
    const { station, player, app } = accepted();
    const [first, broken, last] = ['a', 'bcd', 'e'].map((word) => player.op(text(word)));
    broken![broken!.length - 1]! ^= 1;
    station.feed(player.address, new Uint8Array([...first!, ...broken!, ...last!]));
    expect(app.messages).toEqual(['a']);
    expect(station.drops().checksum).toBe(1);
    expect(Object.keys(station.drops()).length).toBeGreaterThan(1);
  });

  it('P-HDR-06 drops all behind a first segment with a wrong sum', () => {
    const { station, player, app } = accepted();
    const [broken, last] = ['a', 'b'].map((word) => player.op(text(word)));
    broken![broken!.length - 1]! ^= 1;
    station.feed(player.address, new Uint8Array([...broken!, ...last!]));
    expect(app.messages).toEqual([]);
    expect(station.drops()).toEqual({ checksum: 1 });
  });

  it('drops an empty datagram as short', () => {
    const { station, player } = accepted();
    player.feed(new Uint8Array(0));
    expect(station.drops()).toEqual({ short: 1 });
  });
});

describe('sealed segments', () => {
  const sealer = toyMac(77);
  const sealedStation = (): Station => new Station({ sealer });

  it('are opened, and cut to what was sealed', () => {
    const { couple, near, far } = openCouple({
      client: { sealer },
      server: { sealer },
    });
    near.sendMessage(text('hello'));
    couple.client.sendBytes(near, pattern(30_000));
    near.endData();
    couple.run(1_000);
    expect(couple.appOf(far).messages).toEqual(['hello']);
    expect(couple.appOf(far).records).toEqual([{ bytes: pattern(30_000), error: 0 }]);
    expect(near.stats().segmentsSent).toBe(1 + Math.ceil(30_000 / 1360));
  });

  it('are dropped when they are not authentic or too short to be', () => {
    const station = sealedStation();
    const player = new Player(station);
    const payload = new Uint8Array(SYN_BYTES);
    payload.set(player.parameters());
    const syn = { flags: FLAG.CNT | FLAG.SYN, versions: [WIRE_VERSION], txn: 5, payload };
    const good = seal(sealer, { sourcePort: 4000, ...syn });
    const bad = good.slice();
    bad[700]! ^= 4;
    const padded = new Uint8Array(SYN_BYTES);
    const empty = { sourcePort: 4000, ...syn, payload: new Uint8Array(7) };
    padded.set(craftHeaderOnly(empty));
    expect(player.feed(bad)).toEqual([]);
    expect(station.endpoint.stats().drops).toMatchObject({ checksum: 1, seal: 0 });
    bad.set(good.subarray(0, 700));
    finishSegment(bad, 0, bad.length);
    expect(player.feed(bad)).toEqual([]);
    expect(station.endpoint.stats().drops.seal).toBe(1);
    finishSegment(padded, 0, 32 + 4 + 7);
    station.endpoint.handleDatagram(0, player.address, padded);
    expect(station.endpoint.stats().drops).toMatchObject({ seal: 1, synSize: 1 });
    expect(player.feed(good).map(({ kind }) => kind)).toEqual(['synAck']);
  });

  it('of an open connection are dropped when they are not authentic', () => {
    const { couple, near, far } = openCouple({
      client: { sealer },
      server: { sealer: toyMac(77) },
    });
    near.sendMessage(text('hello'));
    const [op] = couple.client.drain();
    const address = couple.client.address;
    const forged = op!.bytes.slice();
    forged[33]! ^= 1;
    couple.server.feed(address, forged);
    expect(couple.server.drops()).toEqual({ seal: 1 });
    const stub = craftHeaderOnly({
      sourcePort: op!.sourcePort,
      destinationPort: op!.destinationPort,
      flags: FLAG.CNT | FLAG.ACK,
      txn: op!.txn + 1,
      payload: new Uint8Array(7),
    });
    couple.server.feed(address, stub);
    expect(couple.server.drops()).toEqual({ seal: 2 });
    couple.server.feed(address, op!.bytes);
    expect(couple.appOf(far).messages).toEqual(['hello']);
  });
});

/** A segment whose sum covers its header only, as sealed ones have it. */
function craftHeaderOnly(values: Craft & { txn: number }): Uint8Array {
  const untouched = { ...toyMac(0), overheadBytes: 0, seal: () => undefined };
  return seal(untouched, values);
}

describe('repeated probes', () => {
  it.each([
    ['plain', PASS_THROUGH],
    ['sealed', toyMac(7)],
  ])('are acknowledged once: %s', (_, sealer) => {
    const { couple } = openCouple({
      client: { sealer },
      server: { sealer },
      route: ({ kind }) => (kind === 'probe' ? [10, 11, 12] : undefined),
    });
    const before = couple.sent('down').length;
    couple.run(10_500);
    expect(couple.sent('up').at(-1)!.kind).toBe('probe');
    expect(couple.sent('down').slice(before)).toHaveLength(1);
  });
});

describe('the handshake', () => {
  it('measures the round trip of a SYN that was sent once, wherever the clock stands', () => {
    const station = new Station();
    const player = new Player(station);
    station.nowMs = 5_000;
    const connection = station.endpoint.connect(5_000, player.address);
    player.remotePort = station.drain()[0]!.sourcePort;
    station.nowMs = 5_040;
    const answer = player.synAck();
    player.feed(answer);
    expect(connection.stats()).toMatchObject({ srttMs: 40, rttvarMs: 20, minRttMs: 40 });
    const counted = { datagramsReceived: 1, bytesReceived: answer.length };
    expect(connection.stats()).toMatchObject(counted);
    expect(opened().connection.stats().srttMs).toBe(0.001);
  });

  it('counts the answer as a sign of life', () => {
    const station = new Station({ connection: { patienceMs: 3_000 } });
    const player = new Player(station);
    const connection = station.endpoint.connect(0, player.address);
    player.remotePort = station.drain()[0]!.sourcePort;
    station.advance(2_500);
    player.feed(player.synAck());
    station.advance(2_999);
    expect(connection.state).toBe('established');
    station.advance(1);
    expect(connection.state).toBe('closed');
  });

  it('acknowledges the third message by its own number', () => {
    const station = new Station();
    const player = new Player(station);
    player.remotePort = player.feed(player.syn())[0]!.sourcePort;
    const [ack] = player.feed(player.third(undefined, { txn: 777 }));
    expect([ack!.kind, ack!.block!.echo, ack!.block!.tmapWords > 0]).toEqual(['ack', 777, true]);
  });

  it('obeys the acknowledgement policy that the third message names', () => {
    const station = new Station();
    const player = new Player(station);
    player.remotePort = player.feed(player.syn({ ackEverySegments: 2 }))[0]!.sourcePort;
    const payload = player.parameters({ ackEverySegments: 5, maxAckDelayMs: 1_000 });
    player.feed(player.third(undefined, { payload }));
    // The first few leave at once, whatever the policy.
    for (let i = 0; i < 20; i += 1) player.feed(player.probe());
    const counts = Array.from({ length: 10 }, () => player.feed(player.dat(text('x'))).length);
    expect(counts).toEqual([0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
  });

  it('takes the third message for a sign of life, and its segment for a whole record', () => {
    const station = new Station();
    const player = new Player(station);
    player.remotePort = player.feed(player.syn({ patienceMs: 3_000 }))[0]!.sourcePort;
    station.advance(2_500);
    const first = { flags: FLAG.DAT | FLAG.END, payload: text('abc') };
    player.feed(player.third(first));
    station.advance(2_999);
    expect(station.newest.state).toBe('established');
    expect(station.appOf(station.newest).records).toEqual([{ bytes: text('abc'), error: 0 }]);
    const connection = station.newest;
    station.advance(1);
    expect(connection.state).toBe('closed');
  });

  it('opens without the segment of a third message that finds no memory', () => {
    const station = new Station();
    const player = new Player(station);
    player.remotePort = player.feed(player.syn())[0]!.sourcePort;
    const pool = station.receivePool;
    const others = [];
    for (let slab = pool.acquire(262_144); slab; slab = pool.acquire(262_144)) others.push(slab);
    const third = player.third({ flags: FLAG.DAT, payload: text('abc') });
    const [ack] = player.feed(third);
    // P-ACK-03: what was not kept is not told, neither as segment nor as transmission.
    expect(ack).toMatchObject({ kind: 'ack', ack: 100, block: { echo: 0, tmapWords: 0 } });
    expect(station.newest.state).toBe('established');
    expect(player.feed(third)).toMatchObject([{ kind: 'ack', ack: 100, block: { tmapWords: 0 } }]);
    expect(station.drops()).toEqual({ duplicate: 1 });
    for (const slab of others) pool.release(slab);
    expect(player.feed(player.dat(text('abc')))).toMatchObject([{ kind: 'ack', ack: 101 }]);
    expect(station.appOf(station.newest).records[0]!.bytes).toEqual(text('abc'));
  });

  it('drops a third message whose segment is out of bounds', () => {
    const station = new Station({ connection: { receiveWindowBytes: 0 } });
    const player = new Player(station);
    player.remotePort = player.feed(player.syn())[0]!.sourcePort;
    expect(player.feed(player.third({ flags: FLAG.DAT, payload: text('abc') }))).toEqual([]);
    expect(station.drops()).toEqual({ synParameters: 1 });
    expect(station.newest.state).toBe('opening');
  });

  it('drops an answer that is not authentic', () => {
    const sealer = toyMac(5);
    const station = new Station({ sealer });
    const player = new Player(station);
    const connection = station.endpoint.connect(0, player.address);
    const [syn] = station.drain();
    const fields = {
      sourcePort: player.port,
      destinationPort: syn!.sourcePort,
      ack: FIRST_SEQ,
      flags: FLAG.CNT | FLAG.SYN | FLAG.ACK,
      versions: [WIRE_VERSION],
      payload: player.parameters(),
      txn: 9,
    };
    expect(player.feed(seal(toyMac(6), fields))).toEqual([]);
    expect(station.endpoint.stats().drops.seal).toBe(1);
    player.feed(seal(sealer, fields));
    expect(connection.state).toBe('established');
  });
});

describe('after the end', () => {
  it('takes no payload any more once the application has aborted', () => {
    const { player, connection, app } = accepted();
    connection.abort(ERROR.CANCELLED);
    player.feed(player.op(text('late')));
    expect(app.messages).toEqual([]);
    expect(connection.stats()).toMatchObject({ segmentsReceived: 0, bytesDelivered: 0 });
  });

  it('takes no acknowledgement any more once the application has aborted', () => {
    const { station, player, connection, app } = accepted();
    connection.abort(ERROR.CANCELLED);
    player.feed(player.acknowledge({}, { ack: FIRST_SEQ + 5 }));
    expect(app.closed).toEqual({ kind: 'aborted', by: 'local', code: ERROR.CANCELLED });
    expect([connection.stats().acksReceived, station.drops()]).toEqual([1, {}]);
  });
});

describe('trace', () => {
  it('says what is received and what the window is', () => {
    const { station, player } = accepted({ tracing: true });
    player.feed(player.acknowledge({ told: [FIRST_TXN] }));
    const kinds = station.traced.map(({ kind }) => kind);
    expect(kinds).toEqual(['sent', 'received', 'sent', 'received', 'congestion']);
    expect(station.traced.at(-1)).toEqual({
      kind: 'congestion',
      phase: 'slowStart',
      cwndBytes: 14_000,
      ssthreshBytes: Infinity,
      flightSizeBytes: 0,
      cause: 'ack',
    });
    player.feed(new Uint8Array(3));
    expect(station.traced.at(-1)).toEqual({ kind: 'dropped', reason: 'short' });
  });

  it('says what an acknowledgement made of the window, not what was before it', () => {
    const scene = accepted({ tracing: true });
    const { station, player, connection } = scene;
    const flight = sendSegments(scene, 20);
    player.ack += flight.length;
    player.feed(player.acknowledge({ told: flight.map(({ txn }) => txn) }));
    const { cwndBytes } = connection.stats();
    expect(cwndBytes).toBe(28_000);
    const change = station.traced.findLast(({ kind }) => kind === 'congestion');
    expect(change).toMatchObject({ cwndBytes, flightSizeBytes: 0, cause: 'ack' });
  });

  it('says nothing of the window when a segment acknowledges nothing, or lies', () => {
    const { station, player, connection } = accepted({ tracing: true });
    player.feed(player.probe());
    player.feed(player.acknowledge({}, { ack: FIRST_SEQ + 1 }));
    expect(connection.state).toBe('closing');
    expect(station.traced.map(({ kind }) => kind)).not.toContain('congestion');
  });
});
