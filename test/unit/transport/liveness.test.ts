import { describe, expect, it } from 'vitest';
import { Liveness } from '../../../src/transport/liveness.ts';
import { ERROR } from '../../../src/wire/codes.ts';
import { openCouple } from './couple.ts';
import { accepted, opened } from './player.ts';
import { type Seen, text } from './segments.ts';

const probes = (batch: readonly Seen[]): number[] =>
  batch.filter(({ kind }) => kind === 'probe').map(({ atMs }) => atMs);

describe('keep-alive', () => {
  it('P-LIVE-01 is asked by the initiator after 10 s of silence', () => {
    const { station, connection } = opened({ connection: { patienceMs: 60_000 } });
    expect(probes(station.advance(35_000))).toEqual([10_000, 20_000, 30_000]);
    expect(connection.state).toBe('established');
  });

  it('P-LIVE-01 is asked after a third of the patience when that is shorter', () => {
    const { station } = opened({ connection: { patienceMs: 6_000 } });
    expect(probes(station.advance(5_999))).toEqual([2_000, 4_000]);
  });

  it('P-LIVE-01 counts from the last segment that came', () => {
    const { station, player } = opened();
    station.advance(4_000);
    player.feed(player.acknowledge());
    expect(probes(station.advance(10_500))).toEqual([14_000]);
    player.feed(player.acknowledgeAll());
    expect(probes(station.advance(9_900))).toEqual([24_500].filter((atMs) => atMs < 24_400));
    expect(probes(station.advance(200))).toEqual([24_500]);
  });

  it('P-MOVE-06 is asked when a record stops flowing, at doubling intervals up to 10 s', () => {
    const liveness = new Liveness(0, Infinity, 10_000, Infinity, true);
    const askedAt = (untilMs: number): number[] => {
      const times: number[] = [];
      for (let ms = liveness.nextTimeout(); ms <= untilMs; ms = liveness.nextTimeout()) {
        liveness.handleTimeout(ms);
        if (liveness.isProbeDue) times.push(ms);
        liveness.onProbeSent(ms);
        liveness.onReceived(ms);
      }
      return times;
    };
    liveness.onFlow(0, true, 10);
    expect(askedAt(60_000).slice(0, 6)).toEqual([50, 150, 350, 750, 1_550, 3_150]);
    liveness.onFlow(60_000, true, 100);
    expect(askedAt(60_900)).toEqual([60_200, 60_600]);
    // The end of a record is no silence.
    liveness.onFlow(61_000, false, 100);
    expect(askedAt(69_000)).toEqual([]);
  });

  it('P-LIVE-01 is not asked by the responder, which only answers', () => {
    const { station, player } = accepted();
    expect(station.advance(29_000)).toEqual([]);
    expect(player.feed(player.probe())).toMatchObject([{ kind: 'ack' }]);
  });

  it('keeps a silent connection open for as long as both are there', () => {
    const { couple, near, far } = openCouple();
    couple.run(3_600_000);
    expect([near.state, far.state]).toEqual(['established', 'established']);
    expect(couple.sent('up').filter(({ kind }) => kind === 'probe').length).toBeGreaterThan(300);
    // Each probe is answered once; nothing else travels.
    expect(couple.sent('down').length).toBeLessThan(couple.sent('up').length + 5);
  });
});

describe('trace', () => {
  it('says why a probe leaves', () => {
    const { station, connection } = opened({ tracing: true }, { windowSegments: 0 });
    connection.sendMessage(text('waits'));
    station.drain();
    station.advance(300);
    const quiet = opened({ tracing: true });
    quiet.station.advance(10_000);
    const probesOf = ({ traced }: typeof station): unknown[] =>
      traced.flatMap((record) => (record.kind === 'probe' ? [record.probe] : []));
    expect([probesOf(station), probesOf(quiet.station)]).toEqual([['window'], ['keepAlive']]);
  });
});

describe('patience', () => {
  it('P-LIVE-02 ends the connection when it is exceeded, without another word', () => {
    const { station, player, app } = accepted({}, { patienceMs: 5_000 });
    station.advance(3_000);
    player.feed(player.acknowledge());
    station.advance(4_999);
    expect(app.closed).toBeUndefined();
    expect(station.advance(1)).toEqual([]);
    expect(app.closed).toEqual({ kind: 'timedOut', phase: 'silence', advice: 0 });
    expect(station.endpoint.connectionCount).toBe(0);
  });

  it('P-LIVE-02 is the initiator’s own on its side', () => {
    const { station, app } = opened({ connection: { patienceMs: 7_000 } });
    station.advance(6_999);
    expect(app.closed).toBeUndefined();
    station.advance(1);
    expect(app.closed).toEqual({ kind: 'timedOut', phase: 'silence', advice: 0 });
  });

  it('P-LIVE-02 is granted by the responder up to its own maximum', () => {
    const { station, app } = accepted(
      { endpoint: { maxPatienceMs: 4_000 }, connection: { patienceMs: 1 } },
      { patienceMs: 90_000 },
    );
    station.advance(3_999);
    expect(app.closed).toBeUndefined();
    station.advance(1);
    expect(app.closed).toMatchObject({ kind: 'timedOut', phase: 'silence' });
  });

  it('P-LIVE-02 without end bears everything', () => {
    const { station, connection } = opened({ connection: { patienceMs: Infinity } });
    station.advance(10_000_000);
    expect(connection.state).toBe('established');
  });

  it('P-LIVE-02 is not stretched by what is dropped', () => {
    const { station, player, app } = accepted({}, { patienceMs: 5_000 });
    const repeated = player.probe();
    player.feed(repeated);
    for (let i = 0; i < 6; i += 1) {
      station.advance(1_000);
      player.feed(repeated);
      station.feed(player.address, new Uint8Array(40));
    }
    expect(app.closed).toMatchObject({ kind: 'timedOut', phase: 'silence' });
  });
});

describe('idleness', () => {
  const idle = { connection: { idleMs: 3_000 } };

  it('P-LIVE-03 closes a connection that carried no stream segment, with its code', () => {
    const { station, player, app } = accepted(idle);
    station.advance(2_000);
    player.feed(player.probe(), player.acknowledge());
    expect(station.advance(999)).toEqual([]);
    const [fin] = station.advance(1);
    expect(fin).toMatchObject({ kind: 'close', closeStage: 1, error: ERROR.IDLE });
    expect(app.closed).toEqual({ kind: 'timedOut', phase: 'idle', advice: 0 });
    player.feed(player.close(2), player.close(3));
    expect(station.endpoint.connectionCount).toBe(0);
  });

  it('P-LIVE-03 starts anew with each stream segment, either way', () => {
    const { station, player, connection, app } = accepted(idle);
    station.advance(2_000);
    player.feed(player.op(text('x')));
    station.advance(2_000);
    connection.sendMessage(text('y'));
    station.drain();
    player.feed(player.acknowledgeAll());
    station.advance(2_999);
    expect(app.closed).toBeUndefined();
    station.advance(1);
    expect(app.closed).toMatchObject({ phase: 'idle' });
  });

  it('P-LIVE-03 starts with the operation in the third message', () => {
    const { station, player, app } = accepted(idle, {}, 2_500);
    expect(app.closed).toBeUndefined();
    station.advance(400);
    player.feed(player.op(text('x')));
    station.advance(2_900);
    expect(app.closed).toBeUndefined();
  });
});
