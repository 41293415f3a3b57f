import { describe, expect, it } from 'vitest';
import { ERROR, FLAG } from '../../../src/wire/codes.ts';
import { type Couple, openCouple } from './couple.ts';
import { accepted, opened, sendSegments } from './player.ts';
import { pattern, type Seen, text } from './segments.ts';

const closes = (batch: readonly Seen[]): Seen[] => batch.filter(({ kind }) => kind === 'close');
const stages = (batch: readonly Seen[]): number[] => closes(batch).map((seen) => seen.closeStage);
const times = (batch: readonly Seen[], fromMs: number): number[] =>
  closes(batch).map(({ atMs }) => atMs - fromMs);

describe('closing, begun here', () => {
  it('P-CLOSE-01 begins when all own segments are acknowledged', () => {
    const scene = opened();
    sendSegments(scene, 2);
    scene.connection.finish();
    expect(closes(scene.station.drain())).toEqual([]);
    expect(scene.connection.state).toBe('closing');
    const [fin] = closes(scene.player.feed(scene.player.acknowledgeAll()));
    expect(fin).toMatchObject({ closeStage: 1, flags: FLAG.CNT | FLAG.FIN, error: 0 });
    expect([fin!.seq, fin!.payload.length, fin!.headerBytes]).toEqual([1002, 0, 36]);
  });

  it('P-CLOSE-01 begins with stage 3 when the peer has ended before', () => {
    const { station, player, connection, app } = opened();
    const [answer] = player.feed(player.close(1));
    expect(answer).toMatchObject({ closeStage: 2, flags: FLAG.CNT | FLAG.FIN | FLAG.ACK });
    expect(app.events).toEqual(['established', 'peerFinished']);
    expect(connection.sendMessage(text('still mine'))).toBe(true);
    expect(station.drain().map(({ kind }) => kind)).toEqual(['op']);
    connection.finish();
    const [fin] = closes(player.feed(player.acknowledgeAll()));
    expect(fin).toMatchObject({ closeStage: 3, flags: FLAG.CNT });
    player.feed(player.close(4));
    expect(app.closed).toEqual({ kind: 'finished' });
    expect(connection.state).toBe('closed');
    expect([station.endpoint.connectionCount, station.endpoint.quietCount]).toEqual([0, 1]);
  });

  it('P-CLOSE-02 repeats its fin after 50 ms, then at doubling intervals, until answered', () => {
    const { station, player, connection } = opened({}, {}, 100);
    const { nowMs } = station;
    const { rtoMs } = connection.stats();
    connection.finish();
    const fins = [...station.drain(), ...station.advance(5_000)];
    const backoffMs = [50, rtoMs, 2 * rtoMs, 1000, 1000, 1000, 1000];
    let sum = 0;
    expect(times(fins, nowMs)).toEqual([0, ...backoffMs.map((waitMs) => (sum += waitMs))]);
    expect(connection.closeSent).toBe(8);
    expect(new Set(closes(fins).map(({ txn }) => txn)).size).toBe(8);
    player.feed(player.close(2));
    expect(closes(station.advance(5_000))).toEqual([]);
    expect(connection.state).toBe('closing');
  });

  it('P-CLOSE-02 goes on without a limit while the peer has not ended, until patience does', () => {
    const { station, connection, app } = opened({ connection: { patienceMs: 20_000 } });
    connection.finish();
    expect(closes(station.advance(19_999)).length).toBeGreaterThan(15);
    expect(app.closed).toBeUndefined();
    station.advance(1);
    expect(app.closed).toEqual({ kind: 'timedOut', phase: 'closing', advice: 0 });
  });

  it('P-CLOSE-02 gives up after ten more when the peer’s fin has come', () => {
    const { station, player, connection, app } = opened();
    player.feed(player.close(1));
    connection.finish();
    const fins = closes([...station.drain(), ...station.advance(29_000)]);
    expect(fins.map(({ closeStage }) => closeStage)).toEqual(Array.from({ length: 11 }, () => 3));
    expect(app.closed).toEqual({ kind: 'finished' });
    expect(station.endpoint.connectionCount).toBe(0);
  });

  it('P-CLOSE-02 gives up after ten more when it is an abort', () => {
    const { station, connection, app } = opened();
    connection.abort(ERROR.CANCELLED);
    const fins = closes([...station.drain(), ...station.advance(29_000)]);
    expect(fins).toHaveLength(11);
    for (const { error, closeStage } of fins) expect([error, closeStage]).toEqual([64, 1]);
    expect(app.closed).toEqual({ kind: 'aborted', by: 'local', code: ERROR.CANCELLED });
    expect(station.endpoint.connectionCount).toBe(0);
  });

  it('is over when the peer answered and then fell silent', () => {
    const { station, player, connection, app } = opened({ connection: { patienceMs: 5_000 } });
    connection.finish();
    station.drain();
    player.feed(player.close(2));
    station.advance(4_999);
    expect(app.closed).toBeUndefined();
    station.advance(1);
    expect(app.closed).toEqual({ kind: 'finished' });
  });

  it('takes what the peer still sends, and acknowledges it', () => {
    const { station, player, connection, app } = opened();
    connection.finish();
    station.drain();
    player.feed(player.close(2));
    expect(player.feed(player.op(text('result')))).toMatchObject([{ kind: 'ack', ack: 101 }]);
    expect(app.messages).toEqual(['result']);
    expect(stages(player.feed(player.close(3)))).toEqual([4]);
    expect(app.closed).toEqual({ kind: 'finished' });
  });
});

describe('closing, begun there', () => {
  it('P-CLOSE-03 answers a fin each time it comes: stage 1 by 2, stage 3 by 4', () => {
    const { station, player, connection, app } = accepted();
    expect(stages(player.feed(player.close(1)))).toEqual([2]);
    expect(stages(player.feed(player.close(1)))).toEqual([2]);
    connection.finish();
    expect(stages(station.drain())).toEqual([3]);
    expect(stages(player.feed(player.close(1)))).toEqual([2]);
    expect(app.events).toEqual(['established', 'peerFinished']);
    const other = accepted();
    other.connection.finish();
    other.station.drain();
    // The answer to our own fin is lost; the peer's fin of stage 3 says the same.
    expect(stages(other.player.feed(other.player.close(3)))).toEqual([4]);
    expect(other.app.closed).toEqual({ kind: 'finished' });
  });

  it('P-CLOSE-03 answers each of two stages 1 that cross by 2, and both are done', () => {
    const { station, player, connection, app } = opened();
    connection.finish();
    expect(stages(station.drain())).toEqual([1]);
    expect(stages(player.feed(player.close(1)))).toEqual([2]);
    expect(app.closed).toBeUndefined();
    player.feed(player.close(2));
    expect(app.closed).toEqual({ kind: 'finished' });
  });

  it('takes an answer for nothing when there was no fin', () => {
    const { player, connection, app } = opened();
    player.feed(player.close(2), player.close(4));
    expect([connection.state, app.closed]).toEqual(['established', undefined]);
  });
});

describe('aborts', () => {
  it('P-CLOSE-04 abandon what is unsent and unacknowledged, and say why', () => {
    const scene = opened();
    sendSegments(scene, 30);
    expect(scene.station.sendPool.usedBytes).toBeGreaterThan(0);
    scene.connection.abort(ERROR.CANCELLED);
    expect(scene.station.sendPool.usedBytes).toBe(0);
    const [fin] = scene.station.drain();
    expect(fin).toMatchObject({ kind: 'close', closeStage: 1, error: ERROR.CANCELLED });
    expect(scene.app.closed).toEqual({ kind: 'aborted', by: 'local', code: ERROR.CANCELLED });
    scene.player.feed(scene.player.close(2), scene.player.close(3));
    expect(scene.station.endpoint.connectionCount).toBe(0);
  });

  it('P-CLOSE-04 of the peer make this side abandon the same', () => {
    const scene = opened();
    sendSegments(scene, 30);
    const batch = scene.player.feed(scene.player.close(1, { error: ERROR.REMOTE_IO }));
    expect(stages(batch)).toEqual([2, 3]);
    expect(batch.map(({ error }) => error)).toEqual([0, 0]);
    expect(scene.station.sendPool.usedBytes).toBe(0);
    expect(scene.app.closed).toEqual({ kind: 'aborted', by: 'peer', code: ERROR.REMOTE_IO });
    scene.player.feed(scene.player.close(4));
    expect(scene.station.endpoint.connectionCount).toBe(0);
  });

  it('P-CLOSE-04 after an orderly end are still told, and heard', () => {
    const { couple, near, far } = openCouple();
    near.finish();
    couple.run(1_000);
    expect(couple.appOf(far).events).toContain('peerFinished');
    couple.server.sendBytes(far, pattern(500_000));
    couple.run(25);
    near.abort(ERROR.CANCELLED);
    couple.run(30_000);
    expect(couple.appOf(near).closed).toEqual({ kind: 'aborted', by: 'local', code: 64 });
    expect(couple.appOf(far).closed).toEqual({ kind: 'aborted', by: 'peer', code: 64 });
    for (const { endpoint, sendPool } of [couple.client, couple.server]) {
      expect([endpoint.connectionCount, sendPool.usedBytes]).toEqual([0, 0]);
    }
  });

  it('say it again to a peer that goes on, as an answer to an earlier fin may cross', () => {
    const { station, player, connection } = opened();
    connection.finish();
    station.drain();
    connection.abort(ERROR.CANCELLED);
    expect(stages(station.drain())).toEqual([1]);
    player.feed(player.close(2));
    expect(closes(station.advance(5_000))).toEqual([]);
    const again = player.feed(player.dat(text('more')));
    expect(again).toMatchObject([{ kind: 'close', error: ERROR.CANCELLED }]);
    expect(station.drops()).toEqual({ notEstablished: 1 });
  });

  it('after the peer has ended are answered by stage 4', () => {
    const { station, player, connection, app } = opened();
    player.feed(player.close(1));
    connection.abort(ERROR.NO_SPACE);
    const [fin] = station.drain();
    expect(fin).toMatchObject({ closeStage: 3, error: ERROR.NO_SPACE });
    player.feed(player.close(4));
    expect(app.closed).toEqual({ kind: 'aborted', by: 'local', code: ERROR.NO_SPACE });
    expect(station.endpoint.connectionCount).toBe(0);
  });

  it('are told once, whatever else happens', () => {
    const { player, station, connection, app } = opened();
    connection.abort(1);
    connection.abort(2);
    player.feed(player.close(1, { error: 3 }));
    connection.finish();
    station.advance(60_000);
    expect(app.events.filter((event) => event === 'closed')).toHaveLength(1);
    expect(app.closed).toEqual({ kind: 'aborted', by: 'local', code: 1 });
  });
});

describe('resting ports', () => {
  it('P-CLOSE-05 rest for three timeouts', () => {
    const { station, player, connection } = opened({}, {}, 100);
    const { rtoMs } = connection.stats();
    player.feed(player.close(1));
    connection.finish();
    station.drain();
    player.feed(player.close(4));
    expect(station.endpoint.quietCount).toBe(1);
    expect(station.endpoint.nextTimeout()).toBe(station.nowMs + 3 * rtoMs);
    station.advance(3 * rtoMs - 1);
    expect(station.endpoint.quietCount).toBe(1);
    station.advance(1);
    expect(station.endpoint.quietCount).toBe(0);
    expect(station.endpoint.nextTimeout()).toBe(Infinity);
  });

  it('P-CLOSE-05 repeat the last answer as it was, at most once per timeout', () => {
    const { station, player, connection } = opened();
    connection.finish();
    station.drain();
    player.feed(player.close(2));
    const [last] = player.feed(player.close(3));
    const { rtoMs } = connection.stats();
    expect(player.feed(player.close(3), player.close(3)).map(({ bytes }) => bytes)).toEqual([
      last!.bytes,
    ]);
    station.advance(rtoMs - 1);
    expect(player.feed(player.close(1))).toEqual([]);
    station.advance(1);
    expect(player.feed(player.close(3)).map(({ bytes }) => bytes)).toEqual([last!.bytes]);
    expect(player.feed(player.close(2), player.op(text('x')), player.probe())).toEqual([]);
    expect(station.drops()).toEqual({});
  });
});

describe('closing, both sides', () => {
  function closeBoth(lost: number, order: 'near' | 'far' | 'both', afterMs: number): Couple {
    const { couple, near, far } = openCouple({ delayMs: 10 });
    const before = { up: couple.client.sent.length, down: couple.server.sent.length };
    couple.route = (_, direction, index) => {
      const bit = 2 * (index - before[direction]) + (direction === 'up' ? 0 : 1);
      return bit < 8 && (lost & (1 << bit)) !== 0 ? [] : [10, 35];
    };
    if (order !== 'far') near.finish();
    if (order !== 'near') far.finish();
    couple.run(afterMs);
    near.finish();
    far.finish();
    couple.run(60_000);
    return couple;
  }

  it.each(['near', 'far', 'both'] as const)(
    'ends in order when %s ends first, whichever of the first messages are lost or repeated',
    (order) => {
      for (let lost = 0; lost < 256; lost += 1) {
        const couple = closeBoth(lost, order, lost % 3 === 0 ? 5 : 300);
        for (const station of [couple.client, couple.server]) {
          expect(station.appOf(station.newest).closed, `lost ${lost}`).toEqual({
            kind: 'finished',
          });
          expect([station.endpoint.connectionCount, station.endpoint.quietCount]).toEqual([0, 0]);
          expect(station.endpoint.nextTimeout()).toBe(Infinity);
        }
      }
    },
  );
});
