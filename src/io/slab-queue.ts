/**
 * Makes a slab pool something to wait for: callers are served in the order they came, so a
 * large want is not starved by small ones.
 */
import type { Slab, SlabPool } from '../util/slab.ts';

interface Waiting {
  readonly owner: object;
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
   * A slab of at least `wantBytes` with one reference.
   * @param owner names the wants that {@link cancel} ends
   */
  acquire(owner: object, wantBytes: number): Promise<Slab> {
    const slab = this.waiting.length === 0 ? this.pool.acquire(wantBytes) : undefined;
    if (slab !== undefined) return Promise.resolve(slab);
    return new Promise((resolve, reject) => {
      this.waiting.push({ owner, wantBytes, resolve, reject });
    });
  }

  release(slab: Slab): void {
    this.pool.release(slab);
    this.serve();
  }

  /** Serves who waits; to be called when slabs may have come back. */
  serve(): void {
    let served = 0;
    for (const first of this.waiting) {
      const slab = this.pool.acquire(first.wantBytes);
      if (slab === undefined) break;
      served += 1;
      first.resolve(slab);
    }
    if (served > 0) this.waiting = this.waiting.slice(served);
  }

  /** Rejects what `owner` waits for. */
  cancel(owner: object, error: Error): void {
    const cancelled = this.waiting.filter((entry) => entry.owner === owner);
    if (cancelled.length === 0) return;
    this.waiting = this.waiting.filter((entry) => entry.owner !== owner);
    for (const entry of cancelled) entry.reject(error);
    this.serve();
  }
}
