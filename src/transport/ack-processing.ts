/**
 * What the peer tells about our transmissions, in the order of work that avoids most known bugs:
 * validate, settle, round trip, losses, congestion, windows. Cost is proportional to what is new,
 * and what is not new does no harm (P-ACK-04).
 */
import type { AckBlock } from '../wire/ack-block.ts';
import { unwrap } from '../wire/serial.ts';
import type { AckSample } from './congestion/controller.ts';
import type { DeliveryRate } from './congestion/delivery-rate.ts';
import type { PathGroup } from './path-group.ts';
import type { PeerWindow } from './peer-window.ts';
import type { Recovery } from './recovery.ts';
import type { RttEstimator } from './rtt-estimator.ts';
import { SEGMENT, type SendWindow } from './send-window.ts';
import { FATE, KIND, type TransmissionLog } from './transmission-log.ts';

/** Rules whose breach ends the connection; names of docs/PROTOCOL.md. */
export type AckViolation = 'P-ACK-05' | 'P-ACK-06' | 'P-ACK-07';

/** Told and taken in at once, so all connections share it. */
const SAMPLE: AckSample = {
  nowMs: 0,
  ackedBytes: 0,
  lostBytes: 0,
  priorFlightBytes: 0,
  flightBytes: 0,
  isCwndLimited: false,
  isInRecovery: false,
  srttMs: 0,
  minRttMs: Infinity,
  rttMs: NaN,
  rate: {
    bytesPerMs: 0,
    isAppLimited: false,
    deliveredBytes: 0,
    priorDeliveredBytes: 0,
    txInFlightBytes: 0,
    lostBytes: 0,
  },
};

export class AckProcessing {
  private newestEcho = -1;
  private ackedBytes = 0;
  private priorNewest = -1;
  /** The round trip that this acknowledgement has measured; NaN for none. */
  private rttMs = NaN;
  private readonly window: SendWindow;
  private readonly log: TransmissionLog;
  private readonly rtt: RttEstimator;
  private readonly recovery: Recovery;
  private readonly path: PathGroup;
  private readonly rate: DeliveryRate;
  private readonly peerWindow: PeerWindow;

  constructor(
    window: SendWindow,
    log: TransmissionLog,
    rtt: RttEstimator,
    recovery: Recovery,
    path: PathGroup,
    rate: DeliveryRate,
    peerWindow: PeerWindow,
  ) {
    this.window = window;
    this.log = log;
    this.rtt = rtt;
    this.recovery = recovery;
    this.path = path;
    this.rate = rate;
    this.peerWindow = peerWindow;
  }

  /**
   * Takes in the header's `ack` and `window`, and the ack block if the segment had one.
   * @param ackWire,windowSegments header fields
   * @returns the rule that the peer broke, or undefined
   */
  handle(
    nowMs: number,
    ackWire: number,
    windowSegments: number,
    block: AckBlock | undefined,
  ): AckViolation | undefined {
    const ack = unwrap(this.window.sndUna, ackWire);
    if (ack > this.window.sndNxt) return 'P-ACK-05';
    if (block !== undefined && this.isSackBeyondSent(ack, block)) return 'P-ACK-07';
    this.ackedBytes = 0;
    this.rttMs = NaN;
    this.rate.begin();
    this.priorNewest = this.recovery.newestDeliveredTxn;
    const priorFlightBytes = this.path.flightBytes;
    const priorUna = this.window.sndUna;
    if (block !== undefined && block.tmapWords > 0) {
      const violation = this.takeTransmissions(nowMs, block);
      if (violation !== undefined) return violation;
    }
    const isCurrent = ack >= this.window.sndUna;
    this.takeCumulative(nowMs, ack);
    if (block !== undefined) this.takeSack(nowMs, ack, block);
    if (isCurrent) {
      const credit = block === undefined ? undefined : this.window.bytesUna + block.credit;
      this.peerWindow.update(ack + windowSegments, credit);
    }
    this.conclude(nowMs, priorFlightBytes, priorUna);
    return undefined;
  }

  /** Losses come before growth: the acknowledgement that tells of one must not widen the window. */
  private conclude(nowMs: number, priorFlightBytes: number, priorUna: number): void {
    const { rate, rtt, path, recovery } = this;
    const madeProgress = this.ackedBytes > 0;
    recovery.onAcknowledged(nowMs, madeProgress, priorFlightBytes);
    const lostBytes = recovery.takeLostBytes();
    if (!madeProgress && lostBytes === 0) return;
    const sample = SAMPLE;
    sample.rate = rate.sample;
    sample.nowMs = nowMs;
    sample.ackedBytes = this.ackedBytes;
    sample.lostBytes = lostBytes;
    sample.priorFlightBytes = priorFlightBytes;
    sample.flightBytes = path.flightBytes;
    sample.isCwndLimited = path.isUsed(nowMs, this.ackedBytes, priorFlightBytes, rtt.srttMs);
    sample.isInRecovery = recovery.episodes.isInRecovery;
    sample.srttMs = rtt.srttMs;
    sample.minRttMs = rtt.minRttMs;
    sample.rttMs = this.rttMs;
    rate.finish(rtt.minRttMs);
    path.onAck(sample, this.window.sndUna > priorUna);
  }

  /** TMAP and echo: which transmissions arrived. P-ACK-06: naming one never sent is a lie. */
  private takeTransmissions(nowMs: number, block: AckBlock): AckViolation | undefined {
    const log = this.log;
    const echoWire = unwrap(log.txnNxt - 1 + log.shift, block.echo);
    const echo = log.numberOf(echoWire);
    if (log.isUnsent(echo)) return 'P-ACK-06';
    const lastWord = echoWire - (((echoWire % 32) + 32) % 32);
    for (let i = block.tmapWords - 1; i >= 0; i -= 1) {
      let bits = block.tmap[i]!;
      if (bits === 0) continue;
      const base = log.numberOf(lastWord - 32 * (block.tmapWords - 1 - i));
      if (log.remembers(base)) bits = log.newlyTold(base, bits);
      while (bits !== 0) {
        const bit = 31 - Math.clz32(bits);
        bits = (bits & ~(1 << bit)) >>> 0;
        const txn = base + bit;
        if (log.isUnsent(txn)) return 'P-ACK-06';
        if (!log.remembers(txn) || !log.isNews(txn)) continue;
        if (log.kindOf(txn) === KIND.SKIPPED) return 'P-ACK-06';
        this.takeTransmission(nowMs, txn);
      }
    }
    this.takeEcho(nowMs, echo, block.delayMs);
    return undefined;
  }

  private takeTransmission(nowMs: number, txn: number): void {
    const log = this.log;
    log.markTold(txn);
    const kind = log.kindOf(txn);
    if (kind === KIND.CONTROL) return;
    if (kind === KIND.SIZE) {
      const { mtu } = this.recovery;
      if (mtu.onProbeArrived(nowMs, txn, -log.seqOf(txn)))
        this.path.onSegmentSize(mtu.segmentBytes);
      return;
    }
    if (txn < this.priorNewest && kind !== KIND.PROBE) this.recovery.onReordering();
    const seq = log.seqOf(txn);
    const wireBytes = seq < 0 || kind === KIND.PART ? 0 : this.window.wireBytesOf(seq);
    this.recovery.onDelivered(nowMs, txn, wireBytes);
    if (kind === KIND.PROBE) return;
    if (log.fateOf(txn) === FATE.LOST) this.recovery.onSpurious(nowMs, txn);
    else log.settle(txn, FATE.DELIVERED);
    if (this.window.stateOf(seq) === SEGMENT.FREE) return;
    if (kind === KIND.STREAM || this.hasEveryPiece(seq, txn)) {
      this.settle(nowMs, seq, txn >= this.window.firstTxnOf(seq));
    }
  }

  /** Whether all pieces of the round that `txn` belongs to, the newest one of `seq`, arrived. */
  private hasEveryPiece(seq: number, txn: number): boolean {
    const last = this.window.txnOf(seq);
    const first = this.window.firstTxnOf(seq);
    if (txn < first || txn > last) return false;
    for (let piece = first; piece <= last; piece += 1) {
      if (!this.log.remembers(piece)) return false;
      const isOurs = this.log.kindOf(piece) === KIND.PART && this.log.seqOf(piece) === seq;
      if (isOurs && this.log.isNews(piece)) return false;
    }
    return true;
  }

  /** P-RTT-01: only an echo newer than any before is a sample, less the peer's bounded delay. */
  private takeEcho(nowMs: number, echo: number, delayMs: number): void {
    const kind = this.log.kindOf(echo);
    const isTimed = kind === KIND.STREAM || kind === KIND.PROBE || kind === KIND.PART;
    if (echo <= this.newestEcho || !this.log.remembers(echo) || !isTimed) return;
    this.newestEcho = echo;
    const delay = Math.min(delayMs, 2 * this.recovery.maxAckDelayMs);
    const elapsedMs = nowMs - this.log.sentMsOf(echo);
    if (!this.log.isTimed(echo)) return;
    this.rttMs = Math.max(0.001, elapsedMs - delay);
    this.rtt.sample(this.rttMs);
  }

  private takeCumulative(nowMs: number, ack: number): void {
    while (this.window.sndUna < ack) {
      this.settleUntold(nowMs, this.window.sndUna);
      this.window.advance();
    }
  }

  /** SACK: segments beyond `ack` that the peer holds. */
  private takeSack(nowMs: number, ack: number, block: AckBlock): void {
    const { window } = this;
    const { sack, sackWords } = block;
    const start = unwrap(ack, block.sackStart);
    let i = window.firstUntold(start, sack, 0, sackWords);
    for (; i < sackWords; i = window.firstUntold(start, sack, i + 1, sackWords)) {
      const base = start + 32 * i;
      let bits = (sack[i]! & ~window.settledWord(base)) >>> 0;
      while (bits !== 0) {
        const bit = 31 - Math.clz32(bits);
        bits = (bits & ~(1 << bit)) >>> 0;
        const seq = base + bit;
        if (seq >= window.sndUna) this.settleUntold(nowMs, seq);
      }
    }
  }

  private isSackBeyondSent(ack: number, block: AckBlock): boolean {
    const start = unwrap(ack, block.sackStart);
    for (let i = block.sackWords - 1; i >= 0; i -= 1) {
      const bits = block.sack[i]!;
      if (bits !== 0) return start + 32 * i + (31 - Math.clz32(bits)) >= this.window.sndNxt;
    }
    return false;
  }

  /** Settles a segment whose arriving transmission was not named (its feedback was lost). */
  private settleUntold(nowMs: number, seq: number): void {
    if (this.window.stateOf(seq) === SEGMENT.DELIVERED) return;
    const isOnly = this.window.transmissionsOf(seq) === 1;
    const last = this.window.txnOf(seq);
    for (let txn = this.window.firstTxnOf(seq); txn <= last; txn += 1) {
      if (!this.log.remembers(txn) || this.log.seqOf(txn) !== seq) continue;
      if (this.log.fateOf(txn) !== FATE.OUTSTANDING) continue;
      this.log.settle(txn, FATE.DELIVERED);
      // RFC 8985 §6.2 step 2: of several transmissions, which one arrived is not known.
      if (isOnly) this.recovery.onDelivered(nowMs, txn, this.window.wireBytesOf(seq));
    }
    this.settle(nowMs, seq, isOnly);
  }

  /** @param isNewest whether the newest sending of `seq` is known to be the one that arrived */
  private settle(nowMs: number, seq: number, isNewest: boolean): void {
    if (this.window.stateOf(seq) === SEGMENT.IN_FLIGHT) {
      this.path.flightBytes -= this.window.wireBytesOf(seq);
    }
    const bytes = this.window.settle(seq);
    if (bytes > 0) this.rate.onDelivered(nowMs, seq, bytes, isNewest);
    this.ackedBytes += bytes;
  }
}
