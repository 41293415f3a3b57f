/**
 * CUBIC (RFC 9438): after a loss the window returns to where it was, W_max, along a cubic curve of
 * the time since, and probes beyond it; never slower than NewReno would. Slow start ends by
 * HyStart++ (RFC 9406). Sections below are RFC 9438's. Its windows count segments, ours bytes.
 */
import type { AckSample, CongestionController, WindowPhase } from './controller.ts';
import { HyStart } from './hystart.ts';

/** P-CC-10: paced, so that a larger first window than RFC 6928's is no burst. */
const INITIAL_WINDOW_SEGMENTS = 32;
/** C, in segments per cubic second, and beta (§4.6, §5.1). */
const CUBIC_SCALE = 0.4;
const BETA = 0.7;
/** A share of acknowledged bytes that makes beta 0.7 as fast as NewReno's half (§4.3). */
const FRIENDLY_ALPHA = (3 * (1 - BETA)) / (1 + BETA);
/** No target is further from the window than this (§4.2). */
const MAX_TARGET_SHARE = 1.5;
const MIN_THRESHOLD_SEGMENTS = 2;
/** The floor of RFC 6298's timeout, by which RFC 5681 §4.1 tells idleness. */
const MIN_IDLE_MS = 1000;

/** What an episode changes, kept until it is known not to have been spurious (§4.9). */
interface Saved {
  readonly cwndBytes: number;
  readonly ssthreshBytes: number;
  readonly priorCwndBytes: number;
  readonly wMaxBytes: number;
  readonly estimateBytes: number;
  readonly kMs: number;
  readonly elapsedMs: number;
  readonly hasEpoch: boolean;
}

export class Cubic implements CongestionController {
  readonly name = 'cubic';
  readonly isWindowBased = true;
  readonly fixedTimeoutMs = undefined;
  readonly pacingBytesPerMs = undefined;
  cwndBytes: number;
  ssthreshBytes = Infinity;
  phase: WindowPhase = 'slowStart';
  private smssBytes: number;
  private readonly initialSegments: number;
  private readonly hystart = new HyStart();
  /** W_max; 0 while no loss has told of one. */
  private wMaxBytes = 0;
  /** The window when ssthresh was last set: `cwnd_prior` (§4.3). */
  private priorCwndBytes = 0;
  /** W_est: what NewReno's window would be. */
  private estimateBytes = 0;
  /** When the curve meets W_max, and where on it we are; both since the epoch began. */
  private kMs = 0;
  private elapsedMs = 0;
  private hasEpoch = false;
  private lastAckMs = 0;
  private srttMs = 0;
  private saved: Saved | undefined;

  constructor(smssBytes: number, initialSegments = INITIAL_WINDOW_SEGMENTS) {
    this.smssBytes = smssBytes;
    this.initialSegments = initialSegments;
    this.cwndBytes = initialSegments * smssBytes;
  }

  /**
   * P-CC-14: time without anything in flight is no part of the epoch, measured from the last
   * acknowledgement: what passed between the last segment and its acknowledgement was not idle.
   */
  onSent(nowMs: number, _bytes: number, flightBytes: number): void {
    if (flightBytes > 0) return;
    this.decay(nowMs - this.lastAckMs);
    this.lastAckMs = nowMs;
  }

  /** P-CC-15: half the window per idle timeout, down to the first window (RFC 5681 §4.1). */
  private decay(idleMs: number): void {
    const timeouts = Math.floor(idleMs / Math.max(MIN_IDLE_MS, 2 * this.srttMs));
    const floorBytes = this.initialSegments * this.smssBytes;
    if (timeouts === 0 || this.cwndBytes <= floorBytes) return;
    this.ssthreshBytes = Math.max(this.ssthreshBytes, (3 * this.cwndBytes) / 4);
    this.cwndBytes = Math.max(floorBytes, this.cwndBytes / 2 ** timeouts);
    this.phase = 'slowStart';
    this.hasEpoch = false;
    this.saved = undefined;
  }

  onAck(sample: AckSample): void {
    const sinceMs = sample.nowMs - this.lastAckMs;
    this.lastAckMs = sample.nowMs;
    this.srttMs = sample.srttMs;
    if (this.phase === 'slowStart') this.slowStart(sample);
    else if (this.phase === 'congestionAvoidance' && this.canGrow(sample)) {
      this.avoid(sinceMs, sample.ackedBytes);
    }
  }

  /** P-CC-03: neither a window that was not the brake nor one in recovery grows. */
  private canGrow(sample: AckSample): boolean {
    return sample.isCwndLimited && !sample.isInRecovery;
  }

  private slowStart(sample: AckSample): void {
    const isFirst = this.ssthreshBytes === Infinity;
    if (this.canGrow(sample)) {
      this.cwndBytes += sample.ackedBytes / (isFirst ? this.hystart.growthDivisor : 1);
    }
    // RFC 9406 §4.2: only the first slow start has no threshold to end it.
    if (isFirst && this.hystart.onAck(sample.rttMs, sample.rate)) {
      this.ssthreshBytes = this.cwndBytes;
    }
    if (this.cwndBytes < this.ssthreshBytes) return;
    this.cwndBytes = this.ssthreshBytes;
    this.phase = 'congestionAvoidance';
  }

  private avoid(sinceMs: number, ackedBytes: number): void {
    if (this.hasEpoch) this.elapsedMs += sinceMs;
    else this.beginEpoch();
    // Beyond one window's worth the target would be overshot.
    const share = Math.min(1, ackedBytes / this.cwndBytes);
    const alpha = this.estimateBytes >= this.priorCwndBytes ? 1 : FRIENDLY_ALPHA;
    this.estimateBytes += alpha * this.smssBytes * share;
    if (this.curveBytes(this.elapsedMs) < this.estimateBytes) {
      this.cwndBytes = Math.max(this.cwndBytes, this.estimateBytes);
      return;
    }
    const highest = MAX_TARGET_SHARE * this.cwndBytes;
    const targetBytes = Math.min(highest, this.curveBytes(this.elapsedMs + this.srttMs));
    this.cwndBytes += Math.max(0, targetBytes - this.cwndBytes) * share;
  }

  /** P-CC-12: at or above W_max, or where none is known, the curve starts at its plateau. */
  private beginEpoch(): void {
    this.hasEpoch = true;
    this.elapsedMs = 0;
    this.estimateBytes = this.cwndBytes;
    this.wMaxBytes = Math.max(this.wMaxBytes, this.cwndBytes);
    const missing = (this.wMaxBytes - this.cwndBytes) / this.smssBytes;
    this.kMs = 1000 * Math.cbrt(missing / CUBIC_SCALE);
  }

  /** W_cubic(t) (§4.2). */
  private curveBytes(elapsedMs: number): number {
    const seconds = (elapsedMs - this.kMs) / 1000;
    return this.wMaxBytes + CUBIC_SCALE * seconds ** 3 * this.smssBytes;
  }

  onLossEpisode(_nowMs: number, flightBytes: number): void {
    this.saved = this.snapshot();
    // §4.7, fast convergence: a window that did not get back to W_max leaves room for others.
    const isShrinking = this.cwndBytes < this.wMaxBytes;
    this.wMaxBytes = isShrinking ? (this.cwndBytes * (1 + BETA)) / 2 : this.cwndBytes;
    this.lowerThreshold(flightBytes);
    this.cwndBytes = this.ssthreshBytes;
    this.phase = 'fastRecovery';
  }

  private lowerThreshold(flightBytes: number): void {
    this.priorCwndBytes = this.cwndBytes;
    this.ssthreshBytes = Math.max(BETA * flightBytes, MIN_THRESHOLD_SEGMENTS * this.smssBytes);
    this.hasEpoch = false;
  }

  onRecovered(): void {
    if (this.phase === 'fastRecovery') this.phase = 'congestionAvoidance';
  }

  /** §4.8: as RFC 5681 §3.1, with beta, and without a W_max for what follows. */
  onRetransmissionTimeout(_nowMs: number, flightBytes: number, isRepeated: boolean): void {
    // What is saved is from before the whole episode, where this only goes on with one.
    if (this.phase !== 'fastRecovery' && !isRepeated) this.saved = this.snapshot();
    if (!isRepeated) this.lowerThreshold(flightBytes);
    this.collapse(this.smssBytes);
  }

  onPersistentCongestion(): void {
    this.saved = undefined;
    this.collapse(Math.min(this.cwndBytes, MIN_THRESHOLD_SEGMENTS * this.smssBytes));
  }

  private collapse(cwndBytes: number): void {
    this.wMaxBytes = 0;
    this.hasEpoch = false;
    this.cwndBytes = cwndBytes;
    this.phase = 'slowStart';
  }

  private snapshot(): Saved {
    const { cwndBytes, ssthreshBytes, priorCwndBytes, wMaxBytes } = this;
    const { estimateBytes, kMs, elapsedMs, hasEpoch } = this;
    const curve = { estimateBytes, kMs, elapsedMs, hasEpoch };
    return { cwndBytes, ssthreshBytes, priorCwndBytes, wMaxBytes, ...curve };
  }

  /** P-CC-13: all is as before, unless the window has regrown beyond that (§4.9). */
  onSpuriousEpisode(): void {
    const { saved } = this;
    this.saved = undefined;
    if (saved !== undefined && this.cwndBytes < saved.cwndBytes) Object.assign(this, saved);
    this.phase = this.cwndBytes < this.ssthreshBytes ? 'slowStart' : 'congestionAvoidance';
  }

  onSegmentLost(): void {
    // CUBIC answers episodes, not segments.
  }

  /** The curve counts segments, so another size begins another epoch, and nothing is undone. */
  onSegmentSize(smssBytes: number): void {
    this.smssBytes = smssBytes;
    this.cwndBytes = Math.max(this.cwndBytes, smssBytes);
    this.ssthreshBytes = Math.max(this.ssthreshBytes, MIN_THRESHOLD_SEGMENTS * smssBytes);
    this.hasEpoch = false;
    this.saved = undefined;
  }
}
