/**
 * BBRv3 (draft-ietf-ccwg-bbr, August 2026) and its loss-tolerant mode: a controller that models its
 * path by rate of delivery and smallest round trip instead of counting losses. Startup, Drain, the
 * order of work on an acknowledgement and the pacing rate are here; `bbr-cycle.ts` probes for
 * bandwidth, `bbr-reaction.ts` says what losses do, `bbr-window.ts` keeps the window.
 *
 * Rates are bytes per ms. In the tolerant mode they count what was carried: what was delivered, and
 * the path's own loss besides (`loss-classifier.ts`). Sent at that rate, the path is full.
 */
import type { Random } from '../../util/random.ts';
import { BbrBounds } from './bbr-bounds.ts';
import { BbrCycle } from './bbr-cycle.ts';
import { BbrModel } from './bbr-model.ts';
import { BbrReaction } from './bbr-reaction.ts';
import {
  type BbrSettings,
  DRAIN_ROUNDS,
  EXTRA_ACKED_ROUNDS,
  GAINS,
  PACING_MARGIN,
} from './bbr-settings.ts';
import { BbrWindow } from './bbr-window.ts';
import type { AckSample, CongestionController, ModelPhase } from './controller.ts';
import { FullPipe } from './full-pipe.ts';
import { LossClassifier } from './loss-classifier.ts';
import { MinRtt } from './min-rtt.ts';
import { ProbeRtt } from './probe-rtt.ts';
import type { LossSample } from './samples.ts';

/** P-CC-26: a round trip this much above the smallest confirms it in the tolerant mode. */
const CONFIRMING_NEARNESS = 1 / 32;
/** Of the rate that is carried: what is still lost at this rate is the path's own loss. */
const SLOW_SHARE = 0.92;
/** Weight of the newest rate in their mean. */
const MEAN_GAIN = 1 / 8;
/** Pacing while it is tried whether less is lost when less is sent. */
const CHECK_GAIN = 0.75;
/** P-CC-27: of the window before an outage, what the first sign of life after it gives back. */
const RESUMED_SHARE = 0.5;

export class Bbr implements CongestionController {
  readonly name: string;
  readonly fixedTimeoutMs = undefined;
  readonly isWindowBased = false;
  readonly ssthreshBytes = Infinity;
  pacingBytesPerMs: number | undefined = undefined;
  private readonly isTolerant: boolean;
  private readonly initialBytes: number;
  private readonly model: BbrModel;
  private readonly bounds = new BbrBounds();
  private readonly full = new FullPipe();
  private readonly losses: LossClassifier;
  private readonly cycle: BbrCycle;
  private readonly reaction: BbrReaction;
  private readonly window: BbrWindow;
  private readonly minRtt = new MinRtt();
  private readonly probeRtt: ProbeRtt;
  /** What the acknowledgement in hand tells of: rate, volume of its round trip, who limited it. */
  private rateBytesPerMs = 0;
  private roundBytes = 0;
  private isLimited = false;
  private meanBytesPerMs = 0;
  private drainRound = 0;
  private isIdleRestart = false;
  private isRecovering = false;
  /** Whether what came before the losses in hand has been kept. */
  private hasSaved = false;
  private timedOutBytes = 0;
  /** Count of deliveries at the last timeout, while its window is not restored; -1 for none. */
  private timedOutDelivered = -1;
  /** Whether all was silent, and nothing has been heard since. */
  private isSilent = false;

  constructor(settings: BbrSettings, smssBytes: number, random: Random) {
    const { isLossTolerant } = settings;
    this.name = settings.name;
    this.isTolerant = isLossTolerant;
    this.initialBytes = settings.initialWindowSegments * smssBytes;
    this.model = new BbrModel(smssBytes);
    this.losses = new LossClassifier(isLossTolerant, smssBytes);
    this.cycle = new BbrCycle(this.model, this.bounds, this.full, this.losses, random);
    this.reaction = new BbrReaction(
      isLossTolerant,
      this.model,
      this.bounds,
      this.full,
      this.losses,
      this.cycle,
    );
    this.window = new BbrWindow(this.initialBytes, this.model, this.bounds);
    this.probeRtt = new ProbeRtt(this.model);
  }

  get cwndBytes(): number {
    return this.window.bytes;
  }

  /** The window, or what it was before a timeout that is not over yet. */
  private get usualCwndBytes(): number {
    const { bytes, priorBytes } = this.window;
    return this.timedOutDelivered < 0 ? bytes : Math.max(bytes, priorBytes);
  }

  get phase(): ModelPhase {
    return this.model.phase;
  }

  /** P-CC-23: restarting from idle at exactly the estimated rate. */
  onSent(nowMs: number, _bytes: number, flightBytes: number, isAppLimited: boolean): void {
    if (flightBytes > 0 || !isAppLimited) return;
    this.isIdleRestart = true;
    this.model.restartExtraAcked(nowMs);
    if (this.cycle.isInCycle) this.pace(1);
    else if (this.phase === 'probeRtt' && this.probeRtt.isTimeOver(nowMs)) this.endProbeRtt(nowMs);
  }

  onAck(sample: AckSample): void {
    const { model, bounds, losses } = this;
    this.timedOutBytes = 0;
    this.hasSaved &&= this.isRecovering;
    this.paceFirst(sample.srttMs);
    losses.onRtt(sample.nowMs, sample.rttMs, model.minRttMs);
    losses.onAcked(sample.ackedBytes, sample.rate.priorDeliveredBytes);
    this.read(sample);
    bounds.begin(sample.rate, this.rateBytesPerMs, this.roundBytes);
    model.updateMaxBw(this.rateBytesPerMs, this.isLimited);
    this.updateExtraAcked(sample);
    this.checkFullPipe();
    if (bounds.isRoundStart) {
      this.reaction.endRound(this.usualCwndBytes, sample.rate.priorDeliveredBytes);
    }
    this.advance(sample);
    this.comeBack(sample);
    const isGrowing = this.isTolerant && !this.full.hasBeenFull;
    this.minRtt.update(sample.nowMs, sample.rttMs, isGrowing ? CONFIRMING_NEARNESS : 0);
    model.minRttMs = this.minRtt.ms;
    this.checkProbeRtt(sample);
    bounds.end(sample.rate, this.rateBytesPerMs, this.roundBytes);
    model.bwBytesPerMs = Math.min(model.maxBwBytesPerMs, bounds.bwShortBytesPerMs);
    this.control(sample.ackedBytes);
  }

  /** P-CC-21: the first window is spread by the first round trip that is known. */
  private paceFirst(srttMs: number): void {
    if (this.pacingBytesPerMs !== undefined || !(srttMs > 0)) return;
    this.pacingBytesPerMs = (GAINS.startup.pacing * this.initialBytes) / srttMs;
  }

  /** After a timeout or an outage something is delivered again. */
  private comeBack(sample: AckSample): void {
    if (sample.ackedBytes === 0) return;
    if (this.isSilent) {
      // P-CC-27: what was known is old but no worse than nothing; a probe begins with half of it.
      this.isSilent = false;
      this.timedOutDelivered = -1;
      this.bounds.flightLongBytes = Infinity;
      this.bounds.resetShortTerm();
      this.window.restore(RESUMED_SHARE);
      if (this.full.hasBeenFull) this.cycle.startRefill();
      return;
    }
    const { timedOutDelivered } = this;
    if (timedOutDelivered < 0 || sample.rate.priorDeliveredBytes < timedOutDelivered) return;
    this.timedOutDelivered = -1;
    this.window.restore();
  }

  private read(sample: AckSample): void {
    this.model.updateRound(sample);
    const { rate } = sample;
    this.isLimited = rate.isAppLimited || this.probeRtt.hasHeldBack(rate.priorDeliveredBytes);
    const delivered = rate.deliveredBytes - rate.priorDeliveredBytes;
    const factor = this.losses.carriedPerDelivered(delivered, rate.lostBytes);
    this.rateBytesPerMs = factor * rate.bytesPerMs;
    this.roundBytes = rate.txInFlightBytes > 0 ? factor * delivered : 0;
    if (rate.bytesPerMs <= 0) return;
    this.meanBytesPerMs += MEAN_GAIN * (this.rateBytesPerMs - this.meanBytesPerMs);
  }

  private updateExtraAcked(sample: AckSample): void {
    const expected = this.model.bwBytesPerMs * (1 - this.losses.ownShare);
    const rounds = this.full.hasBeenFull ? EXTRA_ACKED_ROUNDS : 1;
    this.model.updateExtraAcked(sample, expected, rounds, this.cwndBytes);
  }

  private checkFullPipe(): void {
    if (!this.model.isRoundStart || this.isLimited || this.rateBytesPerMs <= 0) return;
    const hasGrown = this.full.check(this.rateBytesPerMs);
    if (this.phase === 'startup') this.losses.onStartupRound(hasGrown);
  }

  /** The phases, but for ProbeRTT. */
  private advance(sample: AckSample): void {
    const { model, full, cycle } = this;
    if (model.phase === 'startup' && full.hasBeenFull) {
      model.phase = 'drain';
      this.drainRound = model.rounds;
      this.losses.onStartupOver();
    }
    const bdpBytes = model.flightFor(1, 0, this.pacingBytesPerMs ?? 0);
    if (model.phase === 'drain') {
      this.reaction.onDrain();
      const isLate = model.rounds > this.drainRound + DRAIN_ROUNDS;
      if (isLate || sample.flightBytes <= bdpBytes) cycle.startDown(sample.nowMs);
    }
    if (full.hasBeenFull) cycle.update(sample, this.rateBytesPerMs, bdpBytes, this.cwndBytes);
  }

  private checkProbeRtt(sample: AckSample): void {
    if (this.phase !== 'probeRtt' && this.minRtt.isProbeDue && !this.isIdleRestart) {
      this.window.save(this.isRecovering);
      this.probeRtt.start();
      this.cycle.stopProbing();
    }
    if (this.phase === 'probeRtt') {
      this.probeRtt.hold(sample, this.window.probeRttBytes);
      if (this.probeRtt.isOver(sample.nowMs)) this.endProbeRtt(sample.nowMs);
    }
    if (sample.ackedBytes > 0) this.isIdleRestart = false;
  }

  private endProbeRtt(nowMs: number): void {
    this.minRtt.onProbed(nowMs);
    this.window.restore();
    this.bounds.resetShortTerm();
    if (this.full.hasBeenFull) {
      this.cycle.startDown(nowMs);
      this.cycle.startCruise();
    } else {
      this.model.phase = 'startup';
    }
  }

  private control(ackedBytes: number): void {
    const { model, full } = this;
    const isChecking = this.reaction.check === 'slow' && this.phase === 'probeBwCruise';
    this.pace(isChecking ? CHECK_GAIN : GAINS[this.phase].pacing);
    const pacingBytesPerMs = this.pacingBytesPerMs ?? 0;
    this.window.update(ackedBytes, full.hasBeenFull, pacingBytesPerMs);
    const isSlow = full.hasBeenFull && pacingBytesPerMs <= SLOW_SHARE * this.meanBytesPerMs;
    this.losses.setSlow(isSlow, model.deliveredBytes);
  }

  /** Until the pipe has been full the rate only rises: what limited it may have been the sender. */
  private pace(gain: number): void {
    const rate = gain * this.model.bwBytesPerMs * PACING_MARGIN;
    if (rate <= 0) return;
    const isFaster = this.pacingBytesPerMs === undefined || rate > this.pacingBytesPerMs;
    if (this.full.hasBeenFull || isFaster) this.pacingBytesPerMs = rate;
  }

  onSegmentLost(loss: LossSample): void {
    if (loss.isTimeout) this.timedOutBytes += loss.bytes;
    if (!this.isRecovering && !this.hasSaved) {
      this.hasSaved = true;
      this.window.save(this.phase === 'probeRtt');
      this.reaction.save();
    }
    this.reaction.onLost(loss, this.cwndBytes);
  }

  onLossEpisode(): void {
    this.isRecovering = true;
  }

  onRecovered(): void {
    this.isRecovering = false;
    this.window.restore();
  }

  onSpuriousEpisode(): void {
    this.isRecovering = false;
    this.timedOutDelivered = -1;
    this.window.restore();
    this.reaction.undo();
  }

  /** Draft, "Modulating cwnd in Loss Recovery". */
  onRetransmissionTimeout(_nowMs: number, flightBytes: number): void {
    if (this.timedOutDelivered < 0) this.window.save(this.isRecovering);
    this.isRecovering = false;
    this.timedOutDelivered = this.model.deliveredBytes;
    this.window.collapse(Math.max(0, flightBytes - this.timedOutBytes));
    this.timedOutBytes = 0;
  }

  onPersistentCongestion(): void {
    this.window.save(true);
    this.window.bytes = this.model.floorBytes;
    this.isSilent = true;
    this.isIdleRestart = true;
  }

  onSegmentSize(smssBytes: number): void {
    this.model.smssBytes = smssBytes;
    this.losses.setSegmentSize(smssBytes);
    this.window.bytes = Math.max(this.cwndBytes, this.model.floorBytes);
  }
}
