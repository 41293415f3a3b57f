import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FOUNDING, NEWRENO, NewReno } from '../../../src/transport/congestion/newreno.ts';
import { ackSample } from '../../unit/transport/ack-sample.ts';

const SMSS = 1_400;

interface Act {
  readonly kind: 'ack' | 'loss' | 'recovered' | 'timeout' | 'size';
  readonly bytes: number;
  readonly flag: boolean;
}

const acts: fc.Arbitrary<Act> = fc.record({
  kind: fc.constantFrom('ack', 'ack', 'ack', 'loss', 'recovered', 'timeout', 'size'),
  bytes: fc.integer({ min: 1, max: 2_000_000 }),
  flag: fc.boolean(),
});

function perform(control: NewReno, { kind, bytes, flag }: Act): void {
  if (kind === 'ack') control.onAck(ackSample({ ackedBytes: bytes, isCwndLimited: flag }));
  else if (kind === 'loss') control.onLossEpisode(0, bytes);
  else if (kind === 'recovered') control.onRecovered();
  else if (kind === 'timeout') control.onRetransmissionTimeout(0, bytes, flag);
  else control.onSegmentSize(1_200 + (bytes % 8_000));
}

describe('congestion controllers', () => {
  it.each([NEWRENO, FOUNDING])('keep $name’s window whole under any list of facts', (settings) => {
    const property = fc.property(fc.array(acts, { maxLength: 200 }), (list) => {
      const control = new NewReno(settings, SMSS);
      let acknowledged = control.cwndBytes;
      let smss = SMSS;
      let flight = 0;
      for (const act of list) {
        if (act.kind === 'size') smss = 1_200 + (act.bytes % 8_000);
        const before = control.cwndBytes;
        perform(control, act);
        if (act.kind === 'ack') acknowledged += act.bytes;
        if (act.kind === 'loss') flight = Math.max(flight, act.bytes);
        const { cwndBytes, ssthreshBytes } = control;
        expect(Number.isFinite(cwndBytes)).toBe(true);
        expect(cwndBytes).toBeGreaterThanOrEqual(Math.min(smss, before));
        expect(cwndBytes).toBeGreaterThanOrEqual(1_200);
        expect(Number.isNaN(ssthreshBytes)).toBe(false);
        expect(ssthreshBytes).toBeGreaterThanOrEqual(2 * 1_200);
        // Nothing but acknowledged bytes, or what was in flight at a loss, makes a window.
        const cap = acknowledged + flight + 2 * 9_200 * list.length + 2 * SMSS * 64;
        expect(cwndBytes).toBeLessThanOrEqual(cap);
        if (act.kind === 'ack' && !act.flag) expect(cwndBytes).toBe(before);
        if (act.kind === 'timeout') expect(control.phase).toBe('slowStart');
        if (act.kind === 'loss') expect(control.phase).toBe('fastRecovery');
        if (act.kind === 'recovered') expect(control.phase).not.toBe('fastRecovery');
      }
    });
    fc.assert(property, { numRuns: 300 });
  });
});
