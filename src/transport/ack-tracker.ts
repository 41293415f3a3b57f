/**
 * What we received, by the peer's transmission numbers, and when to tell it.
 * Feeds TMAP and echo of the ack block; its bit rings are the duplicate and replay filter too.
 *
 * The last epoch of keys has a ring of its own: a peer that jumps to the next one leaves up to 2^22
 * numbers out (P-KEY-09), and what it sent before may still be on its way.
 */
import type { AckBlock } from '../wire/ack-block.ts';
import { Arrivals } from './arrivals.ts';

/** TXNs below the newest that are at least told from duplicates (docs/LIMITS.md). */
export const MIN_REPLAY_WINDOW = 16_384;
/** Bounds of what a peer may ask of our acknowledgements (docs/LIMITS.md). */
export const MAX_ACK_EVERY = 256;
export const MAX_ACK_DELAY_MS = 1000;
/** P-ACK-01: TMAP covers this many acknowledgements, so that losing a few costs nothing. */
const ACKS_COVERED = 8;

/** Acknowledgements that may leave one per batch of input before D is waited for between them. */
const ACK_BURST = 16;

export class AckTracker {
  /** Numbers told from duplicates. */
  private readonly ringBits: number;
  private readonly epochTxns: number;
  /** Of the newest epoch that was received; without keys there is only one. */
  private current: Arrivals;
  /** Of the epoch before. */
  private previous: Arrivals | undefined;
  /** First TXN of the next epoch. */
  private endTxn: number;
  /** Lowest TXN of the epoch before that is to be told, Infinity for none. */
  private lowestLate = Infinity;
  private pending = 0;
  private lastAckMs = -Infinity;
  /** Acknowledgements that may leave without waiting; a token bucket as of `lastAckMs`. */
  private tokens = ACK_BURST;
  /** An acknowledgement is to leave with the next transmit. */
  private isImmediate = false;
  /** Lowest TXN that was new in each of the last acknowledgement intervals, newest first. */
  private lowestNew: number[] = [Infinity];
  private everySegments = 1;
  private maxDelayMs = 0;

  /**
   * @param firstTxn the TXN of the peer's handshake message, taken as received
   * @param everySegments,maxDelayMs the peer's wish for acknowledgements of its data
   * @param epochTxns numbers under one key, Infinity without keys
   */
  constructor(
    firstTxn: number,
    windowSegments: number,
    everySegments: number,
    maxDelayMs: number,
    epochTxns = Infinity,
  ) {
    let bits = MIN_REPLAY_WINDOW;
    while (bits < 4 * windowSegments) bits *= 2;
    this.ringBits = bits;
    this.epochTxns = epochTxns;
    const start = this.startOf(firstTxn);
    this.endTxn = epochTxns === Infinity ? Infinity : start + epochTxns;
    this.current = new Arrivals(bits, start, firstTxn);
    this.setPolicy(everySegments, maxDelayMs);
  }

  /** How the peer wants its data acknowledged (P-ACK-08): every N segments, or after D ms. */
  setPolicy(everySegments: number, maxDelayMs: number): void {
    this.everySegments = Math.max(1, Math.min(MAX_ACK_EVERY, everySegments));
    this.maxDelayMs = Math.min(MAX_ACK_DELAY_MS, maxDelayMs);
  }

  /** Newest TXN received; the reference for unwrapping the next. */
  get newestTxn(): number {
    return this.current.highest;
  }

  /** P-TXN-04: received before, or too old to tell. */
  isDuplicate(txn: number): boolean {
    if (txn >= this.current.start) return this.current.isDuplicate(txn);
    // What the epoch before had not reached when it ended may still come.
    return this.previous === undefined || this.previous.isDuplicate(txn);
  }

  /** Notes a transmission that was opened and is new. */
  record(nowMs: number, txn: number, isEliciting: boolean): void {
    if (txn >= this.endTxn) this.enter(txn);
    let arrivals = this.current;
    if (txn >= arrivals.start) {
      if (txn < this.lowestNew[0]!) this.lowestNew[0] = txn;
    } else {
      arrivals = this.previous!;
      this.lowestLate = Math.min(this.lowestLate, txn);
    }
    arrivals.record(txn);
    if (!isEliciting) return;
    arrivals.elicit(nowMs, txn);
    this.pending += 1;
  }

  /** The epoch that begins with `txn` or lost its first ones has a ring of its own. */
  private enter(txn: number): void {
    this.lowestLate = Math.min(...this.lowestNew);
    this.lowestNew = [Infinity];
    this.previous = this.current;
    const start = this.startOf(txn);
    this.current = new Arrivals(this.ringBits, start, txn);
    this.endTxn = start + this.epochTxns;
  }

  /** Gives back the memory of a flow that is over: what came in it is old news. */
  rest(): void {
    if (this.isAwaited) return;
    this.current.rest();
    this.previous?.rest();
    this.lowestNew = [Infinity];
  }

  /** Whether something is still to be told. */
  private get isAwaited(): boolean {
    return this.isImmediate || this.pending > 0 || this.lowestLate !== Infinity;
  }

  /** Bytes of typed arrays. */
  get heldBytes(): number {
    return this.current.heldBytes + (this.previous?.heldBytes ?? 0);
  }

  private startOf(txn: number): number {
    const { epochTxns } = this;
    return epochTxns === Infinity ? -Infinity : epochTxns * Math.floor(txn / epochTxns);
  }

  /** Asks for an acknowledgement with the next transmit, whatever the policy. */
  demand(): void {
    this.isImmediate = true;
  }

  /**
   * Few acknowledgements cost little, and one held back stretches the round trip of a small window;
   * so segments are counted and the clock is waited for only once there have been many.
   */
  isAckDue(nowMs: number): boolean {
    if (this.isImmediate) return true;
    return this.pending >= this.everySegments || nowMs >= this.nextTimeout();
  }

  /** When the bucket, which fills by one per D ms, has an acknowledgement for what waits. */
  nextTimeout(): number {
    if (this.pending === 0) return Infinity;
    return this.lastAckMs + (1 - Math.min(1, this.tokens)) * this.maxDelayMs;
  }

  private takeToken(nowMs: number): void {
    const gained = this.maxDelayMs > 0 ? (nowMs - this.lastAckMs) / this.maxDelayMs : ACK_BURST;
    this.tokens = Math.max(0, Math.min(ACK_BURST, this.tokens + gained) - 1);
    this.lastAckMs = nowMs;
  }

  /** Fills echo, delay and TMAP; the interval of this acknowledgement ends here. */
  fill(nowMs: number, block: AckBlock): void {
    this.pending = 0;
    this.takeToken(nowMs);
    this.isImmediate = false;
    // All connections share the block: nothing of another one may stay in it.
    block.echo = 0;
    block.tmapWords = 0;
    block.delayMs = 0;
    if (this.fillLate(nowMs, block)) return;
    const { current, lowestNew } = this;
    if (current.echo < 0) return;
    current.tell(nowMs, Math.min(...lowestNew), block);
    lowestNew.unshift(Infinity);
    if (lowestNew.length > ACKS_COVERED) lowestNew.pop();
  }

  /**
   * The rest of the epoch before is told first, in a block of its own: TMAP does not reach over a
   * jump, and the news of a later transmission would make it look lost.
   */
  private fillLate(nowMs: number, block: AckBlock): boolean {
    const { previous, lowestLate } = this;
    if (lowestLate === Infinity) return false;
    this.lowestLate = Infinity;
    if (previous === undefined || previous.echo < 0) return false;
    previous.tell(nowMs, lowestLate, block);
    this.isImmediate = this.current.echo >= 0;
    return true;
  }
}
