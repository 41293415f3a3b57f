/** Feeds a BBR with acknowledgements, each of them a round of its own, and with losses. */
import { Bbr } from '../../../src/transport/congestion/bbr.ts';
import { BBR, type BbrSettings } from '../../../src/transport/congestion/bbr-settings.ts';
import type { AckSample } from '../../../src/transport/congestion/controller.ts';
import type { DeliverySample } from '../../../src/transport/congestion/samples.ts';
import type { Random } from '../../../src/util/random.ts';
import { ackSample } from './ack-sample.ts';

export const SMSS = 1_000;
export const RTT_MS = 100;

/** What is waited and drawn is always the least. */
const NO_CHANCE: Random = {
  uint32: () => 0,
  float: () => 0,
  integer: (low) => low,
  chance: () => false,
};

export interface Told {
  /** Bytes per ms; 100 fill the path of these tests with ten segments. */
  readonly rate?: number;
  readonly rttMs?: number;
  /** How long after the last one; a round trip by default. */
  readonly afterMs?: number;
  readonly sample?: Partial<Omit<AckSample, 'rate'>>;
  readonly delivery?: Partial<DeliverySample>;
}

export class BbrFeeder {
  readonly bbr: Bbr;
  nowMs = 0;
  delivered = 0;
  private lost = 0;

  constructor(settings: BbrSettings = BBR) {
    this.bbr = new Bbr(settings, SMSS, NO_CHANCE);
  }

  /** One round in which `segments` arrived. */
  round(segments: number, told: Told = {}): void {
    const { rate = 100, rttMs = RTT_MS, afterMs = RTT_MS } = told;
    const prior = this.delivered;
    const bytes = segments * SMSS;
    this.nowMs += afterMs;
    this.delivered += bytes;
    const lostBytes = this.lost;
    this.lost = 0;
    this.bbr.onAck(
      ackSample(
        {
          nowMs: this.nowMs,
          ackedBytes: bytes,
          srttMs: rttMs,
          minRttMs: rttMs,
          rttMs,
          flightBytes: 99 * SMSS,
          isCwndLimited: false,
          lostBytes,
          ...told.sample,
        },
        {
          bytesPerMs: rate,
          deliveredBytes: this.delivered,
          priorDeliveredBytes: prior,
          txInFlightBytes: 30 * SMSS,
          lostBytes,
          ...told.delivery,
        },
      ),
    );
  }

  /** One run of `segments` lost, and one more acknowledgement that ends it. */
  lose(segments: number, txInFlightBytes = 30 * SMSS, isTimeout = false): void {
    for (let i = 0; i < segments; i += 1) {
      this.lost += SMSS;
      this.bbr.onSegmentLost({
        nowMs: this.nowMs,
        bytes: SMSS,
        sentMs: this.nowMs - RTT_MS,
        txInFlightBytes,
        lostBytes: this.lost,
        priorDeliveredBytes: this.delivered,
        isAppLimited: false,
        isTimeout,
        minRttMs: RTT_MS,
        latestRttMs: RTT_MS,
      });
    }
  }

  /** An acknowledgement within the round, of one segment. */
  within(told: Told = {}): void {
    const priorDeliveredBytes = -1;
    const delivery = { priorDeliveredBytes, bytesPerMs: 0, txInFlightBytes: 0, lostBytes: 0 };
    const lost = this.lost;
    this.round(1, { afterMs: 1, ...told, delivery: { ...delivery, ...told.delivery } });
    this.lost = lost;
  }

  /** Startup until the rate stands still at 100 bytes per ms: then the pipe was full. */
  fill(): void {
    for (let i = 0; i < 4; i += 1) this.round(10);
  }

  /** On to the phase after Drain, with the queue gone. */
  settle(): void {
    this.fill();
    this.round(10, { sample: { flightBytes: 5 * SMSS } });
  }
}
