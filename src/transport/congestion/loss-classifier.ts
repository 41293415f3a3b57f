/**
 * Tells the loss of a path itself (radio, damage, bad cables) from the loss of full queues and of
 * policers, by two experiments that BBR makes anyway.
 *
 * Slowing down: what is still lost at nine tenths of the rate, with no queue in the round trips, is
 * the path's own. A policer or a small buffer loses nothing then. Speeding up at the start: as long
 * as each round delivers a quarter more than the one before, nothing was full before.
 *
 * P-CC-25: so a share is known that is lost whatever we send. What is lost beyond it and its noise
 * may be congestion.
 */
import { LOSS_THRESHOLD } from './bbr-settings.ts';
import type { LossSample } from './samples.ts';

/** P-CC-28: with more lost than this, or less on the way, nothing is taken for the path's own. */
export const OWN_SHARE_CEILING = 0.25;
const LEAST_BDP_SEGMENTS = 16;
/** P-CC-28: deviations by which a share has to be beyond the ceiling, or it may be chance. */
const CEILING_DEVIATIONS = 1;
/** Round trips that are looked at for a queue; the smallest counts, noise only adds. */
const RECENT_RTTS = 16;
/** A queue shows by this much over the smallest round trip (as HyStart, RFC 9406 §4.2). */
const LEAST_QUEUE_MS = 4;
const QUEUE_SHARE = 1 / 8;
/** P-CC-28: a queue was seen, however small, within this time… */
const LEAST_SEEN_MS = 0.5;
const SEEN_SHARE = 3 / 16;
const QUEUE_MEMORY_MS = 10_000;
/** Weight of the newest difference between round trips in their jitter. */
const JITTER_GAIN = 1 / 32;
/** Half of what is known is forgotten once it is this old; segments. */
const MEMORY_SEGMENTS = 1024;
/** Deviations beyond the known share that may be chance. */
const DEVIATIONS = 3;
/** A loss that stays at this much of itself when less is sent does not depend on the rate… */
const CONSTANT_SHARE = 2 / 3;
/** …nor one that chance may have made less, by one deviation and no more than this much of it. */
const CHANCE_SHARE = 1 / 3;
/** P-CC-28: segments that have to be sent slowly before anything is believed. */
const LEAST_SLOW_SEGMENTS = 32;

export class LossClassifier {
  /** Share of what is sent that the path loses whatever we do. */
  ownShare = 0;
  /** Within the current round. */
  lostBytes = 0;
  ackedBytes = 0;
  lostRuns = 0;
  /** Whether the newest round trips have met a queue. */
  isQueueing = false;
  /** P-CC-28: whether a queue was ever seen, and so lately that an empty one can be told. */
  hasSeenQueue = false;
  private mayKnow = false;
  /** The smallest round trip as it was known. */
  private leastMs = Infinity;
  private queueSeenMs = -Infinity;
  private readonly isActive: boolean;
  private smssBytes: number;
  private readonly rtts = new Float64Array(RECENT_RTTS).fill(Infinity);
  private nextRtt = 0;
  private latestMs = Number.NaN;
  private jitterMs = 0;
  private isRunOpen = false;
  /** What was sent slowly, by the counts of delivered bytes when it left. */
  private slowFrom = Infinity;
  private slowUntil = Infinity;
  /** Losses of what was sent slowly, and at the usual rate. */
  private readonly slow = new Tally();
  private readonly usual = new Tally();
  /** Of rounds of Startup that did not fill the path; of the newest round, and the one before. */
  private readonly early = new Tally();
  private readonly newest = new Tally();
  private readonly before = new Tally();

  /** @param isActive whether there is an own share at all */
  constructor(isActive: boolean, smssBytes: number) {
    this.isActive = isActive;
    this.smssBytes = smssBytes;
  }

  setSegmentSize(smssBytes: number): void {
    this.smssBytes = smssBytes;
  }

  /** @param rttMs NaN for none */
  onRtt(nowMs: number, rttMs: number, minRttMs: number): void {
    if (!(rttMs >= 0)) return;
    const { latestMs } = this;
    if (latestMs >= 0) this.jitterMs += JITTER_GAIN * (Math.abs(rttMs - latestMs) - this.jitterMs);
    this.latestMs = rttMs;
    this.rtts[this.nextRtt] = rttMs;
    this.nextRtt = (this.nextRtt + 1) % RECENT_RTTS;
    let smallest = Infinity;
    for (let i = 0; i < RECENT_RTTS; i += 1) smallest = Math.min(smallest, this.rtts[i]!);
    const queueMs = Math.max(LEAST_QUEUE_MS, QUEUE_SHARE * minRttMs, this.jitterMs);
    this.isQueueing = smallest > minRttMs + queueMs;
    // The queue was never empty before: what was taken for none was one.
    if (minRttMs < (1 - QUEUE_SHARE) * this.leastMs) this.forget();
    this.leastMs = minRttMs;
    const seenMs = Math.max(LEAST_SEEN_MS, SEEN_SHARE * minRttMs, this.jitterMs);
    if (smallest > minRttMs + seenMs) this.queueSeenMs = nowMs;
    this.hasSeenQueue = this.queueSeenMs !== -Infinity;
    this.mayKnow = nowMs - this.queueSeenMs <= QUEUE_MEMORY_MS;
  }

  onLost(loss: LossSample): void {
    this.lostBytes += loss.bytes;
    const run = this.isRunOpen ? 0 : 1;
    this.isRunOpen = true;
    this.lostRuns += run;
    this.newest.add(loss.bytes, loss.bytes, run);
    if (this.isSlow(loss.priorDeliveredBytes)) this.slow.add(loss.bytes, loss.bytes, run);
  }

  /** @param priorDelivered count of delivered bytes when the newest segment told of left */
  onAcked(bytes: number, priorDelivered: number): void {
    this.isRunOpen = false;
    this.ackedBytes += bytes;
    this.newest.add(0, bytes, 0);
    if (this.isSlow(priorDelivered)) this.slow.add(0, bytes, 0);
  }

  /**
   * A round of Startup is over. Once a round has grown, the path carries more than what was told
   * of in the round before it had been sent at.
   */
  onStartupRound(hasGrown: boolean): void {
    const { early, newest, before } = this;
    if (hasGrown) early.add(before.lostBytes, before.sentBytes, before.runs);
    before.clear();
    if (!this.isQueueing) before.add(newest.lostBytes, newest.sentBytes, newest.runs);
    newest.clear();
  }

  /** Startup is over: what was learnt in it is what any later trial would tell. */
  onStartupOver(): void {
    const { lostBytes, sentBytes, runs } = this.early;
    if (!this.isActive || this.early.share > OWN_SHARE_CEILING) return;
    this.usual.add(lostBytes, sentBytes, runs);
    this.slow.add(lostBytes, sentBytes, runs);
    this.early.clear();
  }

  private isSlow(priorDelivered: number): boolean {
    const isSlow = priorDelivered >= this.slowFrom && priorDelivered < this.slowUntil;
    return isSlow && !this.isQueueing;
  }

  /** Whether from now on clearly less is sent than the path has just carried. */
  setSlow(isSlow: boolean, deliveredBytes: number): void {
    const wasSlow = this.slowFrom !== Infinity && this.slowUntil === Infinity;
    if (isSlow && !wasSlow) {
      this.slowFrom = deliveredBytes;
      this.slowUntil = Infinity;
    } else if (!isSlow && wasSlow) {
      this.slowUntil = deliveredBytes;
    }
  }

  /**
   * A round is over.
   * @param isUsual whether it was sent at the rate of the model
   * @param bdpBytes what fills the path
   */
  endRound(isUsual: boolean, bdpBytes: number): void {
    const { lostBytes, lostRuns, usual } = this;
    const sentBytes = lostBytes + this.ackedBytes;
    if (isUsual && !this.isQueueing) usual.add(lostBytes, sentBytes, lostRuns);
    if (this.isActive) this.learn(bdpBytes);
  }

  /** Another round begins. */
  startRound(): void {
    this.lostBytes = 0;
    this.ackedBytes = 0;
    this.lostRuns = 0;
  }

  private forget(): void {
    this.usual.clear();
    this.slow.clear();
    this.early.clear();
    this.before.clear();
  }

  /** Does less get lost when less is sent? Then only what is left is the path's own. */
  private learn(bdpBytes: number): void {
    const { slow, usual } = this;
    const most = MEMORY_SEGMENTS * this.smssBytes;
    if (slow.sentBytes > most) slow.halve();
    if (usual.sentBytes > most) usual.halve();
    // However little was sent slowly, something of it has to be lost too: a policer loses nothing.
    const chance = Math.min(this.scatter(usual.share, slow.sentBytes), usual.share * CHANCE_SHARE);
    const isConstant = slow.share + chance >= CONSTANT_SHARE * usual.share;
    const known = isConstant ? usual : slow;
    const isTried = slow.sentBytes >= LEAST_SLOW_SEGMENTS * this.smssBytes;
    const isFilled = bdpBytes >= LEAST_BDP_SEGMENTS * this.smssBytes;
    const isTrusted = this.mayKnow && isTried && isFilled;
    const least = known.share - CEILING_DEVIATIONS * this.scatter(known.share, known.sentBytes);
    this.ownShare = isTrusted && least <= OWN_SHARE_CEILING ? known.share : 0;
  }

  /** Standard deviation of the share lost of `bytes`, if that is `share` by chance alone. */
  private scatter(share: number, bytes: number): number {
    const { usual, smssBytes } = this;
    // Losses that come in runs of a mean length L scatter 2L - 1 times as much.
    const run = Math.max(1, usual.lostBytes / smssBytes / Math.max(1, usual.runs));
    return Math.sqrt((share * (1 - share) * (2 * run - 1)) / Math.max(1, bytes / smssBytes));
  }

  /** Share of a flight of `flightBytes` whose loss is no chance any more. */
  threshold(flightBytes: number): number {
    return this.beyondChance(this.ownShare, flightBytes, this.usual.sentBytes);
  }

  /** The same in Startup, where the own share is not known yet. */
  startupThreshold(flightBytes: number): number {
    const { share, sentBytes } = this.early;
    const isKnown = this.isActive && share <= OWN_SHARE_CEILING;
    return this.beyondChance(isKnown ? share : 0, flightBytes, sentBytes);
  }

  /** @param knownBytes from which `share` is known */
  private beyondChance(share: number, flightBytes: number, knownBytes: number): number {
    if (share === 0) return LOSS_THRESHOLD;
    const flight = this.scatter(share, flightBytes);
    return (
      LOSS_THRESHOLD + share + DEVIATIONS * Math.hypot(flight, this.scatter(share, knownBytes))
    );
  }

  /** Factor from what was delivered to what was carried before the path lost its share of it. */
  carriedPerDelivered(deliveredBytes: number, lostBytes: number): number {
    const { ownShare } = this;
    if (ownShare === 0 || deliveredBytes <= 0) return 1;
    return 1 + Math.min(lostBytes / deliveredBytes, ownShare / (1 - ownShare));
  }
}

/** Bytes lost of bytes sent, and in how many runs. */
class Tally {
  lostBytes = 0;
  sentBytes = 0;
  runs = 0;

  get share(): number {
    return this.sentBytes > 0 ? this.lostBytes / this.sentBytes : 0;
  }

  add(lostBytes: number, sentBytes: number, runs: number): void {
    this.lostBytes += lostBytes;
    this.sentBytes += sentBytes;
    this.runs += runs;
  }

  halve(): void {
    this.lostBytes /= 2;
    this.sentBytes /= 2;
    this.runs /= 2;
  }

  clear(): void {
    this.lostBytes = 0;
    this.sentBytes = 0;
    this.runs = 0;
  }
}
