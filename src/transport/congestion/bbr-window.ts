/** The congestion window of BBR (draft, "Congestion Window"): its growth and its memory. */
import type { BbrBounds } from './bbr-bounds.ts';
import type { BbrModel } from './bbr-model.ts';
import { GAINS } from './bbr-settings.ts';

export class BbrWindow {
  bytes: number;
  /** What there was before recovery or ProbeRTT made it less. */
  priorBytes = 0;
  private readonly initialBytes: number;
  private readonly model: BbrModel;
  private readonly bounds: BbrBounds;

  constructor(initialBytes: number, model: BbrModel, bounds: BbrBounds) {
    this.bytes = initialBytes;
    this.initialBytes = initialBytes;
    this.model = model;
    this.bounds = bounds;
  }

  /** @param isReduced whether what there is now has been made less already */
  save(isReduced: boolean): void {
    this.priorBytes = isReduced ? Math.max(this.priorBytes, this.bytes) : this.bytes;
  }

  /** @param share of what was saved */
  restore(share = 1): void {
    this.bytes = Math.max(this.bytes, share * this.priorBytes);
  }

  /** After a timeout: one segment beyond what is still in flight. */
  collapse(flightBytes: number): void {
    this.bytes = Math.min(this.bytes, flightBytes + this.model.smssBytes);
  }

  /** Flight of ProbeRTT: so little that no queue stands. */
  get probeRttBytes(): number {
    return Math.max(GAINS.probeRtt.cwnd * this.model.bdpBytes, this.model.floorBytes);
  }

  /** Up by what is acknowledged, down at once. @param isFull whether the pipe has ever been full */
  update(ackedBytes: number, isFull: boolean, pacingBytesPerMs: number): void {
    const { model } = this;
    const gain = GAINS[model.phase].cwnd;
    const most = model.flightFor(gain, model.extraAckedBytes, pacingBytesPerMs);
    const grown = this.bytes + ackedBytes;
    const isYoung = model.deliveredBytes < this.initialBytes;
    if (isFull) this.bytes = Math.min(grown, most);
    else if (this.bytes < most || isYoung) this.bytes = grown;
    this.bytes = Math.max(Math.min(this.bytes, this.cap()), model.floorBytes);
  }

  private cap(): number {
    const { model, bounds } = this;
    const { phase, smssBytes, floorBytes } = model;
    const { flightShortBytes, flightLongBytes } = bounds;
    if (phase === 'startup' || phase === 'drain') return flightShortBytes;
    if (phase === 'probeRtt' || phase === 'probeBwCruise') {
      const cap = Math.min(flightShortBytes, bounds.withHeadroom(smssBytes, floorBytes));
      return phase === 'probeRtt' ? Math.min(cap, this.probeRttBytes) : cap;
    }
    return Math.min(flightShortBytes, flightLongBytes);
  }
}
