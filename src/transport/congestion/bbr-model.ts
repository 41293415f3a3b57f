/**
 * What BBR knows of its path (draft, "Updating Network Path Model Parameters"): the largest rate of
 * delivery, the smallest round trip, how acknowledgements clump, and rounds counted in deliveries.
 */
import {
  EXTRA_ACKED_ROUNDS,
  LEAST_WINDOW_SEGMENTS,
  BW_FILTER_CYCLES,
  QUANTUM_CEILING_BYTES,
  QUANTUM_MS,
} from './bbr-settings.ts';
import type { AckSample, ModelPhase } from './controller.ts';
import { WindowedMax } from './windowed-max.ts';

export class BbrModel {
  phase: ModelPhase = 'startup';
  smssBytes: number;
  /** Bytes per ms: the model's rate within its short-term bound. */
  bwBytesPerMs = 0;
  maxBwBytesPerMs = 0;
  minRttMs = Infinity;
  extraAckedBytes = 0;
  /** Rounds in all, and since the last probe for bandwidth. */
  rounds = 0;
  roundsSinceProbe = 0;
  isRoundStart = false;
  /** Bytes delivered in all, as of the newest acknowledgement. */
  deliveredBytes = 0;
  private nextRoundDelivered = 0;
  private extraSinceMs = 0;
  private extraDelivered = 0;
  private hasBwOfCycle = false;
  private readonly bwFilter = new WindowedMax(BW_FILTER_CYCLES);
  private readonly extraFilter = new WindowedMax(EXTRA_ACKED_ROUNDS);

  constructor(smssBytes: number) {
    this.smssBytes = smssBytes;
  }

  get floorBytes(): number {
    return LEAST_WINDOW_SEGMENTS * this.smssBytes;
  }

  startRound(): void {
    this.nextRoundDelivered = this.deliveredBytes;
  }

  /** A round is over when something is delivered that was sent after it began. */
  updateRound(sample: AckSample): void {
    this.deliveredBytes = sample.rate.deliveredBytes;
    this.isRoundStart = sample.rate.priorDeliveredBytes >= this.nextRoundDelivered;
    if (!this.isRoundStart) return;
    this.startRound();
    this.rounds += 1;
    this.roundsSinceProbe += 1;
    this.extraFilter.advance();
  }

  /** P-CC-22: what the application limited may raise the estimate, and never lowers it. */
  updateMaxBw(bytesPerMs: number, isAppLimited: boolean): void {
    if (bytesPerMs <= 0) return;
    if (isAppLimited && bytesPerMs < this.maxBwBytesPerMs) return;
    this.hasBwOfCycle = true;
    this.bwFilter.add(bytesPerMs);
    this.maxBwBytesPerMs = this.bwFilter.max();
  }

  /** A cycle is over; one without a sample is no reason to forget another. */
  advanceMaxBw(): void {
    if (!this.hasBwOfCycle) return;
    this.hasBwOfCycle = false;
    this.bwFilter.advance();
  }

  restartExtraAcked(nowMs: number): void {
    this.extraSinceMs = nowMs;
    this.extraDelivered = 0;
  }

  /**
   * How much more than the rate explains came at once.
   * @param bytesPerMs rate at which acknowledgements are expected
   * @param rounds how many are looked back on
   */
  updateExtraAcked(sample: AckSample, bytesPerMs: number, rounds: number, cwndBytes: number): void {
    let expected = bytesPerMs * (sample.nowMs - this.extraSinceMs);
    if (this.extraDelivered <= expected) {
      this.restartExtraAcked(sample.nowMs);
      expected = 0;
    }
    this.extraDelivered += sample.ackedBytes;
    this.extraFilter.add(Math.min(this.extraDelivered - expected, cwndBytes));
    this.extraAckedBytes = this.extraFilter.max(rounds);
  }

  /** Bandwidth times round trip. */
  get bdpBytes(): number {
    return this.minRttMs === Infinity ? 0 : this.bwBytesPerMs * this.minRttMs;
  }

  /**
   * What has to be in flight for `gain` times the bandwidth, with room for how things are sent.
   * @param pacingBytesPerMs sets the quantum of the pacer
   */
  flightFor(gain: number, extraBytes: number, pacingBytesPerMs: number): number {
    const quantum = Math.min(QUANTUM_CEILING_BYTES, QUANTUM_MS * pacingBytesPerMs);
    const wanted = gain * this.bdpBytes + extraBytes;
    const least = Math.max(quantum, this.floorBytes);
    const bytes = Math.max(wanted, least);
    return this.phase === 'probeBwUp' ? bytes + 2 * this.smssBytes : bytes;
  }
}
