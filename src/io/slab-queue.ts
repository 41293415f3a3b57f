/**
 * Makes a slab pool something to wait for. Whoever holds least is served first, and of those who
 * hold the same whoever came first: so one that has used up its share, and may wait for ever, holds
 * nobody up. When little is left a caller gets a smaller slab than it wants, so a large want is not
 * starved by small ones.
 *
 * If the one that holds least cannot be served, nobody can: so a slab that comes back costs a few
 * steps, however many wait.
 */
import { DeadlineHeap } from '../util/deadline-heap.ts';
import { Fifo } from '../util/fifo.ts';
import type { Slab, SlabAccount, SlabPool } from '../util/slab.ts';

/** Later callers count as if they held this much more, which is less than any slab. */
const BEHIND_BYTES = 2 ** -24;

interface Want {
  readonly bytes: number;
  readonly resolve: (slab: Slab) => void;
  readonly reject: (error: Error) => void;
}

/** One account that waits; its place in the heap is what it holds, in bytes. */
interface Waiter {
  readonly account: SlabAccount;
  readonly wants: Fifo<Want>;
  arrival: number;
  deadlineMs: number;
  heapIndex: number;
}

export class SlabQueue {
  private readonly pool: SlabPool;
  private readonly waiters = new Map<SlabAccount, Waiter>();
  private readonly order = new DeadlineHeap<Waiter>();
  private arrivals = 0;
  private hasReturned = false;
  /** Times that somebody was tried: the measure of work. */
  steps = 0;

  constructor(pool: SlabPool) {
    this.pool = pool;
    pool.onReturn = (account) => {
      this.hasReturned = true;
      const waiter = account === undefined ? undefined : this.waiters.get(account);
      if (waiter !== undefined) this.place(waiter);
    };
  }

  get waitingCount(): number {
    let count = 0;
    for (const { wants } of this.waiters.values()) count += wants.length;
    return count;
  }

  /**
   * A slab with one reference, of `wantBytes` or more unless memory is short.
   * @param account is charged for it, and names the wants that {@link cancel} ends
   */
  acquire(account: SlabAccount, wantBytes: number): Promise<Slab> {
    this.serve();
    // Of two wants of one connection the first is served first.
    const known = this.waiters.get(account);
    const slab = known === undefined ? this.try(account, wantBytes) : undefined;
    if (slab !== undefined) return Promise.resolve(slab);
    const waiter = known ?? this.add(account);
    return new Promise((resolve, reject) => {
      waiter.wants.push({ bytes: wantBytes, resolve, reject });
    });
  }

  release(slab: Slab): void {
    this.pool.release(slab);
    this.serve();
  }

  /** Serves who waits; to be called when slabs may have come back. */
  serve(): void {
    if (!this.hasReturned) return;
    this.hasReturned = false;
    for (;;) {
      const waiter = this.order.peek();
      const want = waiter?.wants.peek();
      if (waiter === undefined || want === undefined) return;
      const slab = this.try(waiter.account, want.bytes);
      if (slab === undefined) return;
      waiter.wants.shift();
      if (waiter.wants.length === 0) this.remove(waiter);
      else this.sendBack(waiter);
      want.resolve(slab);
    }
  }

  /** Rejects what `account` waits for. */
  cancel(account: SlabAccount, error: Error): void {
    const waiter = this.waiters.get(account);
    if (waiter === undefined) return;
    this.remove(waiter);
    for (let want = waiter.wants.shift(); want !== undefined; want = waiter.wants.shift()) {
      want.reject(error);
    }
  }

  private try(account: SlabAccount, wantBytes: number): Slab | undefined {
    this.steps += 1;
    return this.pool.acquireSome(wantBytes, 0, account);
  }

  private add(account: SlabAccount): Waiter {
    const wants = new Fifo<Want>();
    const waiter: Waiter = { account, wants, arrival: 0, deadlineMs: Infinity, heapIndex: -1 };
    this.waiters.set(account, waiter);
    this.sendBack(waiter);
    return waiter;
  }

  private remove(waiter: Waiter): void {
    this.waiters.delete(waiter.account);
    this.order.remove(waiter);
  }

  private sendBack(waiter: Waiter): void {
    this.arrivals += 1;
    waiter.arrival = this.arrivals;
    this.place(waiter);
  }

  private place(waiter: Waiter): void {
    this.order.update(waiter, waiter.account.heldBytes + BEHIND_BYTES * waiter.arrival);
  }
}
