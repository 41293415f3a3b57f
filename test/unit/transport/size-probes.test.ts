import { describe, expect, it } from 'vitest';
import { accepted, opened, type Scene, sendSegments } from './player.ts';
import { pattern, type Seen } from './segments.ts';
import { FIRST_SEQ, peerAddress, Station } from './station.ts';

const RTT_MS = 40;

function scene(limitBytes: number, grants: object = {}): Scene {
  const endpoint = { pathLimitBytes: () => limitBytes };
  return opened({ endpoint, tracing: true }, { segmentBytes: 65_507, ...grants }, RTT_MS);
}

/** Sends more than the window takes and has the first flight acknowledged after a round trip. */
function firstFlight({ station, player, connection }: Scene): Seen[] {
  station.sendBytes(connection, pattern(300 * 1368));
  station.drain();
  station.advance(RTT_MS);
  return player.feed(player.acknowledgeAll());
}

const sizesOf = (batch: readonly Seen[], kind: string): number[] =>
  batch.filter((segment) => segment.kind === kind).map(({ bytes }) => bytes.length);

describe('a probe of the path', () => {
  it('P-MTU-01 is a probe filled with zeros, and leaves once the first flight has arrived', () => {
    const s = scene(1_472);
    const first = sendSegments(s, 64);
    expect(sizesOf(first, 'probe')).toEqual([]);
    s.station.advance(RTT_MS);
    const answer = s.player.feed(s.player.acknowledgeAll());
    const probe = answer[0]!;
    expect(probe).toMatchObject({ kind: 'probe', bytes: { length: 1_472 } });
    expect(probe.payload).toEqual(new Uint8Array(1_440));
    expect(sizesOf(answer.slice(1), 'probe')).toEqual([]);
    expect(s.connection.stats().sizeProbes).toBe(1);
    expect(s.station.traced).toContainEqual({ kind: 'probe', probe: 'size' });
  });

  it('P-MTU-01 neither counts as in flight nor is a sample of the round trip', () => {
    const s = scene(1_472);
    const answer = firstFlight(s);
    const before = s.connection.stats();
    expect(before.flightSizeBytes).toBe(
      sizesOf(answer, 'dat').reduce((sum, bytes) => sum + bytes, 0),
    );
    s.station.advance(3 * RTT_MS - 1);
    s.player.feed(s.player.acknowledge({ told: [answer[0]!.txn] }));
    expect(s.connection.stats().srttMs).toBe(before.srttMs);
  });

  it('P-MTU-01 that is lost says nothing about congestion', () => {
    const s = scene(1_472);
    const answer = firstFlight(s);
    s.station.advance(RTT_MS);
    const arrived = answer.filter(({ kind }) => kind === 'dat');
    const { cwndBytes } = s.connection.stats();
    const again = s.player.tell(0, arrived);
    expect(s.connection.stats()).toMatchObject({ fastRecoveries: 0, segmentsRetransmitted: 0 });
    expect(s.connection.stats().cwndBytes).toBeGreaterThanOrEqual(cwndBytes);
    // P-MTU-03: one lost probe is not a limit.
    expect(sizesOf(again, 'probe')).toEqual([]);
    s.station.advance(RTT_MS);
    const next = s.player.tell(0, again);
    expect(sizesOf(next, 'probe')).toEqual([1_472]);
  });

  it('P-MTU-02 that arrives makes its size that of segments, and of none before', () => {
    const s = scene(1_472);
    const answer = firstFlight(s);
    expect(new Set(sizesOf(answer, 'dat'))).toEqual(new Set([1_400]));
    s.station.advance(RTT_MS);
    s.player.feed(s.player.acknowledge({ told: [answer[0]!.txn] }));
    expect(s.connection.stats().segmentBytes).toBe(1_472);
    const next = s.player.tell(0, answer.slice(1));
    expect(sizesOf(next, 'dat')[0]).toBe(1_472);
    const repeated = s.player.answer(10_000).filter(({ seq }) => seq < next[0]!.seq);
    for (const { bytes } of repeated) expect(bytes.length).toBeLessThanOrEqual(1_400);
  });

  it('P-MTU-02 asks for no more than the peer takes', () => {
    expect(firstFlight(scene(8_972, { segmentBytes: 1_440 }))[0]!.bytes).toHaveLength(1_440);
    expect(sizesOf(firstFlight(scene(8_972, { segmentBytes: 1_400 })), 'probe')).toEqual([]);
  });

  it('P-MTU-02 does not leave while nothing waits', () => {
    const s = scene(1_472);
    sendSegments(s, 3);
    s.station.advance(RTT_MS);
    expect(s.player.feed(s.player.acknowledgeAll())).toEqual([]);
  });

  it('P-MTU-02 is not sent by an endpoint that knows no limit', () => {
    const s = opened({}, {}, RTT_MS);
    expect(sizesOf(firstFlight(s), 'probe')).toEqual([]);
    s.player.answer(1_000);
    expect(s.connection.stats()).toMatchObject({ sizeProbes: 0, segmentBytes: 1_400 });
  });

  it('is answered at once, whatever it is filled with', () => {
    const { player, station } = accepted();
    const [ack] = player.feed(player.probe({ payload: pattern(9_000) }));
    expect(ack).toMatchObject({ kind: 'ack', atMs: station.nowMs });
    expect(player.feed(player.probe({ payload: new Uint8Array(60_000) }))).toHaveLength(1);
    expect(station.drops()).toEqual({});
  });
});

describe('what an endpoint takes', () => {
  it('is what it can send, and what it is told at least', () => {
    const told = (limitBytes: number): number => {
      const station = new Station({ endpoint: { pathLimitBytes: () => limitBytes } });
      station.endpoint.connect(0, peerAddress(9));
      return station.next()!.parameters!.segmentBytes;
    };
    expect([told(1_400), told(8_972), told(65_507)]).toEqual([1_500, 8_972, 65_507]);
  });
});

describe('large segments that vanish', () => {
  it('P-MTU-04 are suspected after a tail probe, by a small one', () => {
    const s = scene(1_472);
    sendSegments(s, 4);
    const later = s.station.advance(2 * RTT_MS + 30);
    expect(sizesOf(later, 'dat')).toEqual([1_400]);
    expect(sizesOf(later, 'probe')).toEqual([32]);
    s.station.advance(RTT_MS);
    const question = later.find(({ kind }) => kind === 'probe')!;
    const again = s.player.feed(s.player.acknowledge({ told: [question.txn] }));
    expect(again[0]).toMatchObject({ seq: FIRST_SEQ, partOffset: 0, partTotal: 1_368 });
    expect(s.connection.stats()).toMatchObject({ segmentBytes: 1_200, timeouts: 0 });
    // As at the start: nothing has been learnt of the path.
    expect(s.connection.stats()).toMatchObject({ phase: 'slowStart', ssthreshBytes: Infinity });
  });

  it('P-MTU-04 are not when one of them has arrived meanwhile', () => {
    const s = scene(1_472);
    const sent = sendSegments(s, 4);
    const later = s.station.advance(2 * RTT_MS + 30);
    s.station.advance(RTT_MS);
    const [tail, question] = later;
    s.player.tell(0, [sent[1]!]);
    s.player.feed(s.player.acknowledge({ told: [tail!.txn, question!.txn] }));
    expect(s.connection.stats().segmentBytes).toBe(1_400);
  });

  it('P-MTU-04 are not by an endpoint that could not find the size again', () => {
    const s = opened({}, {}, RTT_MS);
    sendSegments(s, 4);
    expect(sizesOf(s.station.advance(2 * RTT_MS + 30), 'probe')).toEqual([]);
  });
});
