/**
 * Loss recovery: RACK (RFC 8985 §6), tail loss probe (§7), and each segment's own doubling timeout
 * as the last resort. `ack-processing.ts` feeds it what the peer told; it decides what is lost.
 */
import { assert } from '../util/assert.ts';
import { MIN_SEGMENT_BYTES } from '../wire/layout.ts';
import { BACKOFF_LEVELS } from './backoff-lists.ts';
import type { DeliveryRate } from './congestion/delivery-rate.ts';
import { Episodes } from './episodes.ts';
import { LostQueue } from './lost-queue.ts';
import type { PathGroup } from './path-group.ts';
import { PathMtu } from './path-mtu.ts';
import type { RttEstimator } from './rtt-estimator.ts';
import { SEGMENT, type SendWindow } from './send-window.ts';
import type { TraceSink } from './trace.ts';
import { FATE, type TransmissionLog } from './transmission-log.ts';

/** Later transmissions that must have arrived before one counts as lost at once (RFC 5681 §3.2). */
export const REORDERING_THRESHOLD = 3;
/** Floor of the tail loss probe's wait: a busy event loop is not a lost tail. */
const MIN_PROBE_MS = 10;
/** P-LOSS-02: segments of a probe after one that was not answered (RFC 9002 §6.2.4). */
const REPEATED_PROBE_SEGMENTS = 2;
/** Recoveries after which a widened reordering window is narrow again (RFC 8985 §6.2). */
const WINDOW_PERSISTS_RECOVERIES = 16;
const MAX_WINDOW_MULTIPLE = 16;

/** Differences below this are rounding of float milliseconds, not time. */
const CLOCK_GRAIN_MS = 0.001;

export interface RecoveryCounters {
  tailLossProbes: number;
  spuriousLosses: number;
}

export class Recovery {
  readonly counters: RecoveryCounters = {
    tailLossProbes: 0,
    spuriousLosses: 0,
  };
  /** P-LOSS-02: segments of a probe that are due, past the congestion window if need be. */
  probesDue = 0;
  /** The first segment found lost goes out whatever is in flight (RFC 6675 §5, RFC 6298 §5.4). */
  isFirstDue = false;
  /** The peer's promise: how long it may sit on an acknowledgement. */
  maxAckDelayMs = 25;
  /** RACK.segment: the newest transmission known to have arrived. */
  private rackTxn = -1;
  private rackRttMs = 0;
  private isReordering = false;
  private windowMultiple = 1;
  private recoveriesSinceSpurious = 0;
  private lossDeadlineMs = Infinity;
  private probeDeadlineMs = Infinity;
  /** Probes since something was last acknowledged, or timed out. */
  private unansweredProbes = 0;
  readonly episodes: Episodes;
  readonly mtu = new PathMtu();
  /** Bytes found lost since `takeLostBytes`. */
  private lostBytes = 0;
  private readonly lost: LostQueue;
  private readonly window: SendWindow;
  private readonly log: TransmissionLog;
  private readonly rtt: RttEstimator;
  private readonly path: PathGroup;
  private readonly rate: DeliveryRate;
  private readonly trace: TraceSink;
  private readonly id: number;

  constructor(
    window: SendWindow,
    log: TransmissionLog,
    rtt: RttEstimator,
    path: PathGroup,
    rate: DeliveryRate,
    trace: TraceSink,
    id: number,
  ) {
    this.window = window;
    this.lost = new LostQueue(window);
    this.log = log;
    this.rtt = rtt;
    this.path = path;
    this.rate = rate;
    this.trace = trace;
    this.id = id;
    this.episodes = new Episodes(window, log, rtt, path, trace, id);
  }

  /** First timeout of a segment, before any doubling. */
  get rtoMs(): number {
    return this.path.controller.fixedTimeoutMs ?? this.rtt.rtoMs(this.maxAckDelayMs);
  }

  /** Timeout at back-off `level`. P-RTO-03: doubled per timeout up to the path's cap. */
  timeoutMs(level: number): number {
    return Math.min(this.rtoMs * 2 ** level, Math.max(this.rtoMs, this.rtt.backoffCapMs));
  }

  /** A stream transmission left: the tail loss probe's clock starts anew (RFC 8985 §7.2). */
  onSent(nowMs: number): void {
    this.probesDue = 0;
    this.isFirstDue = false;
    this.armProbe(nowMs);
  }

  /** What is in flight that a probe repeats: the newest, then the oldest; -1 for none. */
  probeSeq(): number {
    const { window } = this;
    const isSecond = this.unansweredProbes > 1 && this.probesDue === 1;
    const isOldest = isSecond && window.stateOf(window.sndUna) === SEGMENT.IN_FLIGHT;
    return isOldest ? window.sndUna : window.newestInFlight();
  }

  /** A segment of the probe left. */
  onProbeSent(nowMs: number): void {
    this.counters.tailLossProbes += 1;
    this.probesDue -= 1;
    this.armProbe(nowMs);
  }

  /** Each probe waits twice as long as the one before, until something is acknowledged. */
  private armProbe(nowMs: number): void {
    if (this.path.controller.fixedTimeoutMs !== undefined) return; // the founding timers know none
    const hasOne = this.window.sndNxt - this.window.sndUna === 1;
    const answerMs = 2 * this.rtt.expectedMs + (hasOne ? this.maxAckDelayMs : 0);
    const firstMs = Math.max(
      MIN_PROBE_MS,
      this.rtt.hasSample ? answerMs : Math.min(answerMs, this.rtoMs),
    );
    const waitMs = firstMs * 2 ** this.unansweredProbes;
    // Where a timeout is as near, that asks.
    const isAsked = this.unansweredProbes > 0 && waitMs >= this.rtoMs;
    this.probeDeadlineMs = isAsked ? Infinity : nowMs + waitMs;
  }

  /** Transmission `txn` arrived; called for each one newly told, in any order. */
  onDelivered(nowMs: number, txn: number, wireBytes: number): void {
    const sentMs = this.log.sentMsOf(txn);
    if (txn > this.rackTxn) {
      this.rackTxn = txn;
      this.rackRttMs = nowMs - sentMs;
      this.episodes.onNewestDelivered();
    }
    if (wireBytes > MIN_SEGMENT_BYTES) this.mtu.onLargeArrived();
  }

  /** An older transmission than the newest known before this acknowledgement arrived late. */
  onReordering(): void {
    this.isReordering = true;
  }

  get newestDeliveredTxn(): number {
    return this.rackTxn;
  }

  /** P-LOSS-03: what was declared lost arrived after all; the window for late ones was narrow. */
  onSpurious(nowMs: number, txn: number): void {
    this.episodes.onSpurious(nowMs, txn);
    this.counters.spuriousLosses += 1;
    this.isReordering = true;
    this.windowMultiple = Math.min(MAX_WINDOW_MULTIPLE, this.windowMultiple + 1);
    this.recoveriesSinceSpurious = 0;
  }

  /** After an acknowledgement: finds losses, moves the recovery state, re-arms the timers. */
  onAcknowledged(nowMs: number, madeProgress: boolean, priorFlightBytes: number): void {
    this.episodes.onAcknowledged(nowMs);
    this.detectLosses(nowMs, priorFlightBytes);
    if (madeProgress) this.unansweredProbes = 0;
    if (this.window.flightBytes === 0) this.probeDeadlineMs = Infinity;
    else if (madeProgress) this.armProbe(nowMs);
  }

  /** How much later than RACK's segment an older one may still come; ms. */
  private reorderingWindowMs(txn: number): number {
    const quarterMs = this.rtt.hasSample ? this.rtt.minRttMs / 4 : 0;
    if (this.isReordering) return Math.min(this.windowMultiple * quarterMs, this.rtt.srttMs);
    const isClear = this.episodes.isInRecovery || this.rackTxn - txn >= REORDERING_THRESHOLD;
    return isClear ? 0 : quarterMs;
  }

  /** P-LOSS-01: what was sent well before the newest delivered one and is not here is lost. */
  private detectLosses(nowMs: number, flightBefore: number): void {
    this.lossDeadlineMs = Infinity;
    let isNewEpisode = false;
    while (this.log.txnUna < this.rackTxn) {
      const txn = this.log.txnUna;
      const dueMs = this.log.sentMsOf(txn) + this.rackRttMs + this.reorderingWindowMs(txn);
      if (dueMs > nowMs + CLOCK_GRAIN_MS) {
        this.lossDeadlineMs = dueMs;
        break;
      }
      if (this.episodes.isNews(txn)) isNewEpisode = true;
      this.declareLost(nowMs, txn);
    }
    if (!isNewEpisode || !this.episodes.begin(nowMs, flightBefore)) return;
    this.isFirstDue = true;
    this.recoveriesSinceSpurious += 1;
    if (this.recoveriesSinceSpurious >= WINDOW_PERSISTS_RECOVERIES) this.windowMultiple = 1;
  }

  private declareLost(nowMs: number, txn: number): void {
    const seq = this.log.seqOf(txn);
    this.log.settle(txn, FATE.LOST);
    this.episodes.onLost(txn);
    const window = this.window;
    if (window.stateOf(seq) !== SEGMENT.IN_FLIGHT || txn < window.firstTxnOf(seq)) return;
    this.takeFromFlight(nowMs, seq, false);
    if (this.trace.enabled) this.trace.record(nowMs, this.id, { kind: 'lost', seq, by: 'rack' });
  }

  private takeFromFlight(nowMs: number, seq: number, timedOut: boolean): void {
    const bytes = this.window.wireBytesOf(seq);
    this.path.flightBytes -= bytes;
    this.lostBytes += bytes;
    if (bytes > MIN_SEGMENT_BYTES) this.mtu.onLargeLost();
    this.window.markLost(seq, timedOut);
    this.lost.push(seq);
    const loss = this.rate.onLost(nowMs, seq, bytes);
    loss.isTimeout = timedOut;
    loss.minRttMs = this.rtt.minRttMs;
    loss.latestRttMs = this.rtt.latestMs;
    this.path.controller.onSegmentLost(loss);
  }

  /** Bytes found lost since the last call. */
  takeLostBytes(): number {
    const { lostBytes } = this;
    this.lostBytes = 0;
    return lostBytes;
  }

  /** Segment to retransmit next; -1 when none waits. */
  nextLost(): number {
    return this.lost.next();
  }

  nextTimeout(): number {
    let earliest = Math.min(this.lossDeadlineMs, this.probeDeadlineMs);
    if (this.window.flightBytes === 0) return earliest;
    for (let level = 0; level < BACKOFF_LEVELS; level += 1) {
      earliest = Math.min(earliest, this.window.oldestSentMs(level) + this.timeoutMs(level));
    }
    return earliest;
  }

  handleTimeout(nowMs: number): void {
    if (nowMs >= this.lossDeadlineMs) this.detectLosses(nowMs, this.path.flightBytes);
    this.expireSegments(nowMs);
    if (nowMs < this.probeDeadlineMs) return;
    this.probeDeadlineMs = Infinity;
    if (this.window.flightBytes === 0) return;
    this.unansweredProbes += 1;
    this.probesDue = this.unansweredProbes > 1 ? REPEATED_PROBE_SEGMENTS : 1;
  }

  /** The last resort: each segment whose own timeout has passed is lost. */
  private expireSegments(nowMs: number): void {
    const flightBefore = this.path.flightBytes;
    let isNewEpoch = false;
    let isRepeated = true;
    let isLarge = false;
    for (let level = 0; level < BACKOFF_LEVELS; level += 1) {
      const limitMs = this.timeoutMs(level);
      while (this.window.oldestSentMs(level) + limitMs <= nowMs) {
        const seq = this.window.oldestSeq(level);
        if (this.episodes.isNews(this.window.txnOf(seq))) isNewEpoch = true;
        if (this.window.wireBytesOf(seq) > MIN_SEGMENT_BYTES) isLarge = true;
        if (level === 0) isRepeated = false;
        this.expire(nowMs, seq);
      }
    }
    if (!isNewEpoch) return;
    if (isLarge) this.mtu.onLargeTimeout();
    this.isFirstDue = true;
    this.unansweredProbes = 0;
    this.episodes.onTimeout(nowMs, flightBefore, isRepeated);
    this.lost.sort();
  }

  private expire(nowMs: number, seq: number): void {
    const window = this.window;
    for (let txn = window.firstTxnOf(seq); txn <= window.txnOf(seq); txn += 1) {
      const isOpen = this.log.remembers(txn) && this.log.seqOf(txn) === seq;
      if (!isOpen || this.log.fateOf(txn) !== FATE.OUTSTANDING) continue;
      this.log.settle(txn, FATE.LOST);
      this.episodes.onLost(txn);
      if (txn > this.rackTxn) {
        this.episodes.onSilence(nowMs, this.log.sentMsOf(txn), this.maxAckDelayMs);
      }
    }
    assert(window.stateOf(seq) === SEGMENT.IN_FLIGHT, 'only what is in flight times out');
    this.takeFromFlight(nowMs, seq, true);
    if (this.trace.enabled) this.trace.record(nowMs, this.id, { kind: 'lost', seq, by: 'timeout' });
  }
}
