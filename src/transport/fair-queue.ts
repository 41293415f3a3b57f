/**
 * Who sends next when many could: deficit round robin by bytes (Shreedhar and Varghese, 1995), in
 * two levels, first between sources and then between the connections of one source. Whoever opens
 * twenty connections shares with himself what he would have had with one.
 *
 * The length of a datagram is known only once it is made, so each may be overdrawn by its last one
 * and has the less the next time. A turn is about one train, so that trains stay whole.
 */
import { assert } from '../util/assert.ts';
import { Fifo } from '../util/fifo.ts';

/** P-FAIR-01: bytes of one turn; no datagram is longer, so whoever is next may send something. */
export const TURN_BYTES = 65_536;

/** One that may have something to send; the fields belong to the queue. */
export interface Served {
  isReady: boolean;
  /** What is left of its turn; above 0 while it is ready. */
  creditBytes: number;
}

interface Line<T> {
  readonly source: string;
  readonly waiting: Fifo<T>;
  creditBytes: number;
}

export class FairQueue<T extends Served> {
  /** Those with somebody who is ready, and no others. */
  private readonly lines = new Map<string, Line<T>>();
  private readonly turns = new Fifo<Line<T>>();

  get isEmpty(): boolean {
    return this.turns.length === 0;
  }

  /** Puts `entry`, which is not ready yet, behind those of `source`. */
  push(source: string, entry: T): void {
    assert(!entry.isReady, 'waits for one turn at a time');
    let line = this.lines.get(source);
    if (line === undefined) {
      line = { source, waiting: new Fifo(), creditBytes: TURN_BYTES };
      this.lines.set(source, line);
      this.turns.push(line);
    }
    entry.isReady = true;
    entry.creditBytes = TURN_BYTES;
    line.waiting.push(entry);
  }

  /** Whose turn it is. */
  peek(): T | undefined {
    return this.turns.peek()?.waiting.peek();
  }

  /** The one whose turn it is has sent a datagram of `bytes`. */
  sent(bytes: number): void {
    assert(bytes <= TURN_BYTES, 'a turn is longer than any datagram');
    const line = this.turns.peek()!;
    if (isOver(line.waiting.peek()!, bytes)) rotate(line.waiting);
    if (isOver(line, bytes)) rotate(this.turns);
  }

  /** The one whose turn it is has nothing to send, and what is left of it is lost. */
  shift(): void {
    const line = this.turns.peek()!;
    line.waiting.shift()!.isReady = false;
    if (line.waiting.length > 0) return;
    this.lines.delete(line.source);
    this.turns.shift();
  }
}

/** Takes `bytes` of the credit; at the end of it there is some for the next turn. */
function isOver(owner: { creditBytes: number }, bytes: number): boolean {
  owner.creditBytes -= bytes;
  if (owner.creditBytes > 0) return false;
  owner.creditBytes += TURN_BYTES;
  return true;
}

function rotate<E>(queue: Fifo<E>): void {
  if (queue.length > 1) queue.push(queue.shift()!);
}
