import { beforeEach, describe, expect, it } from 'vitest';
import { Inbox, type InboxResult, MAX_HELD_RUNS } from '../../../src/transport/inbox.ts';
import type { DataRun } from '../../../src/transport/types.ts';
import { FITTED_STEP_BYTES, SlabPool } from '../../../src/util/slab.ts';
import { FLAG } from '../../../src/wire/codes.ts';
import { MAX_MESSAGE_BYTES } from '../../../src/wire/layout.ts';
import { isSame, pattern, text } from './segments.ts';

const KIB = 1024;

describe('Inbox', () => {
  let pool: SlabPool;
  let inbox: Inbox;
  beforeEach(() => {
    pool = new SlabPool(1024 * KIB);
    inbox = new Inbox(pool, 1024 * KIB);
  });

  const data = (bytes: Uint8Array, flags = 0, error = 0): InboxResult =>
    inbox.take(FLAG.DAT | flags, error, bytes, 0, bytes.length);
  const op = (bytes: Uint8Array, flags: number = FLAG.END): InboxResult =>
    inbox.take(FLAG.OP | flags, 0, bytes, 0, bytes.length);
  const said = (run: DataRun | undefined): string | undefined =>
    run && new TextDecoder().decode(run.slab.bytes.subarray(0, run.length));

  it('copies messages, whole or from pieces', () => {
    const buffer = text('..hello..');
    inbox.take(FLAG.OP | FLAG.END, 0, buffer, 2, 7);
    inbox.take(FLAG.OP, 0, buffer, 2, 4);
    inbox.take(FLAG.OP, 0, buffer, 4, 4);
    expect([inbox.partialBytes, inbox.isEmpty]).toEqual([2, false]);
    inbox.take(FLAG.OP | FLAG.END, 0, buffer, 4, 7);
    buffer.fill(0);
    expect(inbox.partialBytes).toBe(0);
    expect([inbox.readMessage(), inbox.readMessage()]).toEqual([text('hello'), text('hello')]);
    expect([inbox.readMessage(), inbox.isEmpty]).toEqual([undefined, true]);
  });

  it('counts bytes delivered as they come and consumed as messages are read', () => {
    op(text('abc'));
    op(text('de'), 0);
    expect([inbox.deliveredBytes, inbox.consumedBytes]).toEqual([5, 0]);
    op(text('f'));
    inbox.readMessage();
    expect([inbox.deliveredBytes, inbox.consumedBytes]).toEqual([6, 3]);
    inbox.readMessage();
    expect([inbox.deliveredBytes, inbox.consumedBytes]).toEqual([6, 6]);
  });

  it('takes a message of the largest size, whole or in pieces, and no larger one', () => {
    expect(op(new Uint8Array(MAX_MESSAGE_BYTES))).toBe('taken');
    expect(op(new Uint8Array(MAX_MESSAGE_BYTES + 1))).toBe('messageTooLong');
    expect(op(new Uint8Array(MAX_MESSAGE_BYTES - 1), 0)).toBe('taken');
    const before = inbox.deliveredBytes;
    expect(op(new Uint8Array(2))).toBe('messageTooLong');
    expect(inbox.deliveredBytes).toBe(before);
    expect(op(new Uint8Array(1))).toBe('taken');
    expect([inbox.readMessage()?.length, inbox.readMessage()?.length]).toEqual([16_384, 16_384]);
  });

  it('says once that a message came', () => {
    expect(inbox.takeNewMessage()).toBe(false);
    op(text('a'), 0);
    expect(inbox.takeNewMessage()).toBe(false);
    op(text('b'));
    expect([inbox.takeNewMessage(), inbox.takeNewMessage()]).toEqual([true, false]);
  });

  it('collects bytes into runs and ends them with their record', () => {
    data(text('ab'));
    data(text('cd'), FLAG.END, 7);
    data(text('ef'));
    const run = inbox.readRun(1)!;
    expect([said(run), run.end, run.error]).toEqual(['abcd', true, 7]);
    const open = inbox.readRun(1)!;
    expect([said(open), open.end, open.error]).toEqual(['ef', false, 0]);
    expect(inbox.readRun(1)).toBeUndefined();
    inbox.releaseRun(run);
    inbox.releaseRun(open);
    expect([pool.usedBytes, inbox.consumedBytes, inbox.deliveredBytes]).toEqual([0, 6, 6]);
  });

  it('ends a record without bytes by an empty run that belongs to no pool', () => {
    data(new Uint8Array(0), FLAG.END, 64);
    data(text('x'));
    const empty = inbox.readRun(1)!;
    expect([empty.length, empty.end, empty.error, pool.usedBytes]).toEqual([0, true, 64, 16 * KIB]);
    inbox.releaseRun(empty);
    expect(pool.usedBytes).toBe(16 * KIB);
    expect(said(inbox.readRun(1))).toBe('x');
  });

  it('waits for as many bytes as are wanted, the record’s end or a full slab', () => {
    data(pattern(100));
    expect(inbox.readRun(101)).toBeUndefined();
    expect(inbox.readRun(100)?.length).toBe(100);
    data(pattern(50), FLAG.END);
    expect(inbox.readRun(200)?.length).toBe(50);
    for (let i = 0; i < 18; i += 1) data(pattern(KIB));
    expect(inbox.readRun(500 * KIB)?.length).toBe(16 * KIB);
  });

  it('wants at most a quarter of the window, or 256 KiB', () => {
    const small = new Inbox(pool, 4_000);
    const bytes = pattern(1_000);
    small.take(FLAG.DAT, 0, bytes, 0, 999);
    expect(small.readRun(1e9)).toBeUndefined();
    small.take(FLAG.DAT, 0, bytes, 999, 1_000);
    const run = small.readRun(1e9)!;
    expect([run.length, isSame(run.slab.bytes.subarray(0, 1_000), bytes)]).toEqual([1_000, true]);
  });

  it('uses small slabs for a small record and large ones further on', () => {
    const sizes: number[] = [];
    for (let i = 0; i < 700; i += 1) {
      expect(data(pattern(KIB))).toBe('taken');
      for (let run = inbox.readRun(1e9); run; run = inbox.readRun(1e9)) {
        sizes.push(run.slab.bytes.length / KIB);
        inbox.releaseRun(run);
      }
    }
    expect(sizes.slice(0, 3)).toEqual([16, 64, 256]);
    data(text('end'), FLAG.END);
    for (let run = inbox.readRun(1); run; run = inbox.readRun(1)) inbox.releaseRun(run);
    data(text('next record'));
    expect(inbox.readRun(1)?.slab.bytes.length).toBe(16 * KIB);
  });

  it('splits segments over two slabs without losing a byte', () => {
    const bytes = pattern(100 * 1_000);
    for (let i = 0; i < 100; i += 1) {
      inbox.take(FLAG.DAT, 0, bytes, 1_000 * i, 1_000 * (i + 1));
    }
    const runs: DataRun[] = [];
    for (let run = inbox.readRun(1); run; run = inbox.readRun(1)) runs.push(run);
    expect(runs).toMatchObject([
      { length: 16_384, end: false, error: 0 },
      { length: 65_536, end: false, error: 0 },
      { length: 18_080, end: false, error: 0 },
    ]);
    const joined = runs.flatMap(({ slab, length }) => [...slab.bytes.subarray(0, length)]);
    expect(isSame(new Uint8Array(joined), bytes)).toBe(true);
    expect(inbox.deliveredBytes).toBe(100_000);
  });

  it('changes nothing when there is no slab', () => {
    const others = pool.acquire(256 * KIB)!;
    const poor = new Inbox(pool, 1024 * KIB);
    for (let i = 0; i < 2; i += 1) pool.acquire(256 * KIB);
    for (let i = 0; i < 3; i += 1) pool.acquire(64 * KIB);
    for (let i = 0; i < 3; i += 1) pool.acquire(16 * KIB);
    for (let i = 0; i < 16; i += 1) {
      expect(poor.take(FLAG.DAT, 0, pattern(KIB), 0, KIB)).toBe('taken');
    }
    const before = poor.deliveredBytes;
    expect(poor.take(FLAG.DAT | FLAG.END, 5, text('ab'), 0, 2)).toBe('noMemory');
    expect(poor.deliveredBytes).toBe(before);
    const run = poor.readRun(1)!;
    expect([run.length, run.end, run.error]).toEqual([16 * KIB, false, 0]);
    expect(poor.take(FLAG.DAT | FLAG.END, 5, text('ab'), 0, 2)).toBe('noMemory');
    pool.release(others);
    expect(poor.take(FLAG.DAT | FLAG.END, 5, text('ab'), 0, 2)).toBe('taken');
    expect(poor.readRun(1)).toMatchObject({ length: 2, end: true, error: 5 });
  });

  it('borrows in proportion to what has come', () => {
    let bytesIn = 0;
    for (let i = 0; i < 300; i += 1) {
      const length = 1 + ((i * 37) % 1400);
      data(pattern(length));
      bytesIn += length;
      expect(pool.usedBytes).toBeLessThanOrEqual(16 * KIB + 5 * bytesIn);
    }
  });

  it('keeps records of one byte in one step of memory each', () => {
    for (let i = 0; i < MAX_HELD_RUNS; i += 1) expect(data(text('x'), FLAG.END)).toBe('taken');
    expect(data(text('x'), FLAG.END)).toBe('noMemory');
    expect(pool.usedBytes).toBe(MAX_HELD_RUNS * FITTED_STEP_BYTES);
    for (let run = inbox.readRun(1); run; run = inbox.readRun(1)) {
      expect([said(run), run.end]).toEqual(['x', true]);
      inbox.releaseRun(run);
    }
    expect(pool.usedBytes).toBe(0);
  });

  it('tells whether data wait, and wakes for the first that come', () => {
    expect(inbox.hasData()).toBe(false);
    data(text('a'));
    expect([inbox.hasData(), inbox.takeReadable()]).toEqual([true, true]);
    inbox.readRun(1);
    expect([inbox.takeReadable(), inbox.hasData()]).toEqual([false, false]);
    data(new Uint8Array(0), FLAG.END);
    expect([inbox.hasData(), inbox.takeReadable()]).toEqual([true, true]);
  });

  it('says once that what is wanted has come, and again after it was asked for in vain', () => {
    expect(inbox.takeReadable()).toBe(false);
    data(text('a'));
    expect([inbox.takeReadable(), inbox.takeReadable()]).toEqual([true, false]);
    data(text('b'));
    expect(inbox.takeReadable()).toBe(false);
    expect(inbox.readRun(5)).toBeUndefined();
    data(text('c'));
    expect(inbox.takeReadable()).toBe(false);
    data(text('de'));
    expect([inbox.takeReadable(), inbox.takeReadable()]).toEqual([true, false]);
    expect(said(inbox.readRun(5))).toBe('abcde');
    expect(inbox.readRun(5)).toBeUndefined();
    data(text('f'), FLAG.END);
    expect(inbox.takeReadable()).toBe(true);
  });

  it('gives back what the application has not taken', () => {
    for (let i = 0; i < 2; i += 1) data(pattern(35 * KIB));
    op(text('m'));
    op(text('part'), 0);
    data(new Uint8Array(0), FLAG.END);
    data(new Uint8Array(0), FLAG.END);
    data(text('open'));
    expect(inbox.isEmpty).toBe(false);
    inbox.clear();
    expect([pool.usedBytes, inbox.isEmpty]).toEqual([0, true]);
    expect([inbox.readMessage(), inbox.readRun(1)]).toEqual([undefined, undefined]);
    inbox.clear();
    expect(pool.usedBytes).toBe(0);
  });

  it('is empty only when messages, runs and the open run are taken', () => {
    expect(inbox.isEmpty).toBe(true);
    op(text('m'));
    expect(inbox.isEmpty).toBe(false);
    inbox.readMessage();
    data(text('a'));
    expect(inbox.isEmpty).toBe(false);
    data(new Uint8Array(0), FLAG.END);
    expect(inbox.isEmpty).toBe(false);
    inbox.readRun(1);
    expect(inbox.isEmpty).toBe(true);
  });
});
