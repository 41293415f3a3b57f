/** A CUBIC controller and a clock, told of acknowledgements in segments. */
import type { AckSample } from '../../../src/transport/congestion/controller.ts';
import { Cubic } from '../../../src/transport/congestion/cubic.ts';
import type { DeliverySample } from '../../../src/transport/congestion/samples.ts';

export const SMSS = 1000;

export class CubicRun {
  readonly control = new Cubic(SMSS);
  nowMs = 0;
  srttMs: number;
  private deliveredBytes = 0;

  constructor(srttMs = 100) {
    this.srttMs = srttMs;
  }

  get segments(): number {
    return this.control.cwndBytes / SMSS;
  }

  get threshold(): number {
    return this.control.ssthreshBytes / SMSS;
  }

  wait(ms: number): void {
    this.nowMs += ms;
  }

  /** One acknowledgement of `segments`, `afterMs` later. */
  ack(afterMs: number, segments: number, more: Partial<AckSample> = {}): void {
    this.nowMs += afterMs;
    const priorDeliveredBytes = this.deliveredBytes;
    this.deliveredBytes += segments * SMSS;
    this.control.onAck({
      nowMs: this.nowMs,
      ackedBytes: segments * SMSS,
      lostBytes: 0,
      priorFlightBytes: 0,
      flightBytes: 0,
      isCwndLimited: true,
      isInRecovery: false,
      srttMs: this.srttMs,
      minRttMs: this.srttMs,
      rttMs: NaN,
      rate: this.rateOf(priorDeliveredBytes),
      ...more,
    });
  }

  /** The acknowledgement is of a segment that left when so much had been delivered. */
  rateOf(priorDeliveredBytes: number): DeliverySample {
    const { deliveredBytes } = this;
    const none = { bytesPerMs: 0, isAppLimited: false, txInFlightBytes: 0, lostBytes: 0 };
    return { ...none, deliveredBytes, priorDeliveredBytes };
  }

  /** A window per round trip for `ms`, told in steps. */
  growFor(ms: number, firstMs = 0): void {
    const stepMs = this.srttMs / 10;
    this.ack(firstMs, (this.segments * firstMs) / this.srttMs);
    for (let at = 0; at < ms; at += stepMs) {
      const afterMs = Math.min(stepMs, ms - at);
      this.ack(afterMs, (this.segments * afterMs) / this.srttMs);
    }
  }

  /** A loss while the window is `segments`, and full unless `flight` says otherwise. */
  lose(segments: number, flight = segments): void {
    this.control.cwndBytes = segments * SMSS;
    this.control.onLossEpisode(this.nowMs, flight * SMSS);
  }
}
