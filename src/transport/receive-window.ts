/**
 * The receive window: keeps what comes early, knows exactly what is missing, and hands segments on
 * in order. A bit per segment and a cell per early one; no overlap cases, because data is numbered
 * by segment.
 */
import { BitRing } from '../util/bit-ring.ts';
import { CellAccount, type CellPool } from '../util/cell-pool.ts';
import type { AckBlock } from '../wire/ack-block.ts';
import { FLAG } from '../wire/codes.ts';
import { moveColumn, NO_BYTES, NO_INTS, NO_SHORTS } from './columns.ts';
import type { Inbox } from './inbox.ts';
import { PartStore } from './part-store.ts';
import { ReceiveGrant } from './receive-grant.ts';

export type ReceiveResult =
  | 'taken'
  | 'duplicate'
  | 'outsideWindow'
  | 'noMemory'
  | 'part'
  /** The peer broke a rule; names of docs/PROTOCOL.md. */
  | 'P-MSG-01';

const INITIAL_CAPACITY = 32;
/**
 * SACK words told at once, half of what a block may hold: a word costs both sides the same whether
 * it says anything new, and TMAP has told what is new already (docs/LIMITS.md).
 */
export const SACK_SLICE_WORDS = 16;

export class ReceiveWindow {
  /** Next segment expected; absolute. */
  rcvNxt: number;
  /** Early segments held. */
  earlyCount = 0;
  /** A gap has appeared or an end has come since the last acknowledgement. */
  isUrgent = false;
  /** Early segments are due, but the slab pool is used up; `drain` is to be tried again. */
  isStalled = false;
  private highest: number;
  /** Early segments that there are columns for: none before the first, and none at rest. */
  private capacity = 0;
  private mask = 0;
  /** Twice the columns, so that aligned words never overlap. */
  private readonly early = new BitRing(0);
  private cells = NO_INTS;
  private lengths = NO_SHORTS;
  private flags = NO_BYTES;
  private errors = NO_BYTES;
  private readonly parts: PartStore;
  private sackCursor = 0;
  private readonly inbox: Inbox;
  private readonly pool: CellPool;
  private readonly account = new CellAccount();
  private readonly maxPayloadBytes: number;
  private readonly grant: ReceiveGrant;

  /** @param maxPayloadBytes largest stream payload we told the peer we take */
  constructor(
    initialSeq: number,
    inbox: Inbox,
    pool: CellPool,
    maxPayloadBytes: number,
    windowSegments: number,
    windowBytes: number,
  ) {
    this.rcvNxt = initialSeq;
    this.highest = initialSeq - 1;
    this.inbox = inbox;
    this.pool = pool;
    this.maxPayloadBytes = maxPayloadBytes;
    this.grant = new ReceiveGrant(initialSeq, inbox, maxPayloadBytes, windowSegments, windowBytes);
    this.parts = new PartStore(pool, this.account);
  }

  /** Header field `window`. */
  window(): number {
    return this.grant.window(this.rcvNxt);
  }

  /** CREDIT: bytes that may follow `rcvNxt`. */
  credit(): number {
    return this.grant.credit();
  }

  isUpdateDue(): boolean {
    return this.grant.isUpdateDue();
  }

  /** P-ACK-03: takes a segment or a piece of one. Nothing is acknowledged that is not kept. */
  take(
    seq: number,
    flags: number,
    error: number,
    partOffset: number,
    partTotal: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): ReceiveResult {
    if (seq < this.rcvNxt || this.has(seq)) return 'duplicate';
    if (seq >= this.grant.windowEdge || end - start > this.maxPayloadBytes) return 'outsideWindow';
    if (partTotal > 0)
      return this.takePart(seq, flags, error, partOffset, partTotal, bytes, start, end);
    this.parts.forget(seq);
    this.grant.noteSize(end - start);
    if (seq !== this.rcvNxt) return this.keep(seq, flags, error, bytes, start, end);
    // P-FLOW-02: what is early lies in a pool of its own, and how far along it is nobody knows.
    if (end - start > this.credit()) return 'outsideWindow';
    this.noteGap(seq);
    const result = this.deliver(flags, error, bytes, start, end);
    if (result === 'taken') return this.drain();
    return result;
  }

  /** P-ACK-08: a new gap is news for the sender, and so is a filled one (RFC 5681 §4.2). */
  private noteGap(seq: number): void {
    const hasEarly = this.earlyCount > 0;
    if (seq === this.rcvNxt ? hasEarly : !hasEarly || seq > this.highest + 1) this.isUrgent = true;
  }

  private has(seq: number): boolean {
    return seq <= this.highest && this.early.has(seq);
  }

  private takePart(
    seq: number,
    flags: number,
    error: number,
    offset: number,
    total: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): ReceiveResult {
    if (total > this.maxPayloadBytes) return 'part';
    const isNext = seq === this.rcvNxt;
    const outcome = this.parts.add(seq, isNext, offset, total, bytes, start, end);
    if (outcome !== 'whole') return outcome;
    const cell = this.parts.takeCell(seq);
    this.noteGap(seq);
    this.note(seq, cell, total, flags, error);
    return seq === this.rcvNxt ? this.drain() : 'taken';
  }

  private keep(
    seq: number,
    flags: number,
    error: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): ReceiveResult {
    const cellClass = this.pool.classFor(end - start);
    const cell = this.pool.store(cellClass, bytes, start, end, this.account);
    if (cell < 0) return 'noMemory'; // P-FLOW-06
    this.noteGap(seq);
    this.note(seq, cell, end - start, flags, error);
    return 'taken';
  }

  private note(seq: number, cell: number, length: number, flags: number, error: number): void {
    while (seq - this.rcvNxt >= this.capacity) this.grow();
    const at = seq & this.mask;
    this.cells[at] = cell;
    this.lengths[at] = length;
    this.flags[at] = flags;
    this.errors[at] = error;
    this.early.set(seq);
    this.earlyCount += 1;
    this.highest = Math.max(this.highest, seq);
  }

  private deliver(
    flags: number,
    error: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): ReceiveResult {
    const outcome = this.inbox.take(flags, error, bytes, start, end);
    if (outcome === 'messageTooLong') return 'P-MSG-01';
    if (outcome === 'noMemory') return 'noMemory';
    if ((flags & FLAG.END) !== 0) this.isUrgent = true;
    this.rcvNxt += 1;
    return 'taken';
  }

  /** P-MSG-05: delivers early segments that are due; stops when the run pool is used up. */
  drain(): ReceiveResult {
    this.isStalled = false;
    while (this.earlyCount > 0 && this.early.has(this.rcvNxt)) {
      const seq = this.rcvNxt;
      const at = seq & this.mask;
      const cell = this.cells[at]!;
      const cellClass = this.pool.classFor(this.lengths[at]!);
      const start = this.pool.startOf(cellClass, cell);
      const page = this.pool.pageOf(cellClass, cell);
      const end = start + this.lengths[at]!;
      const result = this.deliver(this.flags[at]!, this.errors[at]!, page, start, end);
      // The segment stays where it is and will be tried again when memory comes back.
      if (result === 'noMemory') {
        this.isStalled = true;
        return 'taken';
      }
      if (result !== 'taken') return result;
      this.pool.free(cellClass, cell, this.account);
      this.early.clear(seq);
      this.earlyCount -= 1;
    }
    return 'taken';
  }

  /** P-ACK-02: CREDIT and SACK; a long map is told in slices, the next with the next block. */
  fill(block: AckBlock): void {
    this.isUrgent = false;
    block.credit = this.credit();
    this.grant.onTold();
    block.sackWords = 0;
    block.sackStart = 0;
    if (this.earlyCount === 0) return;
    const first = Math.floor(this.rcvNxt / 32);
    const total = Math.floor(this.highest / 32) - first + 1;
    if (total <= SACK_SLICE_WORDS || this.sackCursor >= total) this.sackCursor = 0;
    const words = Math.min(SACK_SLICE_WORDS, total - this.sackCursor);
    const from = first + this.sackCursor;
    block.sackStart = (32 * from) >>> 0;
    for (let i = 0; i < words; i += 1) block.sack[i] = this.early.word(32 * (from + i));
    block.sackWords = words;
    this.sackCursor += words;
  }

  private grow(): void {
    const from = this.rcvNxt;
    const to = from + this.capacity;
    const size = Math.max(INITIAL_CAPACITY, 2 * this.capacity);
    this.capacity = size;
    this.mask = size - 1;
    this.early.resize(2 * size, from, to);
    this.cells = moveColumn(this.cells, new Int32Array(size), from, to);
    this.lengths = moveColumn(this.lengths, new Uint16Array(size), from, to);
    this.flags = moveColumn(this.flags, new Uint8Array(size), from, to);
    this.errors = moveColumn(this.errors, new Uint8Array(size), from, to);
  }

  /** Gives the columns back while nothing is early; the next early segment has new ones. */
  rest(): void {
    if (this.earlyCount > 0 || this.capacity === 0) return;
    this.capacity = 0;
    this.mask = 0;
    this.early.resize(0, 0, 0);
    this.cells = NO_INTS;
    this.lengths = NO_SHORTS;
    this.flags = this.errors = NO_BYTES;
  }

  /** Bytes of typed arrays. */
  get heldBytes(): number {
    // A column of four bytes, one of two, two of one.
    return 8 * this.capacity + this.early.heldBytes;
  }

  /** Gives every cell back, for a connection that is over. */
  clear(): void {
    for (let seq = this.rcvNxt; seq <= this.highest && this.earlyCount > 0; seq += 1) {
      if (!this.early.has(seq)) continue;
      const at = seq & this.mask;
      const cellClass = this.pool.classFor(this.lengths[at]!);
      this.pool.free(cellClass, this.cells[at]!, this.account);
      this.earlyCount -= 1;
    }
    this.parts.clear();
  }
}
