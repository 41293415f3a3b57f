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
  private mask = INITIAL_CAPACITY - 1;
  private states = new Uint8Array(INITIAL_CAPACITY);
  private flags = new Uint8Array(INITIAL_CAPACITY);
  private errors = new Uint8Array(INITIAL_CAPACITY);
  private levels = new Uint8Array(INITIAL_CAPACITY);
  private transmissions = new Uint8Array(INITIAL_CAPACITY);
  private lengths = new Uint16Array(INITIAL_CAPACITY);
  private offsets = new Int32Array(INITIAL_CAPACITY);
  private firstTxns = new Float64Array(INITIAL_CAPACITY);
  private txns = new Float64Array(INITIAL_CAPACITY);
  private sentMs = new Float64Array(INITIAL_CAPACITY);
  private bytes: (Uint8Array | undefined)[] = [];
  private slabs: (Slab | undefined)[] = [];
  /** Bits of delivered segments; twice the window, so that aligned words never overlap. */
  private readonly settled = new BitRing(INITIAL_CAPACITY * 2);
  private readonly lists = new BackoffLists(INITIAL_CAPACITY);
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
    if (this.count > this.mask) this.grow();
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
    this.lists.reset(this.mask + 1);
    this.sndUna = this.sndNxt;
    this.flightBytes = 0;
    this.lostCount = 0;
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
    const at = this.lists.head(level);
    assert(at !== NO_SLOT, 'the level has a segment');
    return this.seqAt(at);
  }

  private grow(): void {
    const lists = Array.from({ length: BACKOFF_LEVELS }, (_, level) => this.listOf(level));
    const oldMask = this.mask;
    const capacity = (oldMask + 1) * 2;
    const moved = <T extends Uint8Array | Uint16Array | Int32Array | Float64Array>(
      old: T,
      fresh: T,
    ): T => {
      for (let seq = this.sndUna; seq < this.sndNxt; seq += 1) {
        fresh[seq & (capacity - 1)] = old[seq & oldMask]!;
      }
      return fresh;
    };
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
    const { bytes, slabs } = this;
    this.bytes = [];
    this.slabs = [];
    for (let seq = this.sndUna; seq < this.sndNxt; seq += 1) {
      this.bytes[seq & (capacity - 1)] = bytes[seq & oldMask];
      this.slabs[seq & (capacity - 1)] = slabs[seq & oldMask];
    }
    this.mask = capacity - 1;
    this.settled.grow(capacity * 2, this.sndUna, this.sndNxt);
    this.lists.reset(capacity);
    lists.forEach((list, level) => {
      for (const seq of list) this.lists.link(level, seq & this.mask);
    });
  }

  private seqAt(slot: number): number {
    return this.sndUna + ((slot - (this.sndUna & this.mask)) & this.mask);
  }

  private listOf(level: number): number[] {
    return this.lists.slots(level).map((slot) => this.seqAt(slot));
  }

  /** Costly check of every derived figure, for the simulator; undefined when all is well. */
  audit(): string | undefined {
    let flight = 0;
    let lost = 0;
    for (let seq = this.sndUna; seq < this.sndNxt; seq += 1) {
      const state = this.states[seq & this.mask];
      if (state === SEGMENT.IN_FLIGHT) flight += this.wireBytesOf(seq);
      if (state === SEGMENT.LOST) lost += 1;
      if (state === SEGMENT.FREE) return `segment ${seq} in the window is free`;
    }
    if (flight !== this.flightBytes) return `flight ${this.flightBytes}, scoreboard ${flight}`;
    if (lost !== this.lostCount) return `lost ${this.lostCount}, scoreboard ${lost}`;
    for (let level = 0; level < BACKOFF_LEVELS; level += 1) {
      let before = -Infinity;
      for (const seq of this.listOf(level)) {
        if (this.sentMs[seq & this.mask]! < before) return `level ${level} is out of order`;
        before = this.sentMs[seq & this.mask]!;
        flight -= this.wireBytesOf(seq);
      }
    }
    return flight === 0 ? undefined : 'the timeout lists miss a segment';
  }
}
