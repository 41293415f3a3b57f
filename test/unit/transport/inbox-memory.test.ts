import { describe, expect, it } from 'vitest';
import { Inbox } from '../../../src/transport/inbox.ts';
import { SlabPool } from '../../../src/util/slab.ts';
import { FLAG } from '../../../src/wire/codes.ts';

const WINDOW_BYTES = 8_388_608;
const PAYLOAD = new Uint8Array(1_000).fill(7);

describe('an inbox whose slab pool is used up', () => {
  it('hands on the run it has, although more was asked for, and goes on when it comes back', () => {
    const pool = new SlabPool(32_768);
    const inbox = new Inbox(pool, WINDOW_BYTES);
    expect(inbox.readRun(262_144)).toBeUndefined();
    const take = (): string => inbox.take(FLAG.DAT, 0, PAYLOAD, 0, PAYLOAD.length);
    for (let i = 0; i < 16; i += 1) expect(take()).toBe('taken');
    expect(inbox.takeReadable()).toBe(false);
    expect(take()).toBe('noMemory');
    expect(inbox.takeReadable()).toBe(true);
    const run = inbox.readRun(262_144);
    expect(run).toMatchObject({ length: 16_000, end: false });
    expect(take()).toBe('noMemory');
    if (run !== undefined) inbox.releaseRun(run);
    expect(pool.usedBytes).toBe(0);
    expect(inbox.readRun(262_144)).toBeUndefined();
    expect(take()).toBe('taken');
    expect(inbox.deliveredBytes).toBe(17_000);
  });
});
