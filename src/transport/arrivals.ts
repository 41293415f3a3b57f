/** Which of the peer's transmissions of one epoch have arrived, and what to tell of them. */
import { BitRing } from '../util/bit-ring.ts';
import { type AckBlock, MAX_TMAP_WORDS } from '../wire/ack-block.ts';

const INITIAL_BITS = 256;
/** Words at the edge of the ring are given up, because it is cleared by words. */
const EDGE_BITS = 64;

export class Arrivals {
  /** First TXN that can belong here. */
  readonly start: number;
  /** Newest TXN received. */
  highest: number;
  /** Newest ack-eliciting TXN, -1 before there is one, and when it came. */
  echo = -1;
  private echoAtMs = 0;
  /** Oldest TXN received, while the ring can still grow. */
  private lowest: number;
  /** What came before this one counts as received, whether it did or not. */
  private floor: number;
  private readonly maxBits: number;
  private readonly seen = new BitRing(INITIAL_BITS);

  /**
   * @param maxBits how many numbers below the newest are told from duplicates; the ring grows to
   *   that with what arrives, as a connection at rest needs little
   * @param first the first one received
   */
  constructor(maxBits: number, start: number, first: number) {
    this.maxBits = maxBits;
    this.start = start;
    this.floor = start;
    this.highest = first;
    this.lowest = first;
    this.seen.set(first);
  }

  /** Numbers that the ring holds now. */
  get ringBits(): number {
    return this.seen.capacity;
  }

  /** P-TXN-04: received before, or too old to tell. */
  isDuplicate(txn: number): boolean {
    if (txn > this.highest) return false;
    if (txn < this.floor || txn <= this.highest - this.maxBits + EDGE_BITS) return true;
    // The ring grows before it forgets: what it does not reach has never come.
    return txn > this.highest - this.seen.capacity + EDGE_BITS && this.seen.has(txn);
  }

  record(txn: number): void {
    const newest = Math.max(this.highest, txn);
    const oldest = Math.min(this.lowest, txn);
    const { capacity } = this.seen;
    if (newest - oldest >= capacity - EDGE_BITS && capacity < this.maxBits) {
      this.grow(newest - oldest);
    }
    this.lowest = oldest;
    if (txn > this.highest) this.slideTo(txn);
    this.seen.set(txn);
  }

  /** Room for numbers `span` apart, if there may be. */
  private grow(span: number): void {
    let bits = this.seen.capacity;
    while (bits < this.maxBits && span >= bits - EDGE_BITS) bits *= 2;
    this.seen.resize(bits, this.lowest, this.highest + 1);
  }

  /** Forgets all but the newest numbers: what is older and has not come yet comes no more. */
  rest(): void {
    if (this.seen.capacity === INITIAL_BITS) return;
    this.floor = this.highest - INITIAL_BITS + EDGE_BITS;
    this.lowest = this.floor;
    this.seen.resize(INITIAL_BITS, this.floor, this.highest + 1);
    // Of what is not in the ring nothing can be told.
    if (this.echo < this.floor) this.echo = -1;
  }

  get heldBytes(): number {
    return this.seen.heldBytes;
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
    const firstWord = Math.floor(Math.min(this.echo, Math.max(lowest, this.floor)) / 32);
    const words = Math.min(MAX_TMAP_WORDS, lastWord - firstWord + 1);
    for (let i = 0; i < words; i += 1) {
      block.tmap[i] = this.seen.word(32 * (lastWord - words + 1 + i));
    }
    block.tmapWords = words;
  }
}
