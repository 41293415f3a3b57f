import { describe, expect, it } from 'vitest';
import { opened, type Scene } from './player.ts';
import type { Seen } from './segments.ts';

const SEGMENT = 1_400;
const PAYLOAD = 1_368;

/** Ten segments in flight, a round trip of 100 ms known. */
function scene(): { s: Scene; first: readonly Seen[] } {
  const s = opened(
    { tracing: true, connection: { controller: 'newreno', sendQueueBytes: 10_000_000 } },
    {},
    100,
  );
  s.station.sendBytes(s.connection, new Uint8Array(2_000 * PAYLOAD));
  return { s, first: s.station.drain() };
}

function causes({ station }: Scene): string[] {
  const answers = station.traced.flatMap((record) =>
    record.kind === 'congestion' ? [record.cause] : [],
  );
  return answers.filter((cause) => cause !== 'ack');
}

describe('P-LOSS-04 a loss that was none', () => {
  it('gives window and threshold back, and ends the recovery', () => {
    const { s, first } = scene();
    s.player.tell(100, first.slice(1, 4));
    expect(s.connection.stats()).toMatchObject({ phase: 'fastRecovery', cwndBytes: 5 * SEGMENT });
    s.player.tell(1, first.slice(0, 1));
    expect(s.connection.stats().cwndBytes).toBeGreaterThanOrEqual(10 * SEGMENT);
    expect(s.connection.stats()).toMatchObject({ phase: 'slowStart', ssthreshBytes: Infinity });
    expect(causes(s)).toEqual(['loss', 'undo']);
  });

  it('gives nothing back while one of them is missing', () => {
    const { s, first } = scene();
    s.player.tell(
      100,
      [2, 3, 4, 5, 6].map((n) => first[n]!),
    );
    s.player.tell(1, first.slice(0, 1));
    expect(s.connection.stats()).toMatchObject({ phase: 'fastRecovery', cwndBytes: 5 * SEGMENT });
    expect(causes(s)).toEqual(['loss']);
    s.player.tell(1, first.slice(1, 2));
    expect(causes(s)).toEqual(['loss', 'undo']);
  });

  it('gives nothing back once the recovery is over', () => {
    const { s, first } = scene();
    const again = s.player.tell(100, first.slice(1));
    const { ssthreshBytes } = s.connection.stats();
    s.player.tell(100, again);
    expect(s.connection.stats().phase).toBe('congestionAvoidance');
    s.player.feed(s.player.acknowledge({ told: [first[0]!.txn] }));
    expect(s.connection.stats()).toMatchObject({ ssthreshBytes, phase: 'congestionAvoidance' });
    expect(causes(s)).toEqual(['loss']);
  });

  it('takes back a timeout when the path was only slow', () => {
    const { s, first } = scene();
    s.station.advance(400);
    expect(s.connection.stats()).toMatchObject({ cwndBytes: SEGMENT, timeouts: 1 });
    s.player.feed(s.player.acknowledge({ told: first.map(({ txn }) => txn) }));
    expect(s.connection.stats().cwndBytes).toBeGreaterThanOrEqual(10 * SEGMENT);
    expect(causes(s)).toEqual(['timeout', 'undo']);
  });
});

describe('P-CC-05 persistent congestion', () => {
  it('is silence over three probe timeouts and more, and is told once', () => {
    const { s } = scene();
    s.station.advance(30_000);
    expect(causes(s).filter((cause) => cause === 'persistent')).toHaveLength(1);
    expect(s.connection.stats().timeouts).toBeGreaterThan(3);
  });

  it('is not told for a silence that is shorter, however much was lost in it', () => {
    const { s, first } = scene();
    s.station.advance(400);
    s.player.tell(1, first.slice(9));
    s.station.advance(400);
    expect(causes(s)).not.toContain('persistent');
  });
});
