import { beforeEach, describe, expect, it } from 'vitest';
import { SlabQueue } from '../../../src/io/slab-queue.ts';
import { type Slab, SlabAccount, SlabPool } from '../../../src/util/slab.ts';

const SMALL = 16_384;
const SLABS = 64;

let pool: SlabPool;
let queue: SlabQueue;
let served: string[];

beforeEach(() => {
  pool = new SlabPool(SLABS * SMALL);
  queue = new SlabQueue(pool);
  served = [];
});

/** Everything there is, of somebody without an account. */
function useUp(): Slab[] {
  return Array.from({ length: SLABS }, () => pool.acquire(SMALL)!);
}

function want(name: string, account: SlabAccount): void {
  queue.acquire(account, SMALL).then(
    () => served.push(name),
    () => served.push(`no ${name}`),
  );
}

describe('waiting for slabs', () => {
  it('serves in order of arrival those who hold the same', async () => {
    const slabs = useUp();
    for (const name of 'abcdefgh') want(name, new SlabAccount());
    for (let i = 0; i < 8; i += 1) {
      queue.release(slabs.pop()!);
      await Promise.resolve();
    }
    expect(served.join('')).toBe('abcdefgh');
  });

  it('serves first whoever holds least', async () => {
    const rich = new SlabAccount();
    pool.acquire(SMALL, rich);
    const slabs = Array.from({ length: SLABS - 1 }, () => pool.acquire(SMALL)!);
    want('rich', rich);
    want('poor', new SlabAccount());
    for (let i = 0; i < 3; i += 1) queue.release(slabs.pop()!);
    await Promise.resolve();
    expect(served).toEqual(['poor', 'rich']);
  });

  it('lets nobody be held up by one that never gives back', async () => {
    const stuck = new SlabAccount();
    for (let i = 0; i < SLABS / 2; i += 1) pool.acquire(SMALL, stuck);
    want('stuck', stuck);
    want('other', new SlabAccount());
    await Promise.resolve();
    expect(served).toEqual(['other']);
    expect(queue.waitingCount).toBe(1);
  });

  it('hears of what an account gives back by itself', async () => {
    const [one, two] = [new SlabAccount(), new SlabAccount()];
    const own = Array.from({ length: 3 }, () => pool.acquire(SMALL, one)!);
    for (let i = 0; i < 2; i += 1) pool.acquire(SMALL, two);
    for (let i = 0; i < SLABS - 5; i += 1) pool.acquire(SMALL);
    want('one', one);
    want('two', two);
    // The transport lets go of it, not through the queue; it is `one` that holds least now.
    for (const slab of own.slice(1)) pool.release(slab);
    queue.serve();
    await Promise.resolve();
    expect(served[0]).toBe('one');
  });

  it('refuses what nobody waits for any more, and that alone', async () => {
    const slabs = useUp();
    const gone = new SlabAccount();
    want('gone', gone);
    want('gone too', gone);
    want('here', new SlabAccount());
    queue.cancel(gone, new Error('gone'));
    queue.release(slabs.pop()!);
    await Promise.resolve();
    await Promise.resolve();
    expect(served.sort()).toEqual(['here', 'no gone', 'no gone too']);
    expect(queue.waitingCount).toBe(0);
  });

  it('tries as many for a slab that comes back, however many wait', () => {
    const stepsWith = (waiters: number): number => {
      pool = new SlabPool(SLABS * SMALL);
      queue = new SlabQueue(pool);
      const slabs = useUp();
      for (let i = 0; i < waiters; i += 1) want(String(i), new SlabAccount());
      const before = queue.steps;
      for (const slab of slabs.slice(0, 10)) queue.release(slab);
      for (let i = 0; i < 100; i += 1) queue.serve();
      return queue.steps - before;
    };
    expect(stepsWith(1_000)).toBe(stepsWith(20));
    expect(stepsWith(1_000)).toBeLessThanOrEqual(20);
  });
});
