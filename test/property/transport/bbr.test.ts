import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bbr } from '../../../src/transport/congestion/bbr.ts';
import { BBR, BBR_TOLERANT } from '../../../src/transport/congestion/bbr-settings.ts';
import { SeededRandom } from '../../../src/util/random.ts';
import { ackSample } from '../../unit/transport/ack-sample.ts';

const SMSS = 1_400;
const KINDS = ['recovered', 'episode', 'spurious', 'timeout', 'silence', 'size', 'idle'] as const;

interface Act {
  readonly kind: 'ack' | 'loss' | (typeof KINDS)[number];
  readonly afterMs: number;
  readonly bytes: number;
  readonly share: number;
  readonly flag: boolean;
  readonly rttMs: number;
}

const acts: fc.Arbitrary<Act> = fc.record({
  kind: fc.oneof(
    { weight: 12, arbitrary: fc.constant('ack' as const) },
    { weight: 4, arbitrary: fc.constant('loss' as const) },
    { weight: 3, arbitrary: fc.constantFrom(...KINDS) },
  ),
  afterMs: fc.double({ min: 0, max: 3_000, noNaN: true }),
  bytes: fc.integer({ min: 0, max: 3_000_000 }),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  flag: fc.boolean(),
  rttMs: fc.oneof(fc.double({ min: 0.01, max: 2_000, noNaN: true }), fc.constant(Number.NaN)),
});

/** What a connection might tell, however unlikely. */
class Teller {
  private nowMs = 0;
  private delivered = 0;
  private readonly bbr: Bbr;

  constructor(bbr: Bbr) {
    this.bbr = bbr;
  }

  tell(act: Act): void {
    const { bbr } = this;
    const { bytes, flag } = act;
    this.nowMs += act.afterMs;
    if (act.kind === 'ack') this.acknowledge(act);
    else if (act.kind === 'loss') this.lose(act);
    else if (act.kind === 'recovered') bbr.onRecovered();
    else if (act.kind === 'episode') bbr.onLossEpisode();
    else if (act.kind === 'spurious') bbr.onSpuriousEpisode();
    else if (act.kind === 'timeout') bbr.onRetransmissionTimeout(this.nowMs, bytes);
    else if (act.kind === 'silence') bbr.onPersistentCongestion();
    else if (act.kind === 'size') bbr.onSegmentSize(1_200 + (bytes % 8_000));
    else bbr.onSent(this.nowMs, SMSS, flag ? 0 : bytes, flag);
  }

  private acknowledge({ bytes, share, flag, rttMs }: Act): void {
    const prior = share * this.delivered;
    this.delivered += bytes;
    const told = { nowMs: this.nowMs, ackedBytes: bytes, flightBytes: share * bytes, rttMs };
    this.bbr.onAck(
      ackSample(
        { ...told, isCwndLimited: flag, srttMs: rttMs > 0 ? rttMs : 0 },
        {
          bytesPerMs: flag ? share * bytes : 0,
          isAppLimited: !flag,
          deliveredBytes: this.delivered,
          priorDeliveredBytes: prior,
          txInFlightBytes: share * bytes,
          lostBytes: (1 - share) * bytes,
        },
      ),
    );
  }

  private lose({ bytes, share, flag }: Act): void {
    this.bbr.onSegmentLost({
      nowMs: this.nowMs,
      bytes: SMSS,
      sentMs: this.nowMs,
      txInFlightBytes: bytes + SMSS,
      lostBytes: share * bytes + SMSS,
      priorDeliveredBytes: share * this.delivered,
      isAppLimited: flag,
      isTimeout: flag,
      minRttMs: 10,
      latestRttMs: 10,
    });
  }
}

describe('P-CC-20 BBR stays whole under any list of facts', () => {
  it.each([BBR, BBR_TOLERANT])('$name', (settings) => {
    const property = fc.property(fc.array(acts, { maxLength: 150 }), (list) => {
      const bbr = new Bbr(settings, SMSS, new SeededRandom(1));
      const teller = new Teller(bbr);
      let smss = SMSS;
      for (const act of list) {
        teller.tell(act);
        if (act.kind === 'size') smss = 1_200 + (act.bytes % 8_000);
        const { cwndBytes, pacingBytesPerMs = 1 } = bbr;
        expect(Number.isFinite(cwndBytes)).toBe(true);
        expect(cwndBytes).toBeGreaterThanOrEqual(1_200);
        if (act.kind === 'ack' || act.kind === 'size') {
          expect(cwndBytes).toBeGreaterThanOrEqual(4 * smss);
        }
        expect(Number.isFinite(pacingBytesPerMs)).toBe(true);
        expect(pacingBytesPerMs).toBeGreaterThan(0);
      }
    });
    fc.assert(property, { numRuns: 300 });
  });
});
