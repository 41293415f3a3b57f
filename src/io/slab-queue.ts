/**
 * Makes a slab pool something to wait for. Callers are served in the order they came, but one that
 * has used up its share, and may wait for ever, holds nobody up. When little is left a caller gets
 * a smaller slab than it wants, so a large want is not starved by small ones.
 */
import type { Slab, SlabAccount, SlabPool } from '../util/slab.ts';

interface Waiting {
  readonly account: SlabAccount;
  readonly wantBytes: number;
  readonly resolve: (slab: Slab) => void;
  readonly reject: (error: Error) => void;
}

export class SlabQueue {
  private readonly pool: SlabPool;
  /** As long as there are callers; each waits for one slab before it asks for the next. */
  private waiting: Waiting[] = [];

  constructor(pool: SlabPool) {
    this.pool = pool;
  }

  get waitingCount(): number {
    return this.waiting.length;
  }

  /**
   * A slab with one reference, of `wantBytes` or more unless memory is short.
   * @param account is charged for it, and names the wants that {@link cancel} ends
   */
  acquire(account: SlabAccount, wantBytes: number): Promise<Slab> {
    this.serve();
    // Of two wants of one connection the first is served first.
    const isBehind = this.waiting.some((entry) => entry.account === account);
    const slab = isBehind ? undefined : this.pool.acquireSome(wantBytes, 0, account);
    if (slab !== undefined) return Promise.resolve(slab);
    return new Promise((resolve, reject) => {
      this.waiting.push({ account, wantBytes, resolve, reject });
    });
  }

  release(slab: Slab): void {
    this.pool.release(slab);
    this.serve();
  }

  /** Serves who waits; to be called when slabs may have come back. */
  serve(): void {
    if (this.waiting.length === 0) return;
    const unserved: Waiting[] = [];
    for (const entry of this.waiting) {
      const slab = this.pool.acquireSome(entry.wantBytes, 0, entry.account);
      if (slab === undefined) unserved.push(entry);
      else entry.resolve(slab);
    }
    this.waiting = unserved;
  }

  /** Rejects what `account` waits for. */
  cancel(account: SlabAccount, error: Error): void {
    const cancelled = this.waiting.filter((entry) => entry.account === account);
    if (cancelled.length === 0) return;
    this.waiting = this.waiting.filter((entry) => entry.account !== account);
    for (const entry of cancelled) entry.reject(error);
    this.serve();
  }
}
