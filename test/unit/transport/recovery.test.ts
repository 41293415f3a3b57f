import { describe, expect, it } from 'vitest';
import type { StationOptions } from './station.ts';
import { Couple, openCouple, type Route } from './couple.ts';
import { accepted, opened, type Scene } from './player.ts';
import { pattern, type Seen, text } from './segments.ts';
import { FIRST_SEQ } from './station.ts';

/** What is asked of the peer's acknowledgements; ms. */
const D = 1;

/** A connection whose only sample so far is a round trip of 100 ms. */
function scene(options: StationOptions = {}, rttMs = 100): Scene {
  return opened(
    { ...options, connection: { patienceMs: Infinity, maxAckDelayMs: D, ...options.connection } },
    {},
    rttMs,
  );
}

/** `count` small messages leave at once. */
function burst({ station, connection }: Scene, count: number): Seen[] {
  for (let i = 0; i < count; i += 1) connection.sendMessage(text(`m${i}`));
  return station.drain();
}

/** The peer tells, `afterMs` from now, that it received these; what leaves in answer. */
function tell({ player }: Scene, afterMs: number, ...segments: Seen[]): Seen[] {
  return player.tell(afterMs, segments);
}

const times = (batch: readonly Seen[], fromMs = 0): number[] =>
  batch.map(({ atMs }) => Math.round((atMs - fromMs) * 1000) / 1000);
const numbers = (batch: readonly Seen[]): number[] => batch.map(({ seq }) => seq - FIRST_SEQ);

describe('round trips', () => {
  it('P-RTT-01 are measured from the echo, less the stated delay', () => {
    const s = scene();
    expect(s.connection.stats()).toMatchObject({ srttMs: 100, rttvarMs: 50, minRttMs: 100 });
    const [op] = burst(s, 1);
    s.station.advance(80);
    s.player.feed(s.player.acknowledge({ told: [op!.txn], delayMs: 1.6 }, { ack: op!.seq + 1 }));
    const { srttMs, rttvarMs, minRttMs } = s.connection.stats();
    expect(srttMs).toBeCloseTo(0.875 * 100 + 0.125 * 78.4, 6);
    expect(rttvarMs).toBeCloseTo(0.75 * 50 + 0.25 * 21.6, 6);
    expect(minRttMs).toBeCloseTo(78.4, 6);
  });

  it('P-RTT-01 believe of the delay at most twice what was agreed', () => {
    const s = scene();
    const [op] = burst(s, 1);
    s.station.advance(200);
    s.player.feed(s.player.acknowledge({ told: [op!.txn], delayMs: 160 }));
    expect(s.connection.stats().srttMs).toBeCloseTo(0.875 * 100 + 0.125 * (200 - 2 * D), 6);
    const [next] = burst(s, 1);
    s.station.advance(1);
    s.player.feed(s.player.acknowledge({ told: [next!.txn], delayMs: 160 }));
    expect(s.connection.stats().minRttMs).toBe(0.001);
  });

  it('P-RTT-01 are measured only when the echo is newer than any before', () => {
    const s = scene();
    const [a, b, c] = burst(s, 3);
    tell(s, 100, b!);
    const { srttMs } = s.connection.stats();
    s.station.advance(50);
    s.player.feed(s.player.acknowledge({ told: [a!.txn, b!.txn] }));
    s.player.feed(s.player.acknowledge({ told: [a!.txn] }));
    expect(s.connection.stats().srttMs).toBe(srttMs);
    s.player.feed(s.player.acknowledge({ told: [c!.txn] }));
    expect(s.connection.stats().srttMs).toBeGreaterThan(srttMs);
  });

  it('P-RTT-02 begin with the opening, where no person or program was in between', () => {
    expect(opened({}, {}, 40).connection.stats().srttMs).toBe(40);
    expect(accepted({}, {}, 40).connection.stats().srttMs).toBe(0);
    expect(opened({}, {}, 1_001).connection.stats().srttMs).toBe(1_001);
  });

  it('P-RTT-02 are not measured by a SYN that was repeated', () => {
    const couple = new Couple({
      delayMs: 50,
      route: (_, direction, index) => (direction === 'up' && index === 0 ? [] : undefined),
    });
    const near = couple.connect();
    couple.run(201);
    expect(near.state).toBe('established');
    // The answer came 200 ms after the first sending: that is the most, and sets the timeout.
    expect(near.stats()).toMatchObject({ srttMs: 0, minRttMs: Infinity });
    expect(near.stats().rtoMs).toBeCloseTo(3 * 200 + 200 / 32, 6);
  });

  it('P-RTT-01 are not measured by a third message that was repeated', () => {
    const couple = new Couple({
      delayMs: 40,
      // The message is lost once, and so is the tail probe that follows it, which could be timed.
      route: (_, direction, index) =>
        direction === 'up' && (index === 1 || index === 3) ? [] : undefined,
    });
    const near = couple.connect();
    near.sendMessage(text('first'));
    couple.run(3_000);
    const thirds = couple.sent('up').filter(({ kind }) => kind === 'third');
    expect(thirds).toHaveLength(2);
    expect(near.stats()).toMatchObject({ state: 'established', srttMs: 80, rttvarMs: 40 });
    near.sendMessage(text('second'));
    couple.run(200);
    expect(near.stats().rttvarMs).not.toBe(40);
  });
});

describe('timeouts', () => {
  it('P-RTO-01 are srtt + 4 rttvar + the agreed delay', () => {
    expect(scene({}, 100).connection.stats().rtoMs).toBe(100 + 4 * 50 + D);
    const patient = scene({ connection: { maxAckDelayMs: 2 } }, 300);
    expect(patient.connection.stats().rtoMs).toBe(300 + 600 + 2);
  });

  it('P-RTO-01 are a second before the first sample', () => {
    const couple = new Couple({ delayMs: 600 });
    const near = couple.connect();
    couple.run(1_300);
    expect(near.stats()).toMatchObject({ state: 'established', srttMs: 0, rtoMs: 1000 });
  });

  it('P-RTO-02 come 200 ms or more after a round trip', () => {
    expect(scene({}, 20).connection.stats().rtoMs).toBe(20 + 200 + D);
  });

  it('P-RTO-03 double each time the segment times out, up to a second', () => {
    const s = scene({ connection: { controller: 'founding' } });
    const { nowMs } = s.station;
    burst(s, 1);
    expect(times(s.station.advance(4_600), nowMs)).toEqual([100, 300, 700, 1500, 2500, 3500, 4500]);
    expect(s.connection.stats()).toMatchObject({ segmentsSent: 8, segmentsRetransmitted: 7 });
  });

  it('P-RTO-03 double up to four round trips on a long path', () => {
    const s = scene({ connection: { keepAliveMs: Infinity } }, 2_000);
    const { nowMs } = s.station;
    burst(s, 1);
    // Two round trips after each sending a probe goes out, from which the timeout counts anew.
    const [rtoMs, capMs, probeMs] = [6_000 + D, 8_000, 4_000 + D];
    const expected = [probeMs, rtoMs, probeMs, capMs, probeMs, capMs];
    let sum = 0;
    const sums = expected.map((waitMs) => (sum += waitMs));
    expect(times(s.station.advance(35_000), nowMs)).toEqual(sums);
  });

  it('P-RTO-03 belong to each segment: a new one beside an old one has the first', () => {
    const s = scene({ connection: { controller: 'founding', initialWindowSegments: 2 } });
    s.station.sendBytes(s.connection, pattern(3 * 1368));
    expect(numbers(s.station.drain())).toEqual([0, 1]);
    const again = s.station.advance(100);
    expect(numbers(again)).toEqual([0]);
    expect(numbers(tell(s, 10, again[0]!))).toEqual([1, 2]);
    // Segment 2, new, waits 100 ms; segment 1 has timed out once and waits 200.
    const flights = [99, 2, 97, 3].map((ms) => {
      s.station.advance(ms);
      return s.connection.stats().flightSizeBytes;
    });
    expect(flights).toEqual([2800, 2800, 2800, 1400]);
    expect(numbers(s.station.sent.slice(-2))).toEqual([2, 2]);
  });

  it('P-RTO-04 of one epoch are one: half the flight, a window of one segment', () => {
    const s = scene();
    s.station.sendBytes(s.connection, pattern(8 * 1168));
    s.station.drain();
    const flight = s.connection.stats().flightSizeBytes;
    s.station.advance(900);
    expect(s.connection.stats()).toMatchObject({
      timeouts: 1,
      fastRecoveries: 0,
      phase: 'slowStart',
      cwndBytes: 1400,
      ssthreshBytes: flight / 2,
    });
    // What was sent again after it is the next epoch.
    s.station.advance(100);
    expect(s.connection.stats().timeouts).toBe(2);
  });

  it('send again the oldest first, as the window of one segment allows', () => {
    const s = scene();
    const { nowMs } = s.station;
    s.station.sendBytes(s.connection, pattern(4 * 1368));
    s.station.drain();
    const again = s.station.advance(500);
    // The tail probe at 200 ms is still in flight when the first goes out again.
    expect(numbers(again)).toEqual([3, 0]);
    expect(times(again, nowMs)).toEqual([200, 300 + D]);
    expect(s.connection.stats()).toMatchObject({ flightSizeBytes: 2 * 1400, cwndBytes: 1400 });
  });
});

describe('losses found by later arrivals', () => {
  it('P-LOSS-01 wait a quarter of the least round trip for one that is out of order', () => {
    const s = scene();
    const segments = burst(s, 5);
    const { nowMs } = s.station;
    expect(tell(s, 100, segments[1]!)).toEqual([]);
    const again = s.station.advance(200);
    expect(numbers(again)[0]).toBe(0);
    expect(times(again, nowMs)[0]).toBe(125);
    expect(s.connection.stats()).toMatchObject({ fastRecoveries: 1, phase: 'fastRecovery' });
  });

  it('P-LOSS-01 are found at once after three later ones', () => {
    const s = scene();
    const segments = burst(s, 5);
    expect(numbers(tell(s, 100, ...segments.slice(1, 4)))).toEqual([0]);
    const two = scene();
    expect(tell(two, 100, ...burst(two, 5).slice(1, 3))).toEqual([]);
  });

  it('P-LOSS-01 are found at once in recovery', () => {
    const s = scene();
    const segments = burst(s, 8);
    tell(s, 100, ...segments.slice(1, 4));
    // Only one later one, and no waiting: 4 is lost when 5 has come.
    expect(numbers(tell(s, 5, segments[5]!))).toEqual([4]);
    expect(s.connection.stats().fastRecoveries).toBe(1);
  });

  it('P-LOSS-01 count a round trip of the later one from the sending of the earlier', () => {
    const s = scene();
    const [early] = burst(s, 1);
    s.station.advance(60);
    const [late] = burst(s, 1);
    // `late` took 40 ms: `early`, sent 100 ms ago, is overdue by more than the window of 25.
    expect(numbers(tell(s, 40, late!))).toEqual([early!.seq - FIRST_SEQ]);
    const t = scene();
    burst(t, 1);
    t.station.advance(10);
    const { nowMs } = t.station;
    const [next] = burst(t, 1);
    expect(tell(t, 100, next!)).toEqual([]);
    // minRtt stays 100: due 100 + 25 ms after the sending of the first, which was 10 ms before.
    expect(times(t.station.advance(100), nowMs)[0]).toBe(115);
  });

  it('P-LOSS-01 wait a quarter in recovery too, once reordering was seen', () => {
    const s = scene();
    const [a, b] = burst(s, 2);
    tell(s, 100, b!);
    expect(tell(s, 10, a!)).toEqual([]);
    const segments = burst(s, 6);
    const { nowMs } = s.station;
    expect(tell(s, 100, ...segments.slice(1, 6))).toEqual([]);
    expect(times(s.station.advance(26), nowMs)).toEqual([125]);
  });

  it('P-LOSS-03 widen the window when one proves late, up to a round trip', () => {
    const s = scene();
    const waits: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      const [late, ...others] = burst(s, 4);
      const { nowMs } = s.station;
      let copies = tell(s, 100, ...others);
      if (copies.length === 0) copies = s.station.advance(120);
      waits.push(times(copies, nowMs)[0]! - 100);
      // The original comes after all, and its copy a round trip after it left.
      s.player.ack += 4;
      s.player.feed(s.player.acknowledge({ told: [late!.txn] }));
      s.station.advance(copies[0]!.atMs + 100 - s.station.nowMs);
      s.player.feed(s.player.acknowledge({ told: [copies[0]!.txn] }));
    }
    expect(waits).toEqual([0, 50, 75, 100, 100, 100, 100, 100]);
  });

  it('send nothing again of what has come in the meantime', () => {
    const s = scene();
    const segments = burst(s, 3);
    tell(s, 100, segments[1]!);
    expect(tell(s, 10, segments[0]!, segments[2]!)).toEqual([]);
    expect(s.station.advance(5_000)).toEqual([]);
    expect(s.connection.stats()).toMatchObject({ flightSizeBytes: 0, fastRecoveries: 0 });
  });

  it('are found through SACK and ack alone when the feedback by transmission was lost', () => {
    const s = scene();
    const segments = burst(s, 6);
    s.station.advance(100);
    const held = segments.slice(1, 5).map(({ seq }) => seq);
    expect(numbers(s.player.feed(s.player.acknowledge({ held })))).toEqual([0]);
    s.player.ack += 5;
    s.player.feed(s.player.acknowledge());
    expect(s.connection.stats().flightSizeBytes).toBe(32 + 2);
  });
});

describe('tail loss probes', () => {
  it('P-LOSS-02 send the newest segment again after two round trips', () => {
    const s = scene();
    const { nowMs } = s.station;
    burst(s, 3);
    const [probe, ...rest] = s.station.advance(300);
    expect([numbers([probe!]), times([probe!], nowMs)]).toEqual([[2], [200]]);
    expect(rest).toEqual([]);
    expect(s.connection.stats().tailLossProbes).toBe(1);
  });

  it('P-LOSS-02 wait for the delayed acknowledgement of a lone segment', () => {
    const s = scene();
    const { nowMs } = s.station;
    burst(s, 1);
    expect(times(s.station.advance(201 + D), nowMs)).toEqual([200 + D]);
  });

  it('P-LOSS-02 send new data beyond the congestion window if there is some', () => {
    const s = scene({}, 100);
    s.station.sendBytes(s.connection, pattern(12 * 1368));
    expect(s.station.drain()).toHaveLength(10);
    const [probe, ...rest] = s.station.advance(201);
    expect(rest).toEqual([]);
    expect(probe).toMatchObject({ kind: 'dat', seq: FIRST_SEQ + 10 });
    const { flightSizeBytes, cwndBytes } = s.connection.stats();
    expect(flightSizeBytes).toBe(11 * 1400);
    expect(cwndBytes).toBe(14_000);
  });

  it('P-LOSS-02 wait at least 10 ms, and the clock starts with each sending', () => {
    const s = scene({}, 1);
    burst(s, 2);
    s.station.advance(9);
    const { nowMs } = s.station;
    burst(s, 1);
    expect(times(s.station.advance(10), nowMs)).toEqual([10]);
  });

  it('P-LOSS-02 are followed by two segments after twice as long, and end with an answer', () => {
    const s = scene({}, 20);
    const { nowMs } = s.station;
    const segments = burst(s, 3);
    const probes = s.station.advance(150);
    expect(numbers(probes)).toEqual([2, 2, 0]);
    expect(times(probes, nowMs)).toEqual([40, 120, 120]);
    expect(s.connection.stats()).toMatchObject({ tailLossProbes: 3, timeouts: 0 });
    tell(s, 0, ...segments);
    expect(s.station.advance(5_000)).toEqual([]);
    expect(s.connection.stats().tailLossProbes).toBe(3);
  });

  it('P-LOSS-02 leave it to a timeout that is as near, and begin anew behind it', () => {
    const s = scene({}, 100);
    const { nowMs } = s.station;
    burst(s, 2);
    const again = s.station.advance(530);
    // A second probe would come 400 ms after the first: later than a timeout of 300 + D.
    expect(numbers(again)).toEqual([1, 0, 1]);
    expect(times(again, nowMs)).toEqual([200, 300 + D, 500 + D]);
  });

  it('P-LOSS-02 send what is known to be lost, though the window is full', () => {
    const s = scene({}, 20);
    const { nowMs } = s.station;
    s.station.sendBytes(s.connection, pattern(4 * 1368));
    s.station.drain();
    const again = s.station.advance(299).slice(3);
    // Probes have repeated 3 and 0; 1 and 2 time out, and the window takes one of them.
    expect(numbers(again)).toEqual([1, 2]);
    expect(times(again, nowMs)).toEqual([220 + D, 260 + D]);
    expect(s.connection.stats()).toMatchObject({ timeouts: 1, cwndBytes: 1400 });
  });

  it('P-RTO-02 come before the timeout on a steady path of 100 ms', () => {
    const s = scene();
    for (let round = 0; round < 50; round += 1) tell(s, 100, ...burst(s, 2));
    expect(s.connection.stats().rttvarMs).toBeLessThan(0.01);
    const { nowMs } = s.station;
    burst(s, 3);
    const [probe] = s.station.advance(299);
    expect([numbers([probe!]), times([probe!], nowMs)]).toEqual([[102], [200]]);
    expect(s.connection.stats()).toMatchObject({ tailLossProbes: 1, timeouts: 0 });
    s.station.advance(2);
    expect(s.connection.stats().timeouts).toBe(1);
  });

  it('are not sent while something is known to be lost', () => {
    const s = scene();
    const segments = burst(s, 6);
    tell(s, 100, ...segments.slice(2, 5));
    tell(s, 150, segments[5]!);
    expect(s.connection.stats().tailLossProbes).toBe(0);
  });
});

describe('the examples of RFC 8985', () => {
  /** Drops the first `copies` sendings of each segment named, counted from 0. */
  const dropping = (copies: Readonly<Record<number, number>>): Route => {
    const seen = new Map<number, number>();
    return ({ kind, seq }, direction) => {
      if (direction === 'down' || kind !== 'op') return undefined;
      const count = (seen.get(seq) ?? 0) + 1;
      seen.set(seq, count);
      return count <= (copies[seq - FIRST_SEQ] ?? 0) ? [] : undefined;
    };
  };

  function run(copies: Readonly<Record<number, number>>) {
    const { couple, near, far } = openCouple({
      delayMs: 5,
      client: { connection: { ackEverySegments: 1 } },
    });
    couple.route = dropping(copies);
    const startMs = couple.nowMs;
    for (let i = 0; i < 4; i += 1) near.sendMessage(text(`P${i}`));
    couple.run(5_000);
    expect(couple.appOf(far).messages).toEqual(['P0', 'P1', 'P2', 'P3']);
    const sends = couple.sent('up').filter(({ kind }) => kind === 'op');
    return { near, sent: sends.map(({ seq, atMs }) => [seq - FIRST_SEQ, atMs - startMs] as const) };
  }

  it('§3.4: a lost tail is recovered by a probe and by the times of sending', () => {
    const { near, sent } = run({ 1: 2, 2: 1, 3: 1 });
    expect(sent.slice(0, 4).map(([seq]) => seq)).toEqual([0, 1, 2, 3]);
    expect(sent.slice(4).map(([seq]) => seq)).toEqual([3, 1, 2, 1]);
    expect(near.stats()).toMatchObject({ tailLossProbes: 1, timeouts: 0, fastRecoveries: 1 });
    // P1's second loss is found when P2's second sending has arrived, a round trip later.
    const [probe, again, , last] = sent.slice(4).map(([, atMs]) => atMs);
    expect([again! - probe!, last! - again!]).toEqual([10, 10]);
  });

  it('§3.5 with P-LOSS-02: behind a lost probe comes another, well before the timeout', () => {
    const { near, sent } = run({ 1: 1, 2: 1, 3: 2 });
    expect(sent.map(([seq]) => seq)).toEqual([0, 1, 2, 3, 3, 3, 1, 2]);
    expect(near.stats()).toMatchObject({ tailLossProbes: 3, timeouts: 0, fastRecoveries: 1 });
  });

  it('§3.5: lost probes leave it to the timeout', () => {
    const { near, sent } = run({ 1: 3, 2: 1, 3: 4 });
    expect(sent.map(([seq]) => seq).slice(0, 9)).toEqual([0, 1, 2, 3, 3, 3, 1, 3, 1]);
    expect(near.stats()).toMatchObject({ timeouts: 1 });
  });
});
