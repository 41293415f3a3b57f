/**
 * What became of every transmission, by transmission number (TXN).
 *
 * Each datagram we send has a number of its own, never reused; the peer tells which arrived. So a
 * round trip is never ambiguous, "sent after" is a comparison of numbers, and a loss that proves
 * false is recognised. Columns are indexed by `txn & mask`, so the numbers in here are dense; those
 * on the wire are not, once a key was left early (`TxnShifts`).
 */
import { assert } from '../util/assert.ts';
import { BitRing } from '../util/bit-ring.ts';
import { moveColumn, NO_BYTES, NO_NUMBERS } from './columns.ts';
import { TxnShifts } from './txn-shifts.ts';

export const KIND = { CONTROL: 0, SKIPPED: 1, STREAM: 2, PART: 3, PROBE: 4, SIZE: 5 } as const;
export const FATE = { OUTSTANDING: 0, DELIVERED: 1, LOST: 2 } as const;
const FATE_SHIFT = 4;
const KIND_MASK = 15;

const INITIAL_CAPACITY = 32;
/** Half of so many are always remembered: what is late is known again (P-LOSS-03). */
const LEAST_FORGETTING = 256;
/** Most transmissions remembered (docs/LIMITS.md); older ones are past caring. */
export const MAX_TRANSMISSIONS = 524_288;

/** The multiple of 32 at or below `txn`. */
function wordOf(txn: number): number {
  return 32 * Math.floor(txn / 32);
}

export class TransmissionLog {
  /** Number of the next transmission. */
  txnNxt: number;
  /** Oldest stream transmission whose fate is open; equals `txnNxt` when there is none. */
  txnUna: number;
  /**
   * The columns describe numbers from here on; where there are any a multiple of 32, as `told` is
   * cleared by words.
   */
  private floor: number;
  /** First number ever; -Infinity when it can no longer be told which ones came before it. */
  private firstTxn: number;
  private readonly shifts = new TxnShifts();
  /** The third handshake message, once it was repeated; Karn's problem remains for it alone. */
  private untimedTxn = -1;
  /** Transmissions that there are columns for: none before the first, and none at rest. */
  private capacity = 0;
  private mask = 0;
  private seqs = NO_NUMBERS;
  private sentMs = NO_NUMBERS;
  /** Kind, and above it the fate. */
  private marks = NO_BYTES;
  /** Numbers the peer has told us it received. */
  private readonly told = new BitRing(0);

  constructor(firstTxn: number) {
    this.txnNxt = firstTxn;
    this.txnUna = firstTxn;
    this.floor = firstTxn;
    this.firstTxn = firstTxn;
  }

  /**
   * P-TXN-01: the next number, never used twice.
   * @param seq stream segment carried, -1 for none; of a probe of the path its size, negative
   */
  record(nowMs: number, kind: number, seq: number): number {
    const txn = this.txnNxt;
    if (txn - this.floor >= this.capacity) this.makeRoom();
    const at = txn & this.mask;
    this.seqs[at] = seq;
    this.sentMs[at] = nowMs;
    this.marks[at] = kind | (FATE.OUTSTANDING << FATE_SHIFT);
    if ((txn & 31) === 0 || txn === this.firstTxn) this.told.clearWord(txn);
    this.txnNxt = txn + 1;
    this.advance();
    return txn;
  }

  /** Forgets up to half when that loses nothing open, else doubles; at the cap, the oldest word. */
  private makeRoom(): void {
    const { capacity } = this;
    if (capacity === 0) {
      // What the word holds from before reads as control segments, whose fate is of no interest.
      this.floor = wordOf(this.txnNxt);
      this.resize(INITIAL_CAPACITY, this.txnNxt);
      return;
    }
    const forgettable = wordOf(Math.min(this.txnUna, this.txnNxt - (capacity >>> 1)));
    if (capacity < LEAST_FORGETTING) this.resize(2 * capacity, this.floor);
    else if (forgettable > this.floor) this.floor = forgettable;
    else if (capacity < MAX_TRANSMISSIONS) this.resize(2 * capacity, this.floor);
    else {
      this.floor += 32;
      this.txnUna = Math.max(this.txnUna, this.floor);
    }
  }

  /** @param from first number that the columns describe now */
  private resize(capacity: number, from: number): void {
    const { txnNxt } = this;
    this.capacity = capacity;
    this.mask = capacity - 1;
    this.seqs = moveColumn(this.seqs, new Float64Array(capacity), from, txnNxt);
    this.sentMs = moveColumn(this.sentMs, new Float64Array(capacity), from, txnNxt);
    this.marks = moveColumn(this.marks, new Uint8Array(capacity), from, txnNxt);
    this.told.resize(capacity, from, txnNxt);
  }

  /** Forgets everything, when that loses nothing open: it was long ago. */
  rest(): void {
    if (this.capacity === 0 || this.txnUna < this.txnNxt || this.isAsking) return;
    this.floor = this.txnNxt;
    this.capacity = this.mask = 0;
    this.seqs = this.sentMs = NO_NUMBERS;
    this.marks = NO_BYTES;
    this.told.resize(0, 0, 0);
  }

  /** Whether the newest transmission is a probe whose answer is to come. */
  private get isAsking(): boolean {
    const newest = this.txnNxt - 1;
    return this.remembers(newest) && this.kindOf(newest) === KIND.PROBE && this.isNews(newest);
  }

  /** Bytes of typed arrays. */
  get heldBytes(): number {
    return 17 * this.capacity + this.told.heldBytes;
  }

  /** What has to be added to a number to have the one on the wire, for those that leave now. */
  get shift(): number {
    return this.shifts.shift;
  }

  /** Ours for `wire`: for no transmission one that `isUnsent`, for a forgotten one an old one. */
  numberOf(wire: number): number {
    return this.shifts.numberOf(wire);
  }

  /**
   * P-KEY-09: the next transmission has the number `wire`, a multiple of 32; those left out count
   * as never sent. A few of ours are skipped, as their word of the wire has to be full.
   */
  jumpTo(nowMs: number, wire: number): void {
    while (this.txnNxt % 32 !== 0) this.record(nowMs, KIND.SKIPPED, -1);
    if (wire === this.txnNxt + this.shift) return;
    this.shifts.jump(this.txnNxt, wire);
    const { oldest } = this.shifts;
    if (oldest === -Infinity) return;
    this.firstTxn = -Infinity;
    this.floor = Math.max(this.floor, oldest);
    this.txnUna = Math.max(this.txnUna, this.floor);
    this.advance();
  }

  /** Whether the columns still describe `txn`. */
  remembers(txn: number): boolean {
    return txn >= this.floor && !this.isUnsent(txn);
  }

  /** Whether `txn` was never handed out: a peer that names it invents. */
  isUnsent(txn: number): boolean {
    return txn >= this.txnNxt || txn < this.firstTxn;
  }

  seqOf(txn: number): number {
    return this.seqs[txn & this.mask]!;
  }

  sentMsOf(txn: number): number {
    return this.sentMs[txn & this.mask]!;
  }

  kindOf(txn: number): number {
    return this.marks[txn & this.mask]! & KIND_MASK;
  }

  fateOf(txn: number): number {
    return this.marks[txn & this.mask]! >>> FATE_SHIFT;
  }

  /** The bits of `word` (of the aligned 32 numbers that hold `txn`) not told before. */
  newlyTold(txn: number, word: number): number {
    return (word & ~this.told.word(txn)) >>> 0;
  }

  isNews(txn: number): boolean {
    return !this.told.has(txn);
  }

  /** Takes `txn` out of round-trip timing: its datagram was repeated as it was. */
  forbidTiming(txn: number): void {
    this.untimedTxn = txn;
  }

  isTimed(txn: number): boolean {
    return txn !== this.untimedTxn;
  }

  markTold(txn: number): void {
    this.told.set(txn);
  }

  /** Settles an open transmission; `txnUna` moves on. */
  settle(txn: number, fate: number): void {
    assert(this.remembers(txn), 'settling a forgotten transmission');
    this.marks[txn & this.mask] = this.kindOf(txn) | (fate << FATE_SHIFT);
    this.advance();
  }

  private isOpen(txn: number): boolean {
    const kind = this.kindOf(txn);
    return (kind === KIND.STREAM || kind === KIND.PART) && this.fateOf(txn) === FATE.OUTSTANDING;
  }

  private advance(): void {
    while (this.txnUna < this.txnNxt && !this.isOpen(this.txnUna)) this.txnUna += 1;
  }
}
