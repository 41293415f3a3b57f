/**
 * The send window: every segment from `sndUna` to `sndNxt`, as columns indexed by `seq & mask`.
 *
 * No object, closure or timer per segment. Each segment's own retransmission timeout (founding
 * documents) is a deadline of `sentMs + timeout × 2^level`: segments of one back-off level stand
 * in a list in order of sending, so the earliest deadline of a level is always its head's.
 */
import { assert } from '../util/assert.ts';
import { BitRing } from '../util/bit-ring.ts';
import type { Slab, SlabPool } from '../util/slab.ts';
import { STREAM_HEADER_BYTES } from '../wire/layout.ts';
import { BACKOFF_LEVELS, BackoffLists, NO_SLOT } from './backoff-lists.ts';
import { type Column, moveColumn, NO_BYTES, NO_INTS, NO_NUMBERS, NO_SHORTS } from './columns.ts';
import type { Cut } from './send-queue.ts';

export const SEGMENT = { FREE: 0, IN_FLIGHT: 1, LOST: 2, DELIVERED: 3 } as const;

/** Most segments sent and not acknowledged (docs/LIMITS.md). */
export const MAX_SENT_SEGMENTS = 131_072;
const INITIAL_CAPACITY = 32;

export class SendWindow {
  /** Oldest segment not acknowledged, next segment to be numbered; absolute. */
  sndUna: number;
  sndNxt: number;
  /** Wire bytes of segments in flight (RFC 6675 `pipe`). */
  flightBytes = 0;
  /** Segments that wait for retransmission. */
  lostCount = 0;
  /** Stream payload bytes of all segments numbered, of those before `sndUna`, of those settled. */
  bytesNumbered = 0;
  bytesUna = 0;
  bytesSettled = 0;
  /** Segments that there are columns for: none before the first, and none at rest. */
  private capacity = 0;
  private mask = 0;
  private states = NO_BYTES;
  private flags = NO_BYTES;
  private errors = NO_BYTES;
  private levels = NO_BYTES;
  private transmissions = NO_BYTES;
  private lengths = NO_SHORTS;
  private offsets = NO_INTS;
  private firstTxns = NO_NUMBERS;
  private txns = NO_NUMBERS;
  private sentMs = NO_NUMBERS;
  private bytes: (Uint8Array | undefined)[] = [];
  private slabs: (Slab | undefined)[] = [];
  /** Bits of delivered segments; twice the window, so that aligned words never overlap. */
  private readonly settled = new BitRing(0);
  private readonly lists = new BackoffLists();
  private readonly pool: SlabPool;

  constructor(initialSeq: number, pool: SlabPool) {
    this.sndUna = initialSeq;
    this.sndNxt = initialSeq;
    this.pool = pool;
  }

  get count(): number {
    return this.sndNxt - this.sndUna;
  }

  get isFull(): boolean {
    return this.count >= MAX_SENT_SEGMENTS;
  }

  stateOf(seq: number): number {
    return seq < this.sndUna || seq >= this.sndNxt ? SEGMENT.FREE : this.states[seq & this.mask]!;
  }

  flagsOf(seq: number): number {
    return this.flags[seq & this.mask]!;
  }

  errorOf(seq: number): number {
    return this.errors[seq & this.mask]!;
  }

  lengthOf(seq: number): number {
    return this.lengths[seq & this.mask]!;
  }

  offsetOf(seq: number): number {
    return this.offsets[seq & this.mask]!;
  }

  bytesOf(seq: number): Uint8Array {
    const bytes = this.bytes[seq & this.mask];
    assert(bytes !== undefined, 'a segment that can be sent has its bytes');
    return bytes;
  }

  /** Bits of delivered segments in the aligned 32 numbers that hold `seq`. */
  settledWord(seq: number): number {
    return this.settled.word(seq);
  }

  /** Index of the first SACK word from `from` on that tells a segment not known as delivered. */
  firstUntold(start: number, words: Uint32Array, from: number, count: number): number {
    return this.settled.firstNews(start, words, from, count);
  }

  /** First and last transmission of the segment's newest round (several when it went in parts). */
  firstTxnOf(seq: number): number {
    return this.firstTxns[seq & this.mask]!;
  }

  txnOf(seq: number): number {
    return this.txns[seq & this.mask]!;
  }

  transmissionsOf(seq: number): number {
    return this.transmissions[seq & this.mask]!;
  }

  levelOf(seq: number): number {
    return this.levels[seq & this.mask]!;
  }

  /** Bytes of header and payload, which is what congestion control counts. */
  wireBytesOf(seq: number): number {
    return this.lengthOf(seq) + STREAM_HEADER_BYTES;
  }

  /** Numbers a new segment; it counts as in flight once `transmitted` is called. */
  append(cut: Cut): number {
    assert(!this.isFull, 'send window below its cap');
    if (this.count >= this.capacity) this.grow();
    const seq = this.sndNxt;
    const at = seq & this.mask;
    this.states[at] = SEGMENT.FREE;
    this.settled.clear(seq);
    this.flags[at] = cut.flags;
    this.errors[at] = cut.error;
    this.levels[at] = 0;
    this.transmissions[at] = 0;
    this.lengths[at] = cut.length;
    this.offsets[at] = cut.offset;
    this.bytes[at] = cut.bytes;
    this.slabs[at] = cut.slab;
    this.bytesNumbered += cut.length;
    this.sndNxt = seq + 1;
    return seq;
  }

  /** Segment `seq` left in transmissions `firstTxn … txn`. */
  transmitted(nowMs: number, seq: number, firstTxn: number, txn: number): void {
    const at = seq & this.mask;
    const state = this.states[at]!;
    if (state === SEGMENT.IN_FLIGHT) this.lists.unlink(this.levels[at]!, at);
    else this.flightBytes += this.wireBytesOf(seq);
    if (state === SEGMENT.LOST) this.lostCount -= 1;
    this.states[at] = SEGMENT.IN_FLIGHT;
    this.firstTxns[at] = firstTxn;
    this.txns[at] = txn;
    this.sentMs[at] = nowMs;
    this.transmissions[at] = Math.min(255, this.transmissions[at]! + 1);
    this.lists.link(this.levels[at]!, at);
  }

  /** Takes an in-flight segment out of flight; it waits for retransmission. */
  markLost(seq: number, timedOut: boolean): void {
    const at = seq & this.mask;
    assert(this.states[at] === SEGMENT.IN_FLIGHT, 'only what is in flight can be lost');
    this.lists.unlink(this.levels[at]!, at);
    this.flightBytes -= this.wireBytesOf(seq);
    this.states[at] = SEGMENT.LOST;
    this.lostCount += 1;
    if (timedOut) this.levels[at] = Math.min(BACKOFF_LEVELS - 1, this.levels[at]! + 1);
  }

  /** The peer has the segment. @returns its wire bytes, 0 when that was known */
  settle(seq: number): number {
    const at = seq & this.mask;
    const state = this.states[at]!;
    if (state === SEGMENT.DELIVERED) return 0;
    if (state === SEGMENT.IN_FLIGHT) {
      this.lists.unlink(this.levels[at]!, at);
      this.flightBytes -= this.wireBytesOf(seq);
    } else if (state === SEGMENT.LOST) this.lostCount -= 1;
    this.states[at] = SEGMENT.DELIVERED;
    this.settled.set(seq);
    this.bytesSettled += this.lengths[at]!;
    this.letGo(at);
    return this.wireBytesOf(seq);
  }

  /** Moves `sndUna` over one segment, which has been settled. */
  advance(): void {
    const at = this.sndUna & this.mask;
    assert(this.states[at] === SEGMENT.DELIVERED, 'the window slides over delivered segments only');
    this.states[at] = SEGMENT.FREE;
    this.bytesUna += this.lengths[at]!;
    this.sndUna += 1;
  }

  /** Lets every slab go, for a connection that is given up. */
  clear(): void {
    for (let seq = this.sndUna; seq < this.sndNxt; seq += 1) this.letGo(seq & this.mask);
    this.sndUna = this.sndNxt;
    this.flightBytes = this.lostCount = 0;
    this.rest();
  }

  /** Gives the columns back while there is nothing in them; the next segment has new ones. */
  rest(): void {
    if (this.count > 0 || this.capacity === 0) return;
    this.capacity = this.mask = 0;
    this.states = this.flags = this.errors = this.levels = this.transmissions = NO_BYTES;
    this.lengths = NO_SHORTS;
    this.offsets = NO_INTS;
    this.firstTxns = this.txns = this.sentMs = NO_NUMBERS;
    this.bytes.length = this.slabs.length = 0;
    this.settled.resize(0, 0, 0);
    this.lists.reset(0);
  }

  /** Bytes of typed arrays: five columns of a byte, one of two, one of four, three of eight. */
  get heldBytes(): number {
    return 35 * this.capacity + this.settled.heldBytes + this.lists.heldBytes;
  }

  private letGo(at: number): void {
    const slab = this.slabs[at];
    if (slab !== undefined) this.pool.release(slab);
    this.slabs[at] = undefined;
    this.bytes[at] = undefined;
  }

  /** Newest segment in flight, or -1: what a tail loss probe repeats. */
  newestInFlight(): number {
    for (let seq = this.sndNxt - 1; seq >= this.sndUna; seq -= 1) {
      if (this.states[seq & this.mask] === SEGMENT.IN_FLIGHT) return seq;
    }
    return -1;
  }

  /** Sending time of the segment of `level` that was sent first; Infinity when there is none. */
  oldestSentMs(level: number): number {
    const at = this.lists.head(level);
    return at === NO_SLOT ? Infinity : this.sentMs[at]!;
  }

  /** That segment's number. */
  oldestSeq(level: number): number {
    assert(this.lists.head(level) !== NO_SLOT, 'the level has a segment');
    return this.seqAt(this.lists.head(level));
  }

  private grow(): void {
    const levels = Array.from({ length: BACKOFF_LEVELS }, (_, level) => this.listOf(level));
    const { sndUna, sndNxt, mask: oldMask, bytes, slabs } = this;
    const capacity = Math.max(INITIAL_CAPACITY, 2 * this.capacity);
    const moved = <T extends Column>(old: T, fresh: T): T => moveColumn(old, fresh, sndUna, sndNxt);
    this.states = moved(this.states, new Uint8Array(capacity));
    this.flags = moved(this.flags, new Uint8Array(capacity));
    this.errors = moved(this.errors, new Uint8Array(capacity));
    this.levels = moved(this.levels, new Uint8Array(capacity));
    this.transmissions = moved(this.transmissions, new Uint8Array(capacity));
    this.lengths = moved(this.lengths, new Uint16Array(capacity));
    this.offsets = moved(this.offsets, new Int32Array(capacity));
    this.firstTxns = moved(this.firstTxns, new Float64Array(capacity));
    this.txns = moved(this.txns, new Float64Array(capacity));
    this.sentMs = moved(this.sentMs, new Float64Array(capacity));
    this.bytes = [];
    this.slabs = [];
    for (let seq = sndUna; seq < sndNxt; seq += 1) {
      this.bytes[seq & (capacity - 1)] = bytes[seq & oldMask];
      this.slabs[seq & (capacity - 1)] = slabs[seq & oldMask];
    }
    this.capacity = capacity;
    this.mask = capacity - 1;
    this.settled.resize(capacity * 2, sndUna, sndNxt);
    this.lists.reset(capacity);
    levels.forEach((list, level) => {
      for (const seq of list) this.lists.link(level, seq & this.mask);
    });
  }

  private seqAt(slot: number): number {
    return this.sndUna + ((slot - (this.sndUna & this.mask)) & this.mask);
  }

  /** The segments of `level` in flight, in order of sending. */
  listOf(level: number): number[] {
    return this.lists.slots(level).map((slot) => this.seqAt(slot));
  }

  sentMsOf(seq: number): number {
    return this.sentMs[seq & this.mask]!;
  }
}
