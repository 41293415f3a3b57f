import { beforeEach, describe, expect, it } from 'vitest';
import type { AckSample } from '../../../src/transport/congestion/controller.ts';
import { FOUNDING, NEWRENO, NewReno } from '../../../src/transport/congestion/newreno.ts';
import { ackSample } from './ack-sample.ts';

const SMSS = 1000;

function acked(segments: number, isCwndLimited = true): AckSample {
  return ackSample({ ackedBytes: segments * SMSS, isCwndLimited });
}

describe('NewReno', () => {
  let control: NewReno;
  const segments = (): number => control.cwndBytes / SMSS;
  beforeEach(() => {
    control = new NewReno(NEWRENO, SMSS);
  });

  it('starts as RFC 6928 and the founding documents say', () => {
    expect(control).toMatchObject({ name: 'newreno', phase: 'slowStart', cwndBytes: 10_000 });
    expect([control.ssthreshBytes, control.fixedTimeoutMs]).toEqual([Infinity, undefined]);
    const founding = new NewReno(FOUNDING, SMSS);
    expect(founding).toMatchObject({ name: 'founding', phase: 'slowStart', cwndBytes: 1_000 });
    expect([founding.ssthreshBytes, founding.fixedTimeoutMs]).toEqual([64_000, 100]);
  });

  it('adds one segment per segment acknowledged in slow start', () => {
    control.onAck(acked(1));
    expect(segments()).toBe(11);
    control.onAck(acked(11));
    expect([segments(), control.phase]).toEqual([22, 'slowStart']);
  });

  it('goes over to avoidance at the threshold, and no further than to it', () => {
    control = new NewReno(FOUNDING, SMSS);
    control.onAck(acked(62));
    expect([segments(), control.phase]).toEqual([63, 'slowStart']);
    control.onAck(acked(20));
    expect([segments(), control.phase]).toEqual([64, 'congestionAvoidance']);
  });

  it('adds one segment per window acknowledged in avoidance', () => {
    control = new NewReno({ ...FOUNDING, initialWindowSegments: 64 }, SMSS);
    control.onAck(acked(1));
    expect([segments(), control.phase]).toEqual([64, 'congestionAvoidance']);
    control.onAck(acked(64));
    expect(segments()).toBe(65);
    for (let i = 0; i < 65; i += 1) control.onAck(acked(1));
    expect(segments()).toBeCloseTo(66, 1);
  });

  it('halves by a loss into fast recovery, stays there, and leaves it into avoidance', () => {
    control.onLossEpisode(0, 20_000);
    expect(control).toMatchObject({ phase: 'fastRecovery', cwndBytes: 10_000 });
    expect(control.ssthreshBytes).toBe(10_000);
    control.onAck(acked(50));
    expect([segments(), control.phase]).toEqual([10, 'fastRecovery']);
    control.onRecovered();
    expect([segments(), control.phase]).toEqual([10, 'congestionAvoidance']);
    control.onRecovered();
    expect(control.phase).toBe('congestionAvoidance');
  });

  it('returns to slow start by a timeout, from wherever it was', () => {
    for (const before of [() => undefined, () => control.onLossEpisode(0, 30_000)]) {
      control = new NewReno(NEWRENO, SMSS);
      before();
      control.onRetransmissionTimeout(0, 16_000, false);
      expect(control).toMatchObject({ phase: 'slowStart', cwndBytes: SMSS });
      expect(control.ssthreshBytes).toBe(8_000);
      control.onRecovered();
      expect(control.phase).toBe('slowStart');
      control.onAck(acked(7));
      expect([segments(), control.phase]).toEqual([8, 'congestionAvoidance']);
    }
  });

  it('never sets a threshold below two segments', () => {
    control.onLossEpisode(0, 3_000);
    expect([control.ssthreshBytes, control.cwndBytes]).toEqual([2_000, 2_000]);
    control.onRetransmissionTimeout(0, 0, false);
    expect([control.ssthreshBytes, control.cwndBytes]).toEqual([2_000, 1_000]);
  });

  it('P-RTO-04 holds its threshold when the same segments time out again', () => {
    control.onRetransmissionTimeout(0, 16_000, false);
    control.onAck(acked(5));
    control.onRetransmissionTimeout(0, 4_000, true);
    expect([control.ssthreshBytes, control.cwndBytes]).toEqual([8_000, SMSS]);
  });

  it('P-CC-03 does not grow when the window was not the brake', () => {
    control.onAck(acked(10, false));
    expect(segments()).toBe(10);
    control.onLossEpisode(0, 20_000);
    control.onRecovered();
    control.onAck(acked(10, false));
    expect(segments()).toBe(10);
  });

  it('follows the size of segments, and holds at least one', () => {
    control.onRetransmissionTimeout(0, 0, false);
    control.onSegmentSize(1_500);
    expect(control.cwndBytes).toBe(1_500);
    control.onSegmentSize(1_200);
    expect(control.cwndBytes).toBe(1_500);
    control.onRetransmissionTimeout(0, 0, false);
    expect([control.cwndBytes, control.ssthreshBytes]).toEqual([1_200, 2_400]);
  });
});
