/**
 * What losses do to BBR's model (draft, "Updating the Model Upon Packet Loss" and "Exiting Startup
 * Based on Packet Loss"), and how that is taken back when they prove spurious.
 *
 * P-CC-24: in the tolerant mode a round with losses is congestion when they came with a queue in
 * the round trips, or were more than the path's own loss explains. Where there was no queue that
 * verdict is in doubt: for a round less is sent. If with the lower bounds and without a queue as
 * much is lost, they are lifted: a queue may have been of our own late timers, and no reason.
 */
import type { BbrBounds } from './bbr-bounds.ts';
import type { BbrCycle } from './bbr-cycle.ts';
import type { BbrModel } from './bbr-model.ts';
import { STARTUP_LOST_RUNS } from './bbr-settings.ts';
import type { ModelPhase } from './controller.ts';
import type { FullPipe } from './full-pipe.ts';
import type { LossClassifier } from './loss-classifier.ts';
import type { LossSample } from './samples.ts';

/** P-CC-24: of the flight that the rate of the model makes; with less the model is not tried. */
const SENT_SHARE = 0.85;

export class BbrReaction {
  /** P-CC-24: less is sent for a round, and what becomes of it is told in the next one. */
  check: 'none' | 'slow' | 'told' = 'none';
  /** The share of losses that lowered the bounds; Infinity for none. */
  private doubtfulShare = Infinity;
  /** Bytes delivered in all when Drain ended: what is told of up to them left before or in it. */
  private drainedBytes = 0;
  /** Bytes delivered in all when that left which began the round. */
  private roundPriorBytes = 0;
  private isOfDrain = false;
  /** The phase that the losses of this episode have ended. */
  private undoPhase: ModelPhase | undefined = undefined;
  private readonly isTolerant: boolean;
  private readonly model: BbrModel;
  private readonly bounds: BbrBounds;
  private readonly full: FullPipe;
  private readonly losses: LossClassifier;
  private readonly cycle: BbrCycle;

  constructor(
    isTolerant: boolean,
    model: BbrModel,
    bounds: BbrBounds,
    full: FullPipe,
    losses: LossClassifier,
    cycle: BbrCycle,
  ) {
    this.isTolerant = isTolerant;
    this.model = model;
    this.bounds = bounds;
    this.full = full;
    this.losses = losses;
    this.cycle = cycle;
  }

  onLost(loss: LossSample, cwndBytes: number): void {
    this.losses.onLost(loss);
    this.bounds.noteLoss(this.model.deliveredBytes);
    if (this.cycle.onLost(loss, cwndBytes)) this.undoPhase = 'probeBwUp';
  }

  /** What is to be restored if the episode that begins proves spurious. */
  save(): void {
    this.undoPhase = undefined;
    this.bounds.save();
  }

  /** Startup has been answered by Drain, whose own rate says nothing about the path. */
  onDrain(): void {
    if (this.isTolerant) this.drainedBytes = this.model.deliveredBytes;
  }

  /**
   * A round of counting losses is over.
   * @param priorBytes bytes delivered in all when that left which ends it
   */
  endRound(cwndBytes: number, priorBytes: number): void {
    const { losses, model, check } = this;
    // With a queue what is delivered is the path's rate; without one it is what Drain has sent.
    this.isOfDrain = this.roundPriorBytes < this.drainedBytes && !losses.isQueueing;
    this.roundPriorBytes = priorBytes;
    losses.endRound(model.phase === 'probeBwCruise' && check === 'none', model.bdpBytes);
    this.check = check === 'slow' ? 'told' : 'none';
    // What was lost while the trial began had left before it: that verdict has been given.
    const isJudged = check !== 'slow' || losses.isQueueing;
    if (this.bounds.isLossInRound && isJudged) this.judge(cwndBytes);
    this.bounds.isLossInRound = false;
    losses.startRound();
  }

  private judge(cwndBytes: number): void {
    const { losses, model } = this;
    const sentBytes = losses.lostBytes + losses.ackedBytes;
    const share = losses.lostBytes / Math.max(1, sentBytes);
    const limit = losses.threshold(sentBytes);
    if (model.phase === 'startup') this.judgeStartup(share > losses.startupThreshold(sentBytes));
    if (this.cycle.isProbing) return;
    // The queue that Drain and DOWN see is the one that they have come to empty.
    const isEmptying = model.phase === 'drain' || model.phase === 'probeBwDown';
    const isTolerant = this.isTolerant && losses.hasSeenQueue;
    if (!isTolerant || share > limit || (losses.isQueueing && !isEmptying)) {
      const { maxBwBytesPerMs } = model;
      this.bounds.lowerShortTerm(maxBwBytesPerMs, cwndBytes, this.isOfDrain || this.hasSentLess);
      this.doubtfulShare = isTolerant ? share : Infinity;
      const isDoubtful = isTolerant && !losses.isQueueing;
      this.check = isDoubtful && model.phase === 'probeBwCruise' ? 'slow' : 'none';
    } else if (share >= this.doubtfulShare / 2 && !losses.isQueueing) {
      this.doubtfulShare = Infinity;
      if (this.cycle.mayForgive()) this.bounds.resetShortTerm();
    }
  }

  /** P-CC-24: whether so little was on its way that the rate delivered was the sender's doing. */
  private get hasSentLess(): boolean {
    const { bwBytesPerMs, minRttMs } = this.model;
    if (!this.isTolerant || this.losses.isQueueing) return false;
    return this.bounds.sentLatestBytes < SENT_SHARE * bwBytesPerMs * minRttMs;
  }

  private judgeStartup(isHigh: boolean): void {
    const { losses, model, bounds } = this;
    if (!isHigh || losses.lostRuns < STARTUP_LOST_RUNS) return;
    if (this.isTolerant && !losses.isQueueing) return;
    this.undoPhase = 'startup';
    this.full.hasBeenFull = true;
    bounds.flightLongBytes = Math.max(model.bdpBytes, bounds.flightLatestBytes);
  }

  /** Draft, "Handling a Spurious Loss Recovery". */
  undo(): void {
    const { model, undoPhase } = this;
    this.undoPhase = undefined;
    this.full.restart(0);
    this.bounds.undo();
    if (undoPhase === 'startup') {
      this.full.hasBeenFull = false;
      if (model.phase !== 'probeRtt') model.phase = 'startup';
    } else if (undoPhase === 'probeBwUp' && model.phase !== 'probeBwUp') {
      if (model.phase !== 'probeRtt') this.cycle.startRefill();
    }
  }
}
