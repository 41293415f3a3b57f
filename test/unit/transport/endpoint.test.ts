import { describe, expect, it } from 'vitest';
import { MAX_QUEUED_ANSWERS } from '../../../src/transport/strangers.ts';
import { ERROR } from '../../../src/wire/codes.ts';
import type { TransmitSlot } from '../../../src/transport/types.ts';
import { Couple, openCouple } from './couple.ts';
import { accepted, opened, Player } from './player.ts';
import { pattern, SLOT_BYTES, text } from './segments.ts';
import { peerAddress, Station } from './station.ts';

describe('virtual ports', () => {
  it('P-PORT-01 writes the port of the other end as destination, 0 in the first SYN only', () => {
    const { couple, near, far } = openCouple();
    near.sendMessage(text('x'));
    near.finish();
    far.finish();
    couple.run(5_000);
    const up = couple.sent('up');
    const down = couple.sent('down');
    expect(up[0]).toMatchObject({ kind: 'syn', destinationPort: 0, sourcePort: near.localPort });
    for (const { sourcePort, destinationPort } of up.slice(1)) {
      expect([sourcePort, destinationPort]).toEqual([near.localPort, far.localPort]);
    }
    for (const { sourcePort, destinationPort } of down) {
      expect([sourcePort, destinationPort]).toEqual([far.localPort, near.localPort]);
    }
  });

  it('P-PORT-02 picks ports that are random, not 0 and not in use', () => {
    const station = new Station();
    const player = new Player(station);
    const ports = Array.from(
      { length: 2_000 },
      () => station.endpoint.connect(0, player.address).localPort,
    );
    expect(new Set(ports).size).toBe(2_000);
    expect(Math.min(...ports)).toBeGreaterThan(0);
    expect(Math.max(...ports)).toBeLessThan(65_536);
    // Random ones spread over the whole range and do not follow each other.
    expect(Math.max(...ports) - Math.min(...ports)).toBeGreaterThan(60_000);
    expect(ports.filter((port, i) => port === ports[i - 1]! + 1).length).toBeLessThan(10);
  });

  it('P-PORT-03 drops a segment for a port that nobody has, without an answer', () => {
    const { station, player } = accepted();
    const destinationPort = player.remotePort ^ 1;
    expect(player.feed(player.probe({ destinationPort }))).toEqual([]);
    expect(station.drops()).toEqual({ unknownConnection: 1 });
  });

  it('P-PORT-03 drops a segment whose source port or address does not match', () => {
    const { station, player, app } = accepted();
    const txn = player.txn;
    expect(player.feed(player.op(text('x'), { sourcePort: 4001, seq: 100 }))).toEqual([]);
    const other = [peerAddress(98), peerAddress(99, 10_001), peerAddress(99)];
    const same = player.op(text('x'), { seq: 100 });
    for (const address of other) expect(station.feed(address, same)).toEqual([]);
    expect(station.drops()).toEqual({ port: 1, address: 3 });
    player.feed(player.op(text('y'), { seq: 100, txn }));
    expect(app.messages).toEqual(['y']);
  });

  it('drops a segment from port 0, unless it is advice for a caller', () => {
    const station = new Station();
    const player = new Player(station);
    player.feed(player.syn({}, { sourcePort: 0 }));
    expect(station.drops()).toEqual({ port: 1 });
  });

  it('keeps the ports of a closed connection while they rest', () => {
    const { station, player, connection } = accepted();
    connection.abort(1);
    station.drain();
    player.feed(player.close(2), player.close(1));
    expect([station.endpoint.connectionCount, station.endpoint.quietCount]).toEqual([0, 1]);
    expect(player.feed(player.probe({ sourcePort: 4001 }))).toEqual([]);
    expect(station.drops()).toEqual({ port: 1 });
  });
});

describe('an endpoint', () => {
  it('serves many peers from one port, each independent', () => {
    const couple = new Couple({ server: { endpoint: { maxConnections: 50 } } });
    const near = Array.from({ length: 30 }, () => couple.connect());
    near.forEach((connection, i) => connection.sendMessage(text(`hello ${i}`)));
    couple.run(1_000);
    const said = [...couple.server.endpoint.connections()].map(
      (connection) => couple.appOf(connection).messages,
    );
    expect(said.flat().sort()).toEqual(near.map((_, i) => `hello ${i}`).sort());
    expect(couple.server.endpoint.stats()).toMatchObject({ accepted: 30, opened: 0 });
    expect(couple.client.endpoint.stats()).toMatchObject({ accepted: 0, opened: 30 });
    near.forEach((connection) => connection.finish());
    for (const connection of couple.server.endpoint.connections()) connection.finish();
    couple.run(5_000);
    for (const { endpoint } of [couple.client, couple.server]) {
      expect([endpoint.connectionCount, endpoint.quietCount]).toEqual([0, 0]);
      expect(endpoint.nextTimeout()).toBe(Infinity);
    }
  });

  it('numbers its connections', () => {
    const station = new Station();
    const ids = [1, 2, 3].map(() => station.endpoint.connect(0, peerAddress(9)).id);
    expect(ids).toEqual([1, 2, 3]);
  });

  it('P-FAIR-01 gives each ready connection its turn after 64 KiB', () => {
    const couple = new Couple({ client: { connection: { initialWindowSegments: 60 } } });
    const all = [couple.connect(), couple.connect()];
    couple.run(200);
    for (const connection of all) couple.client.sendBytes(connection, pattern(60 * 1368));
    const ports = couple.client.drain().map(({ sourcePort }) => sourcePort);
    const [near, far] = all.map(({ localPort }) => localPort);
    // 47 datagrams of 1,400 bytes are the first to be more.
    const turn = Array.from({ length: 47 }, () => near);
    expect(ports.slice(0, 94)).toEqual([...turn, ...turn.map(() => far)]);
    expect(ports).toHaveLength(120);
  });

  it('visits only connections with something to do', () => {
    const couple = new Couple({ server: { endpoint: { maxConnections: 200 } } });
    const all = Array.from({ length: 100 }, () => couple.connect());
    couple.run(1_000);
    const { steps } = couple.client.endpoint.stats();
    all[0]!.sendMessage(text('x'));
    couple.run(500);
    expect(couple.client.endpoint.stats().steps - steps).toBeLessThan(10);
  });

  it('asks the driver to look when the application acts', () => {
    const { station, connection } = opened();
    const acts = [
      () => connection.sendMessage(text('x')),
      () => station.sendBytes(connection, pattern(10)),
      () => connection.endData(),
      () => connection.abandonData(1),
      () => connection.finish(),
      () => connection.abort(2),
    ];
    for (const act of acts) {
      const { wakes } = station;
      act();
      expect(station.wakes).toBe(wakes + 1);
      expect(station.endpoint.nextTimeout()).toBe(station.nowMs);
      station.drain();
    }
  });

  it('counts datagrams both ways', () => {
    const { station, player } = accepted();
    player.feed(new Uint8Array(1), player.probe());
    expect(station.endpoint.stats()).toMatchObject({ datagramsReceived: 4, datagramsSent: 3 });
  });

  it('queues at most 64 answers to strangers', () => {
    const station = new Station({ endpoint: { maxConnections: 0 } });
    const player = new Player(station);
    const syns = Array.from({ length: 70 }, (_, i) => player.syn({}, { sourcePort: 5000 + i }));
    const answers = player.feed(...syns);
    expect(answers).toHaveLength(MAX_QUEUED_ANSWERS);
    expect(answers.at(-1)!.destinationPort).toBe(5063);
  });

  it('writes to the address of each connection', () => {
    const station = new Station();
    const [near, far] = [peerAddress(7), peerAddress(8)];
    station.endpoint.connect(0, near);
    station.endpoint.connect(0, far);
    const slot: TransmitSlot = { buffer: new Uint8Array(SLOT_BYTES), length: 0, peer: near };
    const peers = [];
    while (station.endpoint.pollTransmit(0, slot)) peers.push(slot.peer);
    expect(peers).toEqual([near, far]);
  });

  it('grants a peer its patience up to its own maximum', () => {
    const patienceOf = (patienceMs: number): number => {
      const { connection } = accepted({ endpoint: { maxPatienceMs: 60_000 } }, { patienceMs });
      return connection.config.patienceMs;
    };
    expect([5_000, 60_001, 0].map(patienceOf)).toEqual([5_000, 60_000, 60_000]);
    const { connection } = accepted({ endpoint: { maxPatienceMs: Infinity } }, { patienceMs: 0 });
    expect(connection.config.patienceMs).toBe(Infinity);
  });

  it('lets one connection override the settings of the endpoint', () => {
    const station = new Station({ connection: { patienceMs: 7_000 } });
    const connection = station.endpoint.connect(0, peerAddress(9), { controller: 'founding' });
    expect(connection.config).toMatchObject({ controller: 'founding', patienceMs: 7_000 });
    expect(connection.stats()).toMatchObject({ controller: 'founding', state: 'opening' });
  });

  it('has a place for the driver in each connection', () => {
    const { connection } = opened();
    connection.userData = 'mine';
    expect(connection.userData).toBe('mine');
  });

  it('acts at once on a deadline that an acknowledgement moved into the past', () => {
    const { station, player, connection } = accepted(
      { connection: { maxAckDelayMs: 250 } },
      {},
      1_500,
    );
    connection.sendMessage(text('a'));
    connection.sendMessage(text('b'));
    const [a, b] = station.drain();
    expect(connection.stats().rtoMs).toBe(1_000);
    station.advance(600);
    // 500 of the 600 ms are the peer's, twice what is agreed: the first sample is 100 ms, and the
    // timeout that comes of it has passed for what is still open.
    player.ack = a!.seq + 1;
    const batch = player.feed(player.acknowledge({ told: [a!.txn], delayMs: 500 }));
    expect(connection.stats().rtoMs).toBeLessThan(600);
    expect(batch.map(({ seq }) => seq)).toContain(b!.seq);
    expect(station.endpoint.nextTimeout()).toBeGreaterThan(station.nowMs);
  });

  it('forgets an aborted connection that never opened', () => {
    const station = new Station();
    const connection = station.endpoint.connect(0, peerAddress(9));
    station.drain();
    connection.abort(ERROR.CANCELLED);
    expect(station.drain()).toEqual([]);
    const closed = { kind: 'aborted', by: 'local', code: ERROR.CANCELLED };
    expect(station.appOf(connection).closed).toEqual(closed);
    expect(connection.state).toBe('closed');
    expect([station.endpoint.connectionCount, station.endpoint.quietCount]).toEqual([0, 0]);
    connection.abort(1);
    connection.finish();
    connection.sendMessage(text('x'));
    expect(station.drain()).toEqual([]);
    expect(station.appOf(connection).events).toEqual(['closed']);
  });
});
