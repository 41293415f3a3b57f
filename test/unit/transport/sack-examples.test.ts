/**
 * Published walks through loss recovery, played against a whole connection: the cases of RFC 2018
 * §4 under the rules of RFC 6675 §5, and the figures that RFC 6937 draws beside them.
 */
import { describe, expect, it } from 'vitest';
import { opened, type Scene } from './player.ts';
import type { Seen } from './segments.ts';
import { FIRST_SEQ } from './station.ts';

const PAYLOAD = 1368;
const SMSS = 1400;

/** `count` segments are in flight, `behind` more wait. */
function scene(count: number, behind = 0): { s: Scene; first: Seen[] } {
  const connection = { initialWindowSegments: count, sendQueueBytes: 1_000_000 };
  const s = opened({ connection }, {}, 100);
  s.station.sendBytes(s.connection, new Uint8Array((count + behind) * PAYLOAD));
  const first = s.station.drain();
  expect(first).toHaveLength(count);
  s.station.advance(100);
  return { s, first };
}

const numbers = (batch: readonly Seen[]): number[] => batch.map(({ seq }) => seq - FIRST_SEQ);

/** Segments arrive one by one, a tenth of a millisecond apart; what each lets out. */
function arrive(s: Scene, segments: readonly Seen[]): Seen[][] {
  return segments.map((segment) => s.player.tell(0.1, [segment]));
}

describe('RFC 2018 §4, eight segments', () => {
  it('case 1: the last four are lost: acknowledged so far, the probe tells the rest', () => {
    const { s, first } = scene(8);
    expect(arrive(s, first.slice(0, 4)).flat()).toEqual([]);
    const probe = s.station.advance(201);
    expect(numbers(probe)).toEqual([7]);
    // What was sent before the probe is lost once it has arrived (RFC 8985 §7.4).
    const again = arrive(s, probe).flat();
    expect(numbers(again)).toEqual([4]);
    s.station.advance(99);
    expect(numbers(arrive(s, again).flat())).toEqual([5, 6]);
    const { fastRecoveries, timeouts, segmentsRetransmitted } = s.connection.stats();
    expect([fastRecoveries, timeouts, segmentsRetransmitted]).toEqual([1, 0, 4]);
  });

  it('case 2: the first is lost: found by the third that follows, sent again once', () => {
    const { s, first } = scene(8);
    const out = arrive(s, first.slice(1)).map(numbers);
    expect(out).toEqual([[], [], [0], [], [], [], []]);
    expect(s.connection.stats()).toMatchObject({ fastRecoveries: 1, segmentsRetransmitted: 1 });
  });

  it('case 3: each second one is lost: one episode, oldest first, no timeout', () => {
    const { s, first } = scene(8);
    const got = [0, 2, 4, 6].map((n) => first[n]!);
    const found = arrive(s, got);
    expect(found.map(numbers)).toEqual([[], [], [1], [3]]);
    s.station.advance(99);
    // What arrives makes room; with it the last one is known to be lost, for it left before.
    const more = arrive(s, found.flat());
    expect(more.map(numbers)).toEqual([[5], [7]]);
    s.station.advance(99);
    expect(arrive(s, more.flat()).flat()).toEqual([]);
    const { fastRecoveries, timeouts, segmentsRetransmitted } = s.connection.stats();
    expect([fastRecoveries, timeouts, segmentsRetransmitted]).toEqual([1, 0, 4]);
    expect(s.connection.stats().flightSizeBytes).toBe(0);
  });
});

describe('RFC 6937 §3.1, twenty segments and more behind', () => {
  it('P-CC-04 the first is lost: not half a window of silence, but one out for two in', () => {
    const { s, first } = scene(20, 40);
    const out = arrive(s, first.slice(1));
    // Slow start sends two for one until the loss is known, where the figure sends one.
    const [before, rest] = [out.slice(0, 2), out.slice(2)];
    expect(before.map(numbers)).toEqual([
      [20, 21],
      [22, 23],
    ]);
    expect(numbers(rest[0]!)).toEqual([0]);
    expect(rest.map(({ length }) => length)).toEqual([
      1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1,
    ]);
    const { ssthreshBytes, flightSizeBytes } = s.connection.stats();
    expect(ssthreshBytes).toBe(11 * SMSS);
    // The four of before are in flight and the nine of now: two arrivals short of ssthresh.
    expect(flightSizeBytes).toBe(13 * SMSS);
    arrive(s, before.flat());
    expect(s.connection.stats().flightSizeBytes).toBe(11 * SMSS);
  });

  it('P-CC-04 the first fifteen are lost: one for one, where RFC 6675 sends seven at once', () => {
    const { s, first } = scene(20, 40);
    const out = arrive(s, first.slice(15));
    expect(out.map(numbers)).toEqual([[0], [1], [2], [3], [4]]);
    // Repairs that arrive in order and tell of no further loss let a second one out with each.
    s.station.advance(99);
    const more = arrive(s, out.flat());
    expect(more.map(({ length }) => length)).toEqual([2, 2, 2, 2, 2]);
    expect(numbers(more.flat())).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    s.station.advance(99);
    expect(arrive(s, more.flat()).every(({ length }) => length <= 2)).toBe(true);
    expect(s.connection.stats()).toMatchObject({
      segmentsRetransmitted: 15,
      fastRecoveries: 1,
      ssthreshBytes: 10 * SMSS,
      flightSizeBytes: 10 * SMSS,
    });
  });
});
