import { describe, expect, it } from 'vitest';
import { openCouple } from './couple.ts';
import { opened, type Scene } from './player.ts';
import { isSame, pattern, type Seen, text } from './segments.ts';
import { FIRST_SEQ } from './station.ts';

const SEGMENT = 1400;
const PAYLOAD = 1368;

function scene(controller: 'newreno' | 'founding', rttMs = 100): Scene {
  const s = opened({ connection: { controller, sendQueueBytes: 10_000_000 } }, {}, rttMs);
  s.station.sendBytes(s.connection, new Uint8Array(2_000 * PAYLOAD));
  return s;
}

function tell({ player }: Scene, afterMs: number, segments: readonly Seen[]): Seen[] {
  return player.tell(afterMs, segments);
}

const numbers = (batch: readonly Seen[]): number[] => batch.map(({ seq }) => seq - FIRST_SEQ);

describe('newreno', () => {
  it('P-CC-02 starts with ten segments and no threshold', () => {
    const s = scene('newreno');
    expect(s.station.drain()).toHaveLength(10);
    expect(s.connection.stats()).toMatchObject({
      controller: 'newreno',
      phase: 'slowStart',
      cwndBytes: 10 * SEGMENT,
      ssthreshBytes: Infinity,
    });
  });

  it('grows by what is acknowledged in slow start', () => {
    const s = scene('newreno');
    const first = s.station.drain();
    expect(tell(s, 100, first.slice(0, 4))).toHaveLength(8);
    expect(s.connection.stats().cwndBytes).toBe(14 * SEGMENT);
    expect(tell(s, 0, first.slice(4))).toHaveLength(12);
    expect(s.connection.stats()).toMatchObject({ cwndBytes: 20 * SEGMENT, phase: 'slowStart' });
  });

  it('P-CC-01 halves its window once for losses of one flight', () => {
    const s = scene('newreno');
    const first = s.station.drain();
    // Numbers 0, 4 and 7 are lost; the rest arrives in two acknowledgements.
    const again = tell(
      s,
      100,
      [1, 2, 3, 5].map((n) => first[n]!),
    );
    expect(numbers(again)).toEqual([0]);
    const half = { cwndBytes: 7_000, ssthreshBytes: 7_000, phase: 'fastRecovery' };
    expect(s.connection.stats()).toMatchObject({ ...half, fastRecoveries: 1 });
    const more = tell(
      s,
      1,
      [6, 8, 9].map((n) => first[n]!),
    );
    expect(numbers(more).slice(0, 2)).toEqual([4, 7]);
    expect(s.connection.stats()).toMatchObject({ ...half, fastRecoveries: 1 });
  });

  it('P-CC-01 sends the first segment found lost at once, though the halved window is full', () => {
    const s = scene('newreno');
    const first = s.station.drain();
    // Three of ten arrived, so that a second one may leave (P-CC-04).
    expect(numbers(tell(s, 100, first.slice(1, 4)))).toEqual([0, 10]);
    const { flightSizeBytes, cwndBytes } = s.connection.stats();
    expect([flightSizeBytes, cwndBytes]).toEqual([8 * SEGMENT, 5 * SEGMENT]);
  });

  it('P-CC-01 recovers until everything sent before the loss is acknowledged', () => {
    const s = scene('newreno');
    const first = s.station.drain();
    const again = tell(s, 100, first.slice(1, 9));
    const sent = [...again, ...tell(s, 1, first.slice(9))];
    expect(s.connection.stats().phase).toBe('fastRecovery');
    tell(s, 100, sent.slice(1));
    expect(s.connection.stats().phase).toBe('fastRecovery');
    tell(s, 0, sent.slice(0, 1));
    expect(s.connection.stats()).toMatchObject({
      phase: 'congestionAvoidance',
      ssthreshBytes: 7_000,
      fastRecoveries: 1,
    });
    const { cwndBytes } = s.connection.stats();
    expect(cwndBytes).toBeGreaterThanOrEqual(7_000);
    expect(cwndBytes).toBeLessThan(7_000 + 2 * SEGMENT);
  });

  it('P-CC-01 halves again for a loss of what was sent in recovery, once recovered', () => {
    const s = scene('newreno');
    const first = s.station.drain();
    const again = tell(s, 100, first.slice(1));
    const second = tell(s, 100, again);
    expect(s.connection.stats().phase).toBe('congestionAvoidance');
    const flight = s.connection.stats().flightSizeBytes;
    tell(s, 100, second.slice(1));
    expect(s.connection.stats()).toMatchObject({
      fastRecoveries: 2,
      phase: 'fastRecovery',
      ssthreshBytes: flight / 2,
    });
  });

  it('P-CC-01 keeps what is in flight within the window, whatever is lost', () => {
    let turn = 0;
    const { couple, near } = openCouple({ client: { connection: { sendQueueBytes: 1_000_000 } } });
    couple.route = (_, direction) => {
      turn += 1;
      const { flightSizeBytes, cwndBytes, tailLossProbes } = near.stats();
      // A tail probe is the one segment that may go beyond, and a shrunk window waits to empty.
      if (direction === 'up' && tailLossProbes === 0 && near.stats().fastRecoveries === 0) {
        expect(flightSizeBytes).toBeLessThanOrEqual(cwndBytes);
      }
      return direction === 'up' && turn % 37 === 36 ? [] : undefined;
    };
    couple.client.sendBytes(near, pattern(400_000));
    near.endData();
    const app = couple.appOf(couple.accepted);
    expect(couple.runUntil(() => app.records.at(-1)?.error === 0)).toBe(true);
    expect(isSame(app.records[0]!.bytes, pattern(400_000))).toBe(true);
  });

  it('P-CC-01 sends one segment for each that arrives in recovery', () => {
    const s = scene('newreno');
    const first = s.station.drain();
    tell(s, 100, first.slice(1, 6));
    // Four of the first are in flight and the first again: 7,000 bytes. Each arrival frees one.
    expect(s.connection.stats().flightSizeBytes).toBe(5 * SEGMENT);
    expect(numbers(tell(s, 1, first.slice(6, 7)))).toEqual([10]);
    expect(numbers(tell(s, 1, first.slice(7, 9)))).toEqual([11, 12]);
  });

  it('P-CC-03 does not grow a window that was not the brake', () => {
    const s = opened({}, {}, 100);
    for (let i = 0; i < 20; i += 1) {
      s.connection.sendMessage(text('x'));
      tell(s, 100, s.station.drain());
    }
    expect(s.connection.stats().cwndBytes).toBe(10 * SEGMENT);
    // The peer's window is the brake here.
    const t = opened({ connection: { sendQueueBytes: 1_000_000 } }, { windowSegments: 4 }, 100);
    t.station.sendBytes(t.connection, new Uint8Array(40 * PAYLOAD));
    let batch = t.station.drain();
    for (let i = 0; i < 5; i += 1) batch = tell(t, 100, batch);
    expect(t.connection.stats().cwndBytes).toBe(10 * SEGMENT);
  });

  it('P-CC-03 grows while lost segments wait for the window, though nothing new does', () => {
    const s = opened({}, {}, 100);
    s.station.sendBytes(s.connection, new Uint8Array(10 * PAYLOAD));
    s.station.drain();
    // The whole flight is lost, and with it all there is to send.
    const again = s.station.advance(1_000);
    const rounds: number[] = [];
    let batch = again.slice(-1);
    for (let round = 0; round < 3; round += 1) {
      batch = tell(s, 100, batch);
      rounds.push(batch.length);
    }
    expect(rounds).toEqual([2, 4, 3]);
  });

  it('grows by one segment per window in congestion avoidance', () => {
    const s = scene('newreno');
    let batch = s.station.drain();
    batch = tell(s, 100, batch.slice(1));
    batch = tell(s, 100, batch);
    expect(s.connection.stats().phase).toBe('congestionAvoidance');
    const before = s.connection.stats().cwndBytes;
    const flight = batch.reduce((sum, { bytes }) => sum + bytes.length, 0);
    tell(s, 100, batch);
    const growth = s.connection.stats().cwndBytes - before;
    expect(growth).toBeCloseTo((SEGMENT * flight) / before, 6);
  });
});

describe('founding', () => {
  it('P-CC-02 starts with one segment and a threshold of 64', () => {
    const s = scene('founding');
    expect(s.station.drain()).toHaveLength(1);
    expect(s.connection.stats()).toMatchObject({
      controller: 'founding',
      cwndBytes: SEGMENT,
      ssthreshBytes: 64 * SEGMENT,
      rtoMs: 100,
    });
  });

  it('P-CC-02 doubles each round until the threshold, then adds one', () => {
    const s = scene('founding', 10);
    const rounds: number[] = [];
    let batch = s.station.drain();
    for (let i = 0; i < 9; i += 1) {
      rounds.push(batch.length);
      batch = tell(s, 10, batch);
    }
    expect(rounds).toEqual([1, 2, 4, 8, 16, 32, 64, 65, 66]);
    expect(s.connection.stats().phase).toBe('congestionAvoidance');
  });

  it('P-CC-02 times every segment out after 0.1 s and sends no tail probe', () => {
    const s = scene('founding', 20);
    s.station.drain();
    const { nowMs } = s.station;
    const again = s.station.advance(350);
    expect(again.map(({ atMs }) => atMs - nowMs)).toEqual([100, 300]);
    expect(s.connection.stats()).toMatchObject({ tailLossProbes: 0, timeouts: 2 });
  });

  it('enters fast recovery by three signals, and slow start by a timeout', () => {
    const s = scene('founding', 10);
    let batch = s.station.drain();
    for (let i = 0; i < 4; i += 1) batch = tell(s, 10, batch);
    expect(batch).toHaveLength(16);
    tell(s, 10, batch.slice(1, 4));
    expect(s.connection.stats()).toMatchObject({
      phase: 'fastRecovery',
      cwndBytes: 8 * SEGMENT,
      ssthreshBytes: 8 * SEGMENT,
    });
    s.station.advance(200);
    expect(s.connection.stats()).toMatchObject({ phase: 'slowStart', cwndBytes: SEGMENT });
  });
});

describe('a first window of one’s own', () => {
  it('replaces the controller’s', () => {
    const s = opened({ connection: { initialWindowSegments: 3 } });
    s.station.sendBytes(s.connection, new Uint8Array(10 * PAYLOAD));
    expect(s.station.drain()).toHaveLength(3);
  });
});

describe('trace', () => {
  it('says each loss and each change of the window', () => {
    const s = opened({ tracing: true }, {}, 100);
    s.station.sendBytes(s.connection, new Uint8Array(6 * PAYLOAD));
    const first = s.station.drain();
    tell(s, 100, first.slice(1, 4));
    const lost = s.station.traced.filter(({ kind }) => kind === 'lost');
    expect(lost).toEqual([{ kind: 'lost', seq: FIRST_SEQ, by: 'rack' }]);
    const changes = s.station.traced.filter(
      (record) => record.kind === 'congestion' && record.cause === 'loss',
    );
    expect(changes).toMatchObject([
      { phase: 'fastRecovery', cwndBytes: 4_200, ssthreshBytes: 4_200 },
    ]);
    s.station.advance(5_000);
    const kinds = s.station.traced.map((record) =>
      record.kind === 'lost' ? record.by : record.kind === 'probe' ? record.probe : record.kind,
    );
    expect(kinds).toContain('timeout');
    expect(kinds).toContain('tail');
  });
});
