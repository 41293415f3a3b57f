import { beforeEach, describe, expect, it } from 'vitest';
import { Inbox } from '../../../src/transport/inbox.ts';
import { type ReceiveResult, ReceiveWindow } from '../../../src/transport/receive-window.ts';
import { CellPool } from '../../../src/util/cell-pool.ts';
import { SlabPool } from '../../../src/util/slab.ts';
import { AckBlock } from '../../../src/wire/ack-block.ts';
import { FLAG } from '../../../src/wire/codes.ts';
import { heldBy, pattern, text } from './segments.ts';

const FIRST = 1000;

class Rig {
  readonly slabs = new SlabPool(1_048_576);
  readonly cells: CellPool;
  readonly inbox: Inbox;
  readonly window: ReceiveWindow;

  constructor(segments = 64, bytes = 96_000, cells = 100, first = FIRST) {
    this.cells = new CellPool(cells * 1536);
    this.inbox = new Inbox(this.slabs, bytes);
    this.window = new ReceiveWindow(first, this.inbox, this.cells, 1000, segments, bytes);
  }

  take(seq: number, bytes: Uint8Array, flags: number = FLAG.DAT, error = 0): ReceiveResult {
    return this.window.take(seq, flags, error, 0, 0, bytes, 0, bytes.length);
  }

  part(seq: number, offset: number, total: number, bytes: Uint8Array): ReceiveResult {
    return this.window.take(seq, FLAG.DAT, 0, offset, total, bytes, 0, bytes.length);
  }

  /** What has been delivered of the open record. */
  read(): string {
    let said = '';
    for (let run = this.inbox.readRun(1); run; run = this.inbox.readRun(1)) {
      said += new TextDecoder().decode(run.slab.bytes.subarray(0, run.length));
      this.inbox.releaseRun(run);
    }
    return said;
  }

  fill(): AckBlock {
    const block = new AckBlock();
    this.window.fill(block);
    return block;
  }
}

describe('ReceiveWindow', () => {
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig();
  });

  it('takes the part of the buffer it is told, and nothing around it', () => {
    const bytes = text('xxabcyy');
    expect(rig.window.take(FIRST, FLAG.DAT, 0, 0, 0, bytes, 2, 5)).toBe('taken');
    expect(rig.window.take(FIRST + 2, FLAG.DAT, 0, 0, 0, bytes, 5, 7)).toBe('taken');
    expect(rig.window.take(FIRST + 1, FLAG.DAT, 0, 0, 0, bytes, 0, 1)).toBe('taken');
    expect(rig.read()).toBe('abcxyy');
    expect(rig.window.rcvNxt).toBe(FIRST + 3);
  });

  it('knows a duplicate, delivered or held', () => {
    rig.take(FIRST, text('a'));
    rig.take(FIRST + 2, text('c'));
    const seqs = [FIRST - 1, FIRST, FIRST + 2];
    expect(seqs.map((seq) => rig.take(seq, text('z')))).toEqual(seqs.map(() => 'duplicate'));
    expect([rig.read(), rig.window.earlyCount, rig.cells.usedBytes]).toEqual(['a', 1, 1536]);
  });

  it('does not take a segment that wraps in its ring for one it holds', () => {
    const wide = new Rig(64, 96_000, 100);
    wide.take(FIRST + 5, text('f'));
    expect(wide.take(FIRST + 5 + 32, text('x'))).toBe('taken');
    expect(heldBy(wide.fill())).toEqual([FIRST + 5, FIRST + 37]);
  });

  it('drops what is beyond its edge or too large, to the segment and the byte', () => {
    expect(rig.take(FIRST + 64, text('x'))).toBe('outsideWindow');
    expect(rig.take(FIRST + 63, text('x'))).toBe('taken');
    expect(rig.take(FIRST, new Uint8Array(1001))).toBe('outsideWindow');
    expect(rig.take(FIRST, new Uint8Array(1000))).toBe('taken');
    expect(rig.take(FIRST + 64, text('x'))).toBe('outsideWindow');
    expect(rig.window.window()).toBe(64);
    expect(rig.take(FIRST + 64, text('x'))).toBe('taken');
  });

  it('has no news before anything came', () => {
    expect([rig.window.isUrgent, rig.window.isStalled]).toEqual([false, false]);
    expect([rig.window.rcvNxt, rig.window.earlyCount]).toEqual([FIRST, 0]);
  });

  it('says at once what is news: a new gap, a filled one, an end', () => {
    const urgent = (act: () => unknown): boolean => {
      rig.fill();
      act();
      return rig.window.isUrgent;
    };
    expect(urgent(() => rig.take(FIRST, text('a')))).toBe(false);
    expect(urgent(() => rig.take(FIRST + 3, text('d')))).toBe(true);
    expect(urgent(() => rig.take(FIRST + 4, text('e')))).toBe(false);
    expect(urgent(() => rig.take(FIRST + 6, text('g')))).toBe(true);
    expect(urgent(() => rig.take(FIRST + 2, text('c')))).toBe(false);
    expect(urgent(() => rig.take(FIRST + 6, text('g')))).toBe(false);
    expect(urgent(() => rig.take(FIRST + 1, text('b')))).toBe(true);
    expect(urgent(() => rig.take(FIRST + 5, text('f')))).toBe(true);
    expect(urgent(() => rig.take(FIRST + 7, text('h')))).toBe(false);
    expect(urgent(() => rig.take(FIRST + 8, text('i'), FLAG.DAT | FLAG.END))).toBe(true);
    expect(urgent(() => undefined)).toBe(false);
  });

  it('is urgent again when the first gap comes back after all was in order', () => {
    rig.take(FIRST + 1, text('b'));
    rig.take(FIRST, text('a'));
    rig.fill();
    rig.take(FIRST + 3, text('d'));
    expect(rig.window.isUrgent).toBe(true);
  });

  it('keeps flags and errors of early segments, through growth of its columns', () => {
    const wide = new Rig(1024, 1_024_000, 2000);
    const last = FIRST + 300;
    wide.take(FIRST + 3, text('x'), FLAG.DAT | FLAG.END, 9);
    wide.take(last, text('end'), FLAG.DAT | FLAG.END, 42);
    wide.take(FIRST + 63, text('m63'), FLAG.OP | FLAG.END);
    for (let seq = last - 1; seq >= FIRST; seq -= 1) {
      if (seq === FIRST + 63 || seq === FIRST + 3) continue;
      const result = wide.take(seq, text('.'));
      expect(result).toBe('taken');
    }
    expect(wide.inbox.readMessage()).toEqual(text('m63'));
    const runs = [];
    for (let run = wide.inbox.readRun(1); run; run = wide.inbox.readRun(1)) runs.push(run);
    expect(runs).toMatchObject([
      { length: 4, end: true, error: 9 },
      { length: 295 + 3, end: true, error: 42 },
    ]);
    expect([wide.cells.usedBytes, wide.window.earlyCount]).toEqual([0, 0]);
  });

  it('keeps every early byte when the columns grow around the ring', () => {
    const wide = new Rig(512, 512_000, 1000, FIRST + 50);
    const base = FIRST + 50;
    for (const n of [1, 40, 63, 64, 100, 200, 400]) {
      expect(wide.take(base + n, pattern(200, n))).toBe('taken');
    }
    for (let n = 0; n <= 400; n += 1) wide.take(base + n, pattern(200, n));
    const bytes: number[] = [];
    for (let run = wide.inbox.readRun(1); run; run = wide.inbox.readRun(1)) {
      bytes.push(...run.slab.bytes.subarray(0, run.length));
    }
    expect(bytes).toHaveLength(200 * 401);
    for (let n = 0; n <= 400; n += 1) {
      expect(pattern(200, n).every((byte, i) => byte === bytes[200 * n + i])).toBe(true);
    }
  });

  it('refuses early segments when the cells are used up, and takes the one that is due', () => {
    const small = new Rig(64, 96_000, 2);
    expect(small.take(FIRST + 1, text('b'))).toBe('taken');
    expect(small.take(FIRST + 2, text('c'))).toBe('taken');
    small.fill();
    expect(small.take(FIRST + 3, text('d'))).toBe('noMemory');
    expect([small.window.isUrgent, small.window.earlyCount]).toEqual([false, 2]);
    expect(small.take(FIRST, text('a'))).toBe('taken');
    expect([small.read(), small.window.rcvNxt]).toEqual(['abc', FIRST + 3]);
  });

  it('keeps pieces of the next in order when the cells are used up, and of no other', () => {
    const small = new Rig(64, 96_000, 1);
    small.take(FIRST + 2, text('c'));
    expect(small.part(FIRST + 1, 0, 2, text('b'))).toBe('noMemory');
    expect(small.part(FIRST, 0, 2, text('a'))).toBe('taken');
    expect(small.part(FIRST, 1, 2, text('A'))).toBe('taken');
    expect([small.read(), small.cells.usedBytes]).toEqual(['aA', 1536]);
  });

  it('refuses the one that is due when no slab is left, and takes it later', () => {
    const slabs = Array.from({ length: 4 }, () => rig.slabs.acquire(262_144)!);
    expect(rig.take(FIRST, text('a'))).toBe('noMemory');
    expect([rig.window.rcvNxt, rig.window.isStalled]).toEqual([FIRST, false]);
    expect(rig.take(FIRST + 1, text('b'))).toBe('taken');
    for (const slab of slabs) rig.slabs.release(slab);
    expect(rig.take(FIRST, text('a'))).toBe('taken');
    expect(rig.read()).toBe('ab');
  });

  it('stalls when early ones are due and no slab is left; drain goes on later', () => {
    rig.take(FIRST + 1, text('b'));
    rig.take(FIRST + 2, text('c'));
    const slabs = Array.from({ length: 4 }, () => rig.slabs.acquire(262_144)!);
    // A message needs no slab: it is delivered, and the data behind it is not.
    expect(rig.take(FIRST, text('m'), FLAG.OP | FLAG.END)).toBe('taken');
    expect([rig.window.rcvNxt, rig.window.isStalled]).toEqual([FIRST + 1, true]);
    expect(heldBy(rig.fill())).toEqual([FIRST + 1, FIRST + 2]);
    expect(rig.window.drain()).toBe('taken');
    expect(rig.window.isStalled).toBe(true);
    for (const slab of slabs) rig.slabs.release(slab);
    expect(rig.window.drain()).toBe('taken');
    expect([rig.window.rcvNxt, rig.window.isStalled]).toEqual([FIRST + 3, false]);
    expect(rig.read()).toBe('bc');
  });

  it('tells a message that is too long, now and when an early piece is due', () => {
    const piece = new Uint8Array(1000);
    for (let n = 0; n < 16; n += 1) expect(rig.take(FIRST + n, piece, FLAG.OP)).toBe('taken');
    expect(rig.take(FIRST + 16, new Uint8Array(385), FLAG.OP)).toBe('P-MSG-01');
    expect(rig.take(FIRST + 17, piece, FLAG.OP)).toBe('taken');
    expect(rig.take(FIRST + 16, new Uint8Array(384), FLAG.OP)).toBe('P-MSG-01');
  });

  it('joins pieces, and lets a whole segment supersede them', () => {
    expect(rig.part(FIRST + 1, 0, 4, text('ab'))).toBe('taken');
    expect(rig.part(FIRST + 1, 2, 5, text('cd'))).toBe('part');
    expect([rig.cells.usedBytes, rig.window.earlyCount]).toEqual([1536, 0]);
    expect(rig.part(FIRST + 1, 2, 4, text('cd'))).toBe('taken');
    expect([rig.cells.usedBytes, rig.window.earlyCount]).toEqual([1536, 1]);
    expect(rig.part(FIRST + 1, 0, 4, text('ab'))).toBe('duplicate');
    rig.part(FIRST, 0, 9, text('xy'));
    expect(rig.cells.usedBytes).toBe(2 * 1536);
    expect(rig.take(FIRST, text('!'))).toBe('taken');
    expect([rig.read(), rig.cells.usedBytes]).toEqual(['!abcd', 0]);
    expect(rig.part(FIRST + 2, 0, 1001, text('x'))).toBe('part');
    expect(rig.part(FIRST + 2, 0, 1000, text('x'))).toBe('taken');
  });

  it('gives every cell back when it is cleared', () => {
    rig.take(FIRST + 1, text('b'));
    rig.take(FIRST + 40, text('z'));
    rig.part(FIRST + 5, 0, 10, text('f'));
    rig.window.clear();
    expect([rig.cells.usedBytes, rig.window.earlyCount]).toEqual([0, 0]);
    rig.window.clear();
    expect(rig.cells.usedBytes).toBe(0);
    // No cell was given back twice, or two segments would share it.
    const cells = Array.from({ length: 100 }, () => rig.cells.take(0));
    expect(new Set(cells).size).toBe(100);
  });
});

describe('ReceiveWindow, what it grants', () => {
  it('grants as many segments as its credit has room for, at most its own limit', () => {
    expect(new Rig(64, 10_999).window.window()).toBe(10);
    expect(new Rig(8, 10_999).window.window()).toBe(8);
    expect(new Rig(64, 999).window.window()).toBe(0);
    expect(new Rig(64, 10_999).window.credit()).toBe(10_999);
  });

  it('takes credit back as bytes come, and gives it as they are consumed', () => {
    const rig = new Rig(64, 10_000);
    for (let n = 0; n < 4; n += 1) rig.take(FIRST + n, pattern(1000));
    expect([rig.window.credit(), rig.window.window()]).toEqual([6_000, 6]);
    const run = rig.inbox.readRun(1)!;
    expect(rig.window.credit()).toBe(6_000);
    rig.inbox.releaseRun(run);
    expect([rig.window.credit(), rig.window.window()]).toEqual([10_000, 10]);
  });

  it('tells an update once: a quarter gained, or anything when nearly shut', () => {
    const rig = new Rig(64, 20_000);
    for (let n = 0; n < 10; n += 1) rig.take(FIRST + n, pattern(1000));
    rig.fill();
    expect(rig.window.isUpdateDue()).toBe(false);
    rig.inbox.consumedBytes += 4_999;
    expect(rig.window.isUpdateDue()).toBe(false);
    rig.inbox.consumedBytes += 1;
    expect(rig.window.isUpdateDue()).toBe(true);
    expect(rig.fill().credit).toBe(15_000);
    expect(rig.window.isUpdateDue()).toBe(false);
    rig.inbox.consumedBytes += 5_000;
    rig.window.window();
    for (let n = 10; n < 22; n += 1) rig.take(FIRST + n, pattern(1000));
    // 25,000 were told and 22,000 are here: three segments are left of what was told.
    rig.fill();
    expect(rig.window.isUpdateDue()).toBe(false);
    for (let n = 22; n < 29; n += 1) rig.take(FIRST + n, pattern(1000));
    rig.inbox.consumedBytes += 1;
    expect(rig.window.isUpdateDue()).toBe(true);
  });

  it('names nothing when nothing is early, and aligned words when something is', () => {
    const rig = new Rig(64);
    const block = new AckBlock();
    block.sackWords = 9;
    block.sackStart = 64;
    rig.window.fill(block);
    expect([block.sackWords, block.sackStart, block.credit]).toEqual([0, 0, 96_000]);
    rig.take(FIRST + 24, text('x'));
    const full = rig.fill();
    expect([full.sackStart, full.sackWords]).toEqual([992, 2]);
    expect(full.sack[1]).toBe(1);
    for (let n = 0; n < 24; n += 1) rig.take(FIRST + n, text('.'));
    expect(rig.window.rcvNxt).toBe(FIRST + 25);
    rig.take(FIRST + 27, text('x'));
    expect([rig.fill().sackStart, rig.fill().sackWords]).toEqual([1024, 1]);
  });

  it('names segments beyond 2^32 by their low bits', () => {
    const first = 2 ** 32 - 2;
    const rig = new Rig(64, 96_000, 100, first);
    rig.take(first + 1, text('x'));
    rig.take(first + 5, text('y'));
    const block = rig.fill();
    expect([block.sackStart, block.sackWords]).toEqual([2 ** 32 - 32, 2]);
    expect([block.sack[0], block.sack[1]]).toEqual([0x8000_0000, 0b1000]);
    for (const n of [0, 2, 3, 4]) rig.take(first + n, text('.'));
    rig.take(first + 7, text('z'));
    expect(rig.fill()).toMatchObject({ sackStart: 0, sackWords: 1 });
  });
});
