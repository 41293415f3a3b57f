/**
 * A path group holds the congestion budget of everything that shares one path: how much may be in
 * flight, and how fast it may leave. It has one connection today; parallel connections of one
 * transfer will share one group.
 */
import type { Random } from '../util/random.ts';
import type { ConnectionConfig } from './config.ts';
import type { AckSample, CongestionController } from './congestion/controller.ts';
import { createController } from './congestion/create.ts';
import { ProportionalRateReduction } from './congestion/prr.ts';
import { Pacer } from './pacer.ts';

/**
 * P-PACE-01: a window is spread over a little less than a round trip, so that it and not the pace
 * is the brake; over half a round trip while it doubles (RFC 9002 §7.7, Linux).
 */
const PACING_GAIN = 1.25;
const SLOW_START_PACING_GAIN = 2;

export class PathGroup {
  controller: CongestionController;
  /** Bytes in flight of all members. */
  flightBytes = 0;
  /** Whether, when a member last had its turn to send, only the window said no. */
  isCwndLimited = false;
  /** When the pace lets the next train leave; Infinity while it holds nothing back. */
  pacedUntilMs = Infinity;
  /** Most bytes in flight in this round trip and in the one before. */
  private peakBytes = 0;
  private priorPeakBytes = 0;
  private peakAtMs = -Infinity;
  private bytesPerMs = Infinity;
  private smssBytes: number;
  private pacer = new Pacer();
  /** Rules instead of the window while a recovery lasts (P-CC-04). */
  private readonly prr: ProportionalRateReduction;
  private isReducing = false;
  private readonly config: ConnectionConfig;
  private readonly random: Random;

  constructor(config: ConnectionConfig, random: Random) {
    this.config = config;
    this.random = random;
    this.smssBytes = config.segmentBytes;
    this.controller = createController(config, config.segmentBytes, random);
    this.prr = new ProportionalRateReduction(config.segmentBytes);
  }

  /** Another path: what was learnt of the old one is forgotten. */
  reset(segmentBytes: number): void {
    this.controller = createController(this.config, segmentBytes, this.random);
    this.pacer = new Pacer();
    this.isReducing = false;
    this.pacedUntilMs = Infinity;
    this.bytesPerMs = Infinity;
  }

  onSegmentSize(smssBytes: number): void {
    this.smssBytes = smssBytes;
    this.prr.smssBytes = smssBytes;
    this.controller.onSegmentSize(smssBytes);
  }

  /**
   * P-CC-03: whether the window was the brake. The pace may be it too, and one that was set by an
   * old round trip; so a window counts as used while half of it is (RFC 7661, Linux).
   */
  isUsed(nowMs: number, ackedBytes: number, priorFlightBytes: number, srttMs: number): boolean {
    if (nowMs - this.peakAtMs >= srttMs) {
      this.priorPeakBytes = this.peakBytes;
      this.peakBytes = 0;
      this.peakAtMs = nowMs;
    }
    this.peakBytes = Math.max(this.peakBytes, priorFlightBytes);
    const peakBytes = Math.max(this.peakBytes, this.priorPeakBytes);
    // A window that is no whole number of segments is never quite full.
    const mostBytes = 2 * peakBytes + this.smssBytes;
    return this.isCwndLimited && this.controller.cwndBytes + ackedBytes < mostBytes;
  }

  /** @param isCumulative whether `sndUna` advanced */
  onAck(sample: AckSample, isCumulative: boolean): void {
    this.controller.onAck(sample);
    const isSafe = isCumulative && sample.lostBytes === 0;
    if (this.isReducing) this.prr.onAck(sample.ackedBytes, sample.flightBytes, isSafe);
    this.onRoundTrip(sample.srttMs);
    this.pacer.onRoundTrip(sample.minRttMs, sample.srttMs);
  }

  /** The pace follows window and round trip. @param srttMs 0 while there is none */
  onRoundTrip(srttMs: number): void {
    const { controller } = this;
    if (srttMs === 0 || !this.config.isPaced) return;
    const isDoubling = controller.cwndBytes < controller.ssthreshBytes;
    const gain = isDoubling ? SLOW_START_PACING_GAIN : PACING_GAIN;
    this.bytesPerMs = controller.pacingBytesPerMs ?? (gain * controller.cwndBytes) / srttMs;
  }

  /** @param flightBytes before the acknowledgement that told of the loss */
  onLossEpisode(nowMs: number, flightBytes: number): void {
    const usedBytes = this.usedBytes(flightBytes);
    this.controller.onLossEpisode(nowMs, usedBytes);
    this.isReducing = this.controller.isWindowBased;
    if (this.isReducing) this.prr.start(usedBytes, this.controller.ssthreshBytes);
  }

  /** The recovery is over, or something else than it rules the window. */
  endReduction(): void {
    this.isReducing = false;
  }

  /** @param isAppLimited whether, until now, there was nothing to send for a while */
  onSent(nowMs: number, bytes: number, isAppLimited: boolean): void {
    this.controller.onSent(nowMs, bytes, this.flightBytes, isAppLimited);
    this.pacer.onSent(bytes);
    if (this.isReducing) this.prr.onSent(bytes);
  }

  /** P-MTU-01: a probe of the path's size is not in flight, but it takes its time on the line. */
  onSizeProbe(bytes: number): void {
    this.pacer.onSent(bytes);
  }

  /**
   * FlightSize for RFC 5681 (4): what the window was full of. Several acknowledgements may be taken
   * in before the next segment leaves, so `flightBytes` alone would be short by what they freed.
   */
  usedBytes(flightBytes: number): number {
    return this.isCwndLimited ? Math.max(flightBytes, this.controller.cwndBytes) : flightBytes;
  }

  /** What the window would still take. */
  get roomBytes(): number {
    if (this.isReducing) return this.prr.budgetBytes;
    return this.controller.cwndBytes - this.flightBytes;
  }

  /**
   * Whether `bytes` more may be in flight; a refusal is remembered as the window's doing, and one
   * by the pace in `pacedUntilMs`. An idle path always takes one segment, even one larger than a
   * window that has shrunk.
   */
  mayStart(nowMs: number, bytes: number): boolean {
    if (this.flightBytes === 0) return true;
    if (bytes > this.roomBytes) {
      this.isCwndLimited = true;
      return false;
    }
    if (this.pacer.maySend(nowMs, bytes, this.bytesPerMs, this.smssBytes)) return true;
    this.pacedUntilMs = this.pacer.readyMs;
    return false;
  }
}
