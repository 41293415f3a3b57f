/**
 * Datagrams under way, ordered by when they arrive; equal times keep the order of sending.
 *
 * Most links deliver in order, so entries live in a ring; only what overtakes goes to a heap.
 * Buffers are reused: a run of a million datagrams allocates as many as are under way at once.
 */
import { assert } from '../util/assert.ts';

/** Most datagrams under way on one link, as in the lab's emulator. */
export const MAX_HELD_DATAGRAMS = 131_072;

const CLASSES_BYTES = [2_048, 16_384, 66_048] as const;

export interface Flight {
  readonly buffer: Uint8Array;
  readonly sizeClass: number;
  /** Bytes of `buffer` in use. */
  length: number;
  atMs: number;
  order: number;
}

export class DelayLine {
  private ring: (Flight | undefined)[] = new Array<Flight | undefined>(16).fill(undefined);
  private head = 0;
  private count = 0;
  private readonly heap: Flight[] = [];
  private readonly idle: Flight[][] = CLASSES_BYTES.map(() => []);
  private orders = 0;

  /** Datagrams under way. */
  get size(): number {
    return this.count + this.heap.length;
  }

  /** An entry with room for `length` bytes, to be filled and handed to {@link push}. */
  take(length: number): Flight {
    const sizeClass = CLASSES_BYTES.findIndex((bytes) => bytes >= length);
    const bytes = CLASSES_BYTES[sizeClass];
    assert(bytes !== undefined, 'datagram above 66,048 bytes');
    const reused = this.idle[sizeClass]!.pop();
    if (reused !== undefined) {
      reused.length = length;
      return reused;
    }
    return { buffer: new Uint8Array(bytes), sizeClass, length, atMs: 0, order: 0 };
  }

  /** Puts an entry under way; it arrives at `atMs`. */
  push(flight: Flight, atMs: number): void {
    flight.atMs = atMs;
    flight.order = this.orders;
    this.orders += 1;
    const last = this.count === 0 ? undefined : this.at(this.count - 1);
    if (last !== undefined && last.atMs > atMs) {
      this.heap.push(flight);
      this.siftUp(this.heap.length - 1);
      return;
    }
    if (this.count === this.ring.length) this.grow();
    this.ring[(this.head + this.count) & (this.ring.length - 1)] = flight;
    this.count += 1;
  }

  /** When the next datagram arrives; Infinity while none is under way. */
  nextMs(): number {
    const first = this.count === 0 ? Infinity : this.at(0).atMs;
    const top = this.heap[0];
    return top !== undefined && top.atMs < first ? top.atMs : first;
  }

  /** The next datagram, whose time must have come; give it back with {@link recycle}. */
  shift(): Flight {
    const top = this.heap[0];
    const first = this.count === 0 ? undefined : this.at(0);
    if (top !== undefined && (first === undefined || precedes(top, first))) return this.pop();
    assert(first !== undefined, 'shift of an empty delay line');
    this.ring[this.head] = undefined;
    this.head = (this.head + 1) & (this.ring.length - 1);
    this.count -= 1;
    return first;
  }

  recycle(flight: Flight): void {
    this.idle[flight.sizeClass]!.push(flight);
  }

  private at(index: number): Flight {
    return this.ring[(this.head + index) & (this.ring.length - 1)]!;
  }

  private grow(): void {
    const larger = new Array<Flight | undefined>(this.ring.length * 2).fill(undefined);
    for (let i = 0; i < this.count; i += 1) larger[i] = this.at(i);
    this.ring = larger;
    this.head = 0;
  }

  private pop(): Flight {
    const heap = this.heap;
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length > 0) {
      heap[0] = last;
      this.siftDown();
    }
    return top;
  }

  private siftUp(start: number): void {
    const heap = this.heap;
    let index = start;
    const moved = heap[index]!;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!precedes(moved, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = moved;
  }

  private siftDown(): void {
    const heap = this.heap;
    const moved = heap[0]!;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && precedes(heap[child + 1]!, heap[child]!)) child += 1;
      if (!precedes(heap[child]!, moved)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = moved;
  }
}

function precedes(a: Flight, b: Flight): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
