/** Segments that wait for retransmission, in the order found; entries settled since are stale. */
import { SEGMENT, type SendWindow } from './send-window.ts';

/** Stale entries before which tidying up is not worth it. */
const STALE_ENTRIES = 1024;

export class LostQueue {
  private seqs: number[] = [];
  private head = 0;
  private readonly window: SendWindow;

  constructor(window: SendWindow) {
    this.window = window;
  }

  push(seq: number): void {
    this.seqs.push(seq);
  }

  /** The segment to retransmit next; -1 when none waits. */
  next(): number {
    while (this.head < this.seqs.length) {
      const seq = this.seqs[this.head]!;
      if (this.window.stateOf(seq) === SEGMENT.LOST) {
        this.forgetStale();
        return seq;
      }
      this.head += 1;
    }
    this.seqs.length = 0;
    this.head = 0;
    return -1;
  }

  /** A peer that never lets the queue run dry must not make it grow for ever. */
  private forgetStale(): void {
    if (this.head < STALE_ENTRIES || 2 * this.head < this.seqs.length) return;
    this.seqs = this.seqs.slice(this.head);
    this.head = 0;
  }

  /** Entries held, stale ones included. */
  get length(): number {
    return this.seqs.length;
  }

  /**
   * Puts the oldest first, which others may have to wait for: after a timeout the window is one
   * segment, and each that goes before it costs a round. Sorting is rare, because timeouts are.
   */
  sort(): void {
    const isWaiting = (seq: number): boolean => this.window.stateOf(seq) === SEGMENT.LOST;
    const waiting = this.seqs.slice(this.head).filter(isWaiting);
    waiting.sort((a, b) => a - b);
    this.seqs.length = 0;
    this.head = 0;
    for (const seq of waiting) this.seqs.push(seq);
  }
}
