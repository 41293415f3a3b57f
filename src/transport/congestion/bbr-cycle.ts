/**
 * The cycle in which BBR looks for more bandwidth once it has filled its path (draft, "ProbeBW"):
 * down to empty the queue, cruise, refill the pipe, and up until loss or a plateau ends it.
 */
import type { Random } from '../../util/random.ts';
import type { BbrBounds } from './bbr-bounds.ts';
import type { BbrModel } from './bbr-model.ts';
import { BETA, PROBE_WAIT_MS, PROBE_WAIT_ROUNDS, PROBE_WAIT_SPREAD_MS } from './bbr-settings.ts';
import type { AckSample } from './controller.ts';
import type { FullPipe } from './full-pipe.ts';
import type { LossClassifier } from './loss-classifier.ts';
import type { LossSample } from './samples.ts';

/** What acknowledgements tell of, seen from the probe that their segments were sent in. */
type AckPhase = 'none' | 'refilling' | 'starting' | 'feedback' | 'stopping';

const SLOPE_ROUNDS = 30;
/** A path's own loss that is known to be so much more than before is worth a probe at once. */
const NEWS_SHARE = 0.05;

export class BbrCycle {
  /** Whether what is told now was sent while probing. */
  isProbeSample = false;
  isPrevTooHigh = false;
  private isPrevPrecautionary = false;
  private ackPhase: AckPhase = 'none';
  private startMs = 0;
  private hasForgiven = false;
  private ownShareProbed = 0;
  private waitMs = 0;
  private slopeRounds = 0;
  private upAckedBytes = 0;
  private ackedPerIncrement = Infinity;
  private readonly model: BbrModel;
  private readonly bounds: BbrBounds;
  private readonly full: FullPipe;
  private readonly losses: LossClassifier;
  private readonly random: Random;

  constructor(
    model: BbrModel,
    bounds: BbrBounds,
    full: FullPipe,
    losses: LossClassifier,
    random: Random,
  ) {
    this.model = model;
    this.bounds = bounds;
    this.full = full;
    this.losses = losses;
    this.random = random;
  }

  get isInCycle(): boolean {
    const { phase } = this.model;
    return phase !== 'startup' && phase !== 'drain' && phase !== 'probeRtt';
  }

  /** Whether acceleration is what brings the losses. */
  get isProbing(): boolean {
    const { phase } = this.model;
    return phase === 'startup' || phase === 'probeBwRefill' || phase === 'probeBwUp';
  }

  /** Once per cycle, or where the path is known to lose, bounds in doubt may be lifted. */
  mayForgive(): boolean {
    const may = !this.hasForgiven || this.losses.ownShare > 0;
    this.hasForgiven = true;
    return may;
  }

  startDown(nowMs: number): void {
    const { model } = this;
    this.hasForgiven = false;
    this.bounds.resetSignals();
    this.ackedPerIncrement = Infinity;
    model.roundsSinceProbe = this.random.integer(0, 1);
    this.waitMs = PROBE_WAIT_MS + PROBE_WAIT_SPREAD_MS * this.random.float();
    this.startMs = nowMs;
    this.stopProbing();
    model.phase = 'probeBwDown';
  }

  /** What is told from now on ends a probe, whether one was made or not. */
  stopProbing(): void {
    this.ackPhase = 'stopping';
    this.model.startRound();
  }

  startCruise(): void {
    this.model.phase = 'probeBwCruise';
  }

  startRefill(): void {
    this.bounds.resetShortTerm();
    this.ownShareProbed = this.losses.ownShare;
    this.slopeRounds = 0;
    this.upAckedBytes = 0;
    this.isPrevPrecautionary = false;
    this.ackPhase = 'refilling';
    this.model.startRound();
    this.model.phase = 'probeBwRefill';
  }

  private startUp(bytesPerMs: number, cwndBytes: number): void {
    this.isProbeSample = true;
    this.ackPhase = 'starting';
    this.model.startRound();
    this.full.restart(bytesPerMs);
    this.model.phase = 'probeBwUp';
    this.raiseSlope(cwndBytes);
  }

  /**
   * One acknowledgement, once the pipe has been full.
   * @param bytesPerMs its rate
   * @param bdpBytes flight that a full pipe without a queue takes
   */
  update(sample: AckSample, bytesPerMs: number, bdpBytes: number, cwndBytes: number): void {
    if (this.adaptLongTerm(sample, cwndBytes)) return;
    const { model } = this;
    switch (model.phase) {
      case 'probeBwDown':
        if (this.isTimeToProbe(sample.nowMs, cwndBytes)) this.startRefill();
        else if (this.isTimeToCruise(sample.flightBytes, bdpBytes)) this.startCruise();
        return;
      case 'probeBwCruise':
        if (this.isTimeToProbe(sample.nowMs, cwndBytes)) this.startRefill();
        return;
      case 'probeBwRefill':
        if (model.isRoundStart) this.startUp(bytesPerMs, cwndBytes);
        return;
      case 'probeBwUp':
        if (!this.isTimeToGoDown(sample, bytesPerMs, cwndBytes)) return;
        this.isPrevTooHigh = false;
        this.startDown(sample.nowMs);
        return;
      default:
    }
  }

  private isTimeToProbe(nowMs: number, cwndBytes: number): boolean {
    if (nowMs > this.startMs + this.waitMs) return true;
    // What the last probe took for a limit may have been the path's own loss.
    const isNews = this.losses.ownShare > this.ownShareProbed + NEWS_SHARE;
    if (isNews && this.ackPhase === 'none') return true;
    const segments = Math.min(this.model.bdpBytes, cwndBytes) / this.model.smssBytes;
    return this.model.roundsSinceProbe >= Math.min(segments, PROBE_WAIT_ROUNDS);
  }

  private isTimeToCruise(flightBytes: number, bdpBytes: number): boolean {
    const { smssBytes, floorBytes } = this.model;
    if (flightBytes > this.bounds.withHeadroom(smssBytes, floorBytes)) return false;
    // A path with a loss of its own is looked at for a whole round.
    if (this.losses.ownShare > 0 && this.ackPhase === 'stopping') return false;
    return flightBytes <= bdpBytes;
  }

  private isTimeToGoDown(sample: AckSample, bytesPerMs: number, cwndBytes: number): boolean {
    const { flightLongBytes } = this.bounds;
    if (this.isPrevTooHigh && sample.flightBytes >= flightLongBytes) {
      this.isPrevPrecautionary = true;
      return true;
    }
    if (sample.isCwndLimited && cwndBytes >= flightLongBytes) {
      this.full.restart(bytesPerMs); // the bound, not the path, limits the rate
      return false;
    }
    return this.full.isFull;
  }

  /** Each round of a probe may raise the bound by twice as many segments as the one before. */
  private raiseSlope(cwndBytes: number): void {
    const increments = 2 ** this.slopeRounds;
    this.slopeRounds = Math.min(this.slopeRounds + 1, SLOPE_ROUNDS);
    this.ackedPerIncrement = Math.max(cwndBytes / increments, this.model.smssBytes);
  }

  private raiseFlightLong(sample: AckSample, cwndBytes: number): void {
    if (!sample.isCwndLimited || cwndBytes < this.bounds.flightLongBytes) return;
    this.upAckedBytes += sample.ackedBytes;
    const increments = Math.floor(this.upAckedBytes / this.ackedPerIncrement);
    this.upAckedBytes -= increments * this.ackedPerIncrement;
    this.bounds.flightLongBytes += increments * this.model.smssBytes;
    if (this.model.isRoundStart) this.raiseSlope(cwndBytes);
  }

  /** @returns whether that decided the phase */
  private adaptLongTerm(sample: AckSample, cwndBytes: number): boolean {
    const { model, bounds } = this;
    if (this.ackPhase === 'starting' && model.isRoundStart) this.ackPhase = 'feedback';
    if (this.ackPhase === 'stopping' && model.isRoundStart) {
      this.isProbeSample = false;
      this.ackPhase = 'none';
      if (this.isInCycle && !sample.rate.isAppLimited) model.advanceMaxBw();
      if (this.isInCycle && this.isPrevPrecautionary && !this.isPrevTooHigh) {
        this.startRefill();
        return true;
      }
    }
    const { txInFlightBytes, lostBytes } = sample.rate;
    if (lostBytes > txInFlightBytes * this.losses.threshold(txInFlightBytes)) return false;
    if (bounds.flightLongBytes === Infinity) return false;
    bounds.flightLongBytes = Math.max(bounds.flightLongBytes, txInFlightBytes);
    if (model.phase === 'probeBwUp') this.raiseFlightLong(sample, cwndBytes);
    return false;
  }

  /**
   * A segment is lost that may have been sent while probing.
   * @returns whether it ended a probe
   */
  onLost(loss: LossSample, cwndBytes: number): boolean {
    if (!this.isProbeSample) return false;
    const threshold = this.losses.threshold(loss.txInFlightBytes);
    if (loss.lostBytes <= loss.txInFlightBytes * threshold) return false;
    this.isPrevTooHigh = true;
    this.isProbeSample = false;
    if (!loss.isAppLimited) {
      const target = Math.min(this.model.bdpBytes, cwndBytes);
      this.bounds.flightLongBytes = Math.max(flightAtLoss(loss, threshold), BETA * target);
    }
    if (this.model.phase !== 'probeBwUp') return false;
    this.startDown(loss.nowMs);
    return true;
  }
}

/** The flight at which losses went beyond the threshold (draft, InflightAtLoss). */
function flightAtLoss(loss: LossSample, threshold: number): number {
  const flightBefore = loss.txInFlightBytes - loss.bytes;
  const lostBefore = loss.lostBytes - loss.bytes;
  const lostPrefix = (threshold * flightBefore - lostBefore) / (1 - threshold);
  return Math.max(0, flightBefore + lostPrefix);
}
