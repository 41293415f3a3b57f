/**
 * A bulk transfer over a modelled kernel TCP with CUBIC: what the project's own flows must get
 * along with. Sender and receiver in one, no bytes, only their times.
 *
 * As a kernel has it: 1,448 bytes in a packet of 1,500, one acknowledgement for two packets or
 * after 40 ms and at once out of order, SACK, loss found by three later deliveries (so a lost
 * retransmission as well), pipe counted as in RFC 6675, proportional rate reduction (RFC 9937),
 * timeout = srtt + max(4 rttvar, 200 ms).
 * Left out: pacing, HyStart, tail loss probes, undo, and loss of acknowledgements.
 */
import { Fifo } from '../util/fifo.ts';
import type { Random } from '../util/random.ts';
import { CubicWindow } from './cubic-window.ts';
import type { Line } from './line.ts';

export const TCP_PAYLOAD_BYTES = 1_448;
/** Headers of IPv4 and TCP with timestamps included. */
export const TCP_PACKET_BYTES = 1_500;

const DUPTHRESH = 3;
const DELAYED_ACK_MS = 40;
const MIN_RTTVAR_TERM_MS = 200;
const INITIAL_TIMEOUT_MS = 1_000;
const MAX_TIMEOUT_MS = 120_000;

export interface ModelledCubicOptions {
  /** The bottleneck, shared with whoever else is on it. */
  readonly line: Line;
  /** One-way delay, the same for both ways. */
  readonly delayMs: number;
  /** Probability that a packet is lost behind the line. */
  readonly loss: number;
  readonly random: Random;
}

/** One sending of one segment, in order of sending. */
interface Transmission {
  readonly txn: number;
  readonly seq: number;
  readonly sentMs: number;
  readonly isDropped: boolean;
}

interface Arrival {
  readonly atMs: number;
  readonly txn: number;
  readonly seq: number;
}

interface Acknowledgement {
  readonly atMs: number;
  /** The path keeps order, so this tells of every transmission before as well. */
  readonly throughTxn: number;
}

export class ModelledCubic {
  readonly window = new CubicWindow();
  packetsSent = 0;
  packetsRetransmitted = 0;
  /** Dropped by the queue or the policer. */
  packetsDropped = 0;
  timeouts = 0;
  private readonly options: ModelledCubicOptions;
  private readonly transmissions = new Fifo<Transmission>();
  /** Transmissions that later ones have overtaken, until they count as lost. */
  private readonly missing = new Fifo<Transmission>();
  private lost = new Fifo<number>();
  private readonly arrivals = new Fifo<Arrival>();
  private readonly acks = new Fifo<Acknowledgement>();
  private sndNxt = 0;
  private sndUna = 0;
  /** Settled segments above `sndUna`. */
  private readonly settled = new Set<number>();
  private txnNxt = 0;
  /** Transmissions from before the last timeout count neither as in flight nor as lost. */
  private firstTxn = 0;
  private pipe = 0;
  /** Until `sndUna` is here, no further loss reduces the window. */
  private recoveryPoint = 0;
  private isInRecovery = false;
  /** RFC 9937: what recovery began with, what has come and gone since, what may leave now. */
  private recoverFs = 1;
  private prrDelivered = 0;
  private prrOut = 0;
  private sndCnt = 0;
  private srttMs = 0;
  private rttvarMs = 0;
  private backoff = 1;
  private timeoutAtMs = Infinity;
  private rcvNxt = 0;
  private readonly early = new Set<number>();
  private lastArrivedTxn = 0;
  private unacknowledged = 0;
  private delayedAckMs = Infinity;

  constructor(options: ModelledCubicOptions) {
    this.options = options;
  }

  /** File bytes that the receiver has in order. */
  get bytesDelivered(): number {
    return this.rcvNxt * TCP_PAYLOAD_BYTES;
  }

  /** When `work` has something to do. */
  nextMs(): number {
    return Math.min(
      this.arrivals.peek()?.atMs ?? Infinity,
      this.acks.peek()?.atMs ?? Infinity,
      this.delayedAckMs,
      this.timeoutAtMs,
    );
  }

  /** Does what is due, and sends what the window allows; the first call starts the transfer. */
  work(nowMs: number): void {
    if (this.delayedAckMs <= nowMs) this.acknowledge(nowMs);
    while ((this.arrivals.peek()?.atMs ?? Infinity) <= nowMs) this.receive(this.arrivals.shift()!);
    while ((this.acks.peek()?.atMs ?? Infinity) <= nowMs) {
      this.onAck(nowMs, this.acks.shift()!.throughTxn);
    }
    if (this.timeoutAtMs <= nowMs) this.onTimeout();
    while (this.maySend()) this.transmit(nowMs, this.nextSeq());
  }

  private maySend(): boolean {
    return this.isInRecovery ? this.sndCnt >= 1 : this.pipe + 1 <= this.window.cwnd;
  }

  /** Lost segments first; the application always has more. */
  private nextSeq(): number {
    for (;;) {
      const seq = this.lost.shift();
      if (seq === undefined) break;
      if (!this.isSettled(seq)) {
        this.packetsRetransmitted += 1;
        return seq;
      }
    }
    this.sndNxt += 1;
    return this.sndNxt - 1;
  }

  private transmit(nowMs: number, seq: number): void {
    const { line, delayMs, loss, random } = this.options;
    const txn = this.txnNxt;
    this.txnNxt += 1;
    this.packetsSent += 1;
    this.pipe += 1;
    this.prrOut += 1;
    this.sndCnt -= 1;
    const leavesMs = line.passes(nowMs, TCP_PACKET_BYTES)
      ? line.serialise(nowMs, TCP_PACKET_BYTES)
      : undefined;
    if (leavesMs === undefined) this.packetsDropped += 1;
    const isDropped = leavesMs === undefined || random.chance(loss);
    this.transmissions.push({ txn, seq, sentMs: nowMs, isDropped });
    if (!isDropped) this.arrivals.push({ atMs: leavesMs + delayMs, txn, seq });
    if (this.timeoutAtMs === Infinity) this.armTimeout(nowMs);
  }

  private receive({ atMs, txn, seq }: Arrival): void {
    this.lastArrivedTxn = txn;
    const isInOrder = seq === this.rcvNxt && this.early.size === 0;
    if (seq === this.rcvNxt) {
      this.rcvNxt += 1;
      while (this.early.delete(this.rcvNxt)) this.rcvNxt += 1;
    } else if (seq > this.rcvNxt) {
      this.early.add(seq);
    }
    this.unacknowledged += 1;
    if (!isInOrder || this.unacknowledged >= 2) this.acknowledge(atMs);
    else this.delayedAckMs = atMs + DELAYED_ACK_MS;
  }

  private acknowledge(atMs: number): void {
    this.unacknowledged = 0;
    this.delayedAckMs = Infinity;
    this.acks.push({ atMs: atMs + this.options.delayMs, throughTxn: this.lastArrivedTxn });
  }

  private onAck(nowMs: number, throughTxn: number): void {
    let newlySettled = 0;
    for (;;) {
      const next = this.transmissions.peek();
      if (next === undefined || next.txn > throughTxn) break;
      this.transmissions.shift();
      if (next.isDropped) {
        if (next.txn >= this.firstTxn) this.missing.push(next);
        continue;
      }
      if (next.txn >= this.firstTxn) this.pipe -= 1;
      if (next.txn === throughTxn) this.sampleRtt(nowMs - next.sentMs);
      if (this.settle(next.seq)) newlySettled += 1;
    }
    const before = this.sndUna;
    while (this.sndUna < this.sndNxt && this.settled.delete(this.sndUna)) this.sndUna += 1;
    if (this.sndUna >= this.recoveryPoint) this.isInRecovery = false;
    const isGrowing = !this.isInRecovery;
    this.findLosses(throughTxn);
    if (this.isInRecovery) this.reduceInProportion(newlySettled, this.sndUna > before);
    if (newlySettled === 0) return;
    if (isGrowing && !this.isInRecovery) this.window.onAck(nowMs, newlySettled, this.srttMs);
    this.backoff = 1;
    this.armTimeout(nowMs);
  }

  private findLosses(throughTxn: number): void {
    for (;;) {
      const oldest = this.missing.peek();
      if (oldest === undefined || oldest.txn + DUPTHRESH > throughTxn) return;
      this.missing.shift();
      if (oldest.txn < this.firstTxn) continue;
      this.pipe -= 1;
      this.lost.push(oldest.seq);
      if (this.sndUna < this.recoveryPoint) continue;
      this.window.onLoss();
      this.isInRecovery = true;
      this.recoveryPoint = this.sndNxt;
      this.recoverFs = this.sndNxt - this.sndUna;
      this.prrDelivered = 0;
      this.prrOut = 0;
    }
  }

  /** RFC 9937 §6, in segments. */
  private reduceInProportion(delivered: number, hasAdvanced: boolean): void {
    const { ssthresh } = this.window;
    this.prrDelivered += delivered;
    if (this.pipe > ssthresh) {
      const share = (this.prrDelivered * ssthresh) / this.recoverFs;
      this.sndCnt = Math.ceil(share) - this.prrOut;
    } else {
      const conserved = Math.max(this.prrDelivered - this.prrOut, delivered);
      this.sndCnt = Math.min(ssthresh - this.pipe, conserved + (hasAdvanced ? 1 : 0));
    }
    // The first retransmission leaves at once.
    if (this.prrOut === 0) this.sndCnt = Math.max(this.sndCnt, 1);
  }

  /** Everything unsettled is sent again from a window of one; slow start goes on meanwhile. */
  private onTimeout(): void {
    this.timeouts += 1;
    // What times out again says nothing new about what the path carries.
    if (this.backoff === 1) this.window.onTimeout();
    else this.window.cwnd = 1;
    this.backoff *= 2;
    this.firstTxn = this.txnNxt;
    this.pipe = 0;
    this.lost = new Fifo();
    for (let seq = this.sndUna; seq < this.sndNxt; seq += 1) {
      if (!this.settled.has(seq)) this.lost.push(seq);
    }
    this.recoveryPoint = this.sndNxt;
    this.isInRecovery = false;
    this.timeoutAtMs = Infinity;
  }

  /** False for a segment that was settled before. */
  private settle(seq: number): boolean {
    if (this.isSettled(seq)) return false;
    this.settled.add(seq);
    return true;
  }

  private isSettled(seq: number): boolean {
    return seq < this.sndUna || this.settled.has(seq);
  }

  /** RFC 6298 §2; timestamps make samples of retransmissions sound. */
  private sampleRtt(rttMs: number): void {
    if (this.srttMs === 0) {
      this.srttMs = rttMs;
      this.rttvarMs = rttMs / 2;
      return;
    }
    this.rttvarMs += (Math.abs(this.srttMs - rttMs) - this.rttvarMs) / 4;
    this.srttMs += (rttMs - this.srttMs) / 8;
  }

  private armTimeout(nowMs: number): void {
    const estimateMs =
      this.srttMs === 0
        ? INITIAL_TIMEOUT_MS
        : this.srttMs + Math.max(4 * this.rttvarMs, MIN_RTTVAR_TERM_MS);
    this.timeoutAtMs = nowMs + Math.min(estimateMs * this.backoff, MAX_TIMEOUT_MS);
  }
}
