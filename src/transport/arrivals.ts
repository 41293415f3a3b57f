/** Which of the peer's transmissions of one epoch have arrived, and what to tell of them. */
import { BitRing } from '../util/bit-ring.ts';
import { type AckBlock, MAX_TMAP_WORDS } from '../wire/ack-block.ts';

export class Arrivals {
  /** First TXN that can belong here. */
  readonly start: number;
  /** Newest TXN received. */
  highest: number;
  /** Newest ack-eliciting TXN, -1 before there is one, and when it came. */
  echo = -1;
  private echoAtMs = 0;
  private readonly seen: BitRing;

  /**
   * @param bits how many numbers below the newest are still told from duplicates
   * @param first the first one received
   */
  constructor(bits: number, start: number, first: number) {
    this.seen = new BitRing(bits);
    this.start = start;
    this.highest = first;
    this.seen.set(first);
  }

  /** P-TXN-04: received before, or too old to tell. */
  isDuplicate(txn: number): boolean {
    if (txn > this.highest) return false;
    const isTooOld = txn < this.start || txn <= this.highest - this.seen.capacity + 64;
    return isTooOld || this.seen.has(txn);
  }

  record(txn: number): void {
    if (txn > this.highest) this.slideTo(txn);
    this.seen.set(txn);
  }

  /** Whole words are cleared when they are entered: TMAP tells words, and none of long ago. */
  private slideTo(txn: number): void {
    const last = Math.floor(txn / 32);
    const from = Math.max(Math.floor(this.highest / 32), last - this.seen.capacity / 32) + 1;
    for (let word = from; word <= last; word += 1) this.seen.clearWord(32 * word);
    this.highest = txn;
  }

  /** `txn` asks for an acknowledgement. */
  elicit(nowMs: number, txn: number): void {
    if (txn <= this.echo) return;
    this.echo = txn;
    this.echoAtMs = nowMs;
  }

  /** Writes echo, delay and TMAP from `lowest` on, as far as it reaches; needs an echo. */
  tell(nowMs: number, lowest: number, block: AckBlock): void {
    block.echo = this.echo >>> 0;
    block.delayMs = nowMs - this.echoAtMs;
    const lastWord = Math.floor(this.echo / 32);
    const firstWord = Math.floor(Math.min(this.echo, lowest) / 32);
    const words = Math.min(MAX_TMAP_WORDS, lastWord - firstWord + 1);
    for (let i = 0; i < words; i += 1) {
      block.tmap[i] = this.seen.word(32 * (lastWord - words + 1 + i));
    }
    block.tmapWords = words;
  }
}
