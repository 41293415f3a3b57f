/** Segments that wait for retransmission, in the order found; entries settled since are stale. */
import { SEGMENT, type SendWindow } from './send-window.ts';

export class LostQueue {
  private readonly seqs: number[] = [];
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
      if (this.window.stateOf(seq) === SEGMENT.LOST) return seq;
      this.head += 1;
    }
    this.seqs.length = 0;
    this.head = 0;
    return -1;
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
