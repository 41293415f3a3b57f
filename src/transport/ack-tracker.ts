/**
 * What we received, by the peer's transmission numbers, and when to tell it.
 * Feeds TMAP and echo of the ack block; its bit ring is the duplicate and replay filter too.
 */
import { BitRing } from '../util/bit-ring.ts';
import { type AckBlock, MAX_TMAP_WORDS } from '../wire/ack-block.ts';

/** TXNs below the newest that are still told from duplicates (docs/LIMITS.md). */
export const MIN_REPLAY_WINDOW = 16_384;
/** Bounds of what a peer may ask of our acknowledgements. */
const MAX_ACK_EVERY = 256;
const MAX_ACK_DELAY_MS = 1000;
/** P-ACK-01: TMAP covers this many acknowledgements, so that losing a few costs nothing. */
const ACKS_COVERED = 8;

/** Acknowledgements that may leave one per batch of input before D is waited for between them. */
const ACK_BURST = 16;

export class AckTracker {
  private readonly seen: BitRing;
  private highest: number;
  /** Newest ack-eliciting TXN, and when it came. */
  private echo = -1;
  private echoAtMs = 0;
  private pending = 0;
  private lastAckMs = -Infinity;
  /** Acknowledgements that may leave without waiting; a token bucket as of `lastAckMs`. */
  private tokens = ACK_BURST;
  /** An acknowledgement is to leave with the next transmit. */
  private isImmediate = false;
  /** Lowest TXN that was new in each of the last acknowledgement intervals, newest first. */
  private readonly lowestNew: number[] = [Infinity];
  private everySegments = 1;
  private maxDelayMs = 0;

  /**
   * @param firstTxn the TXN of the peer's handshake message, taken as received
   * @param everySegments,maxDelayMs the peer's wish for acknowledgements of its data
   */
  constructor(firstTxn: number, windowSegments: number, everySegments: number, maxDelayMs: number) {
    let bits = MIN_REPLAY_WINDOW;
    while (bits < 4 * windowSegments) bits *= 2;
    this.seen = new BitRing(bits);
    this.highest = firstTxn;
    this.seen.set(firstTxn);
    this.setPolicy(everySegments, maxDelayMs);
  }

  /** How the peer wants its data acknowledged (P-ACK-08): every N segments, or after D ms. */
  setPolicy(everySegments: number, maxDelayMs: number): void {
    this.everySegments = Math.max(1, Math.min(MAX_ACK_EVERY, everySegments));
    this.maxDelayMs = Math.min(MAX_ACK_DELAY_MS, maxDelayMs);
  }

  /** Newest TXN received; the reference for unwrapping the next. */
  get newestTxn(): number {
    return this.highest;
  }

  /** P-TXN-04: received before, or too old to tell. */
  isDuplicate(txn: number): boolean {
    if (txn > this.highest) return false;
    return txn <= this.highest - this.seen.capacity + 64 || this.seen.has(txn);
  }

  /** Notes a transmission that was opened and is new. */
  record(nowMs: number, txn: number, isEliciting: boolean): void {
    if (txn > this.highest) this.slideTo(txn);
    this.seen.set(txn);
    if (txn < this.lowestNew[0]!) this.lowestNew[0] = txn;
    if (!isEliciting) return;
    if (txn > this.echo) {
      this.echo = txn;
      this.echoAtMs = nowMs;
    }
    this.pending += 1;
  }

  /** Whole words are cleared when they are entered: TMAP tells words, and none of long ago. */
  private slideTo(txn: number): void {
    const last = Math.floor(txn / 32);
    const from = Math.max(Math.floor(this.highest / 32), last - this.seen.capacity / 32) + 1;
    for (let word = from; word <= last; word += 1) this.seen.clearWord(32 * word);
    this.highest = txn;
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
    block.tmapWords = 0;
    block.delayMs = 0;
    if (this.echo < 0) return;
    block.echo = this.echo >>> 0;
    block.delayMs = nowMs - this.echoAtMs;
    const lowest = Math.min(this.echo, ...this.lowestNew);
    const lastWord = Math.floor(this.echo / 32);
    const words = Math.min(MAX_TMAP_WORDS, lastWord - Math.floor(lowest / 32) + 1);
    for (let i = 0; i < words; i += 1) {
      block.tmap[i] = this.seen.word(32 * (lastWord - words + 1 + i));
    }
    block.tmapWords = words;
    this.lowestNew.unshift(Infinity);
    if (this.lowestNew.length > ACKS_COVERED) this.lowestNew.pop();
  }
}
