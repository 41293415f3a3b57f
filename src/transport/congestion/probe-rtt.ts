/**
 * ProbeRTT (BBR draft, "ProbeRTT Logic"): for 200 ms and a round so little is in flight that the
 * smallest round trip can be seen. Rates of that time say nothing of the path.
 */
import type { BbrModel } from './bbr-model.ts';
import { PROBE_RTT_MS } from './bbr-settings.ts';
import type { AckSample } from './controller.ts';

export class ProbeRtt {
  /** When it may end, once the flight is small; 0 until then. */
  private doneMs = 0;
  private hasRound = false;
  /** What was sent before this count of deliveries was reached was held back. */
  private heldBackUntil = -1;
  private readonly model: BbrModel;

  constructor(model: BbrModel) {
    this.model = model;
  }

  start(): void {
    this.doneMs = 0;
    this.model.phase = 'probeRtt';
  }

  /** @param priorDelivered count of deliveries when a segment left */
  hasHeldBack(priorDelivered: number): boolean {
    return priorDelivered <= this.heldBackUntil;
  }

  /** One acknowledgement. @param smallBytes flight that is small enough */
  hold(sample: AckSample, smallBytes: number): void {
    this.heldBackUntil = sample.rate.deliveredBytes + sample.flightBytes;
    if (this.doneMs > 0) {
      this.hasRound ||= this.model.isRoundStart;
    } else if (sample.flightBytes <= smallBytes) {
      this.doneMs = sample.nowMs + PROBE_RTT_MS;
      this.hasRound = false;
      this.model.startRound();
    }
  }

  /** Whether a round was seen, as is asked at acknowledgements, and the time is over. */
  isOver(nowMs: number): boolean {
    return this.hasRound && this.isTimeOver(nowMs);
  }

  /** Whether the time is over, as is asked after a pause. */
  isTimeOver(nowMs: number): boolean {
    return this.doneMs > 0 && nowMs > this.doneMs;
  }
}
