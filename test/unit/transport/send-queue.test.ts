import { beforeEach, describe, expect, it } from 'vitest';
import { MAX_QUEUED_MESSAGES, SendQueue } from '../../../src/transport/send-queue.ts';
import { type Slab, SlabPool } from '../../../src/util/slab.ts';
import { FLAG } from '../../../src/wire/codes.ts';
import { text } from './segments.ts';

const { OP, DAT, END } = FLAG;

describe('SendQueue', () => {
  let pool: SlabPool;
  let queue: SendQueue;
  beforeEach(() => {
    pool = new SlabPool(1_048_576);
    queue = new SendQueue(1_000, pool);
  });

  function push(value: string): Slab {
    const slab = pool.acquire(value.length)!;
    slab.bytes.set(text(value), 3);
    queue.pushData(slab, 3, value.length);
    return slab;
  }

  /** Takes every segment of at most `most` bytes: `[flags, text]`, with the error behind. */
  function takeAll(most = 4): (string | number)[][] {
    const cuts: (string | number)[][] = [];
    while (!queue.isEmpty) {
      const expected = queue.nextLength(most);
      const { flags, error, bytes, offset, length, slab } = queue.take(most);
      expect(length).toBe(expected);
      const said = new TextDecoder().decode(bytes.subarray(offset, offset + length));
      cuts.push(error === 0 ? [flags, said] : [flags, said, error]);
      if (slab !== undefined) pool.release(slab);
    }
    return cuts;
  }

  it('cuts messages and data into segments, end at the last', () => {
    queue.pushMessage(text('hello you'));
    push('abcdefgh');
    queue.endData(0);
    expect(takeAll()).toEqual([
      [OP, 'hell'],
      [OP, 'o yo'],
      [OP | END, 'u'],
      [DAT, 'abcd'],
      [DAT | END, 'efgh'],
    ]);
    expect(pool.usedBytes).toBe(0);
  });

  it('copies messages', () => {
    const message = text('abc');
    queue.pushMessage(message);
    message.fill(0);
    expect(takeAll()).toEqual([[OP | END, 'abc']]);
  });

  it('sends messages before data, but finishes a message begun', () => {
    push('abcdefgh');
    expect(new TextDecoder().decode(queue.take(4).bytes.subarray(3, 7))).toBe('abcd');
    queue.pushMessage(text('first!'));
    expect(queue.take(4).flags).toBe(OP);
    queue.pushMessage(text('next'));
    expect(takeAll()).toEqual([
      [OP | END, 't!'],
      [OP | END, 'next'],
      [DAT, 'efgh'],
    ]);
  });

  it('never joins two slabs or records in one segment', () => {
    push('ab');
    push('cd');
    queue.endData(0);
    push('ef');
    queue.endData(0);
    expect(takeAll()).toEqual([
      [DAT, 'ab'],
      [DAT | END, 'cd'],
      [DAT | END, 'ef'],
    ]);
  });

  it('ends a record whose bytes have all left, and an empty one', () => {
    push('ab');
    expect(takeAll()).toEqual([[DAT, 'ab']]);
    queue.endData(9);
    queue.endData(0);
    expect(takeAll()).toEqual([
      [DAT | END, '', 9],
      [DAT | END, ''],
    ]);
  });

  it('tells an early end with the last bytes', () => {
    push('abcdef');
    queue.endData(15);
    expect(takeAll()).toEqual([
      [DAT, 'abcd'],
      [DAT | END, 'ef', 15],
    ]);
  });

  it('abandons the unsent rest of the newest record only', () => {
    push('first');
    queue.endData(0);
    push('second');
    push('more');
    queue.abandonData(64);
    expect(takeAll(9)).toEqual([
      [DAT | END, 'first'],
      [DAT | END, '', 64],
    ]);
    expect(pool.usedBytes).toBe(0);
    push('after');
    expect(takeAll(9)).toEqual([[DAT, 'after']]);
  });

  it('abandons a record that is ended but not sent, wholly or in part', () => {
    push('abcdefgh');
    queue.endData(0);
    pool.release(queue.take(4).slab!);
    queue.abandonData(64);
    expect(takeAll()).toEqual([[DAT | END, '', 64]]);
  });

  it('abandons an open record whose bytes have all left', () => {
    push('ab');
    takeAll();
    queue.abandonData(16);
    expect(takeAll()).toEqual([[DAT | END, '', 16]]);
  });

  it('has nothing to abandon when all is sent and ended, or nothing was queued', () => {
    queue.abandonData(1);
    expect(queue.isEmpty).toBe(true);
    push('ab');
    queue.endData(0);
    takeAll();
    queue.abandonData(1);
    expect(queue.isEmpty).toBe(true);
  });

  it('leaves messages alone when data is abandoned', () => {
    queue.pushMessage(text('m'));
    push('ab');
    queue.abandonData(3);
    expect(takeAll()).toEqual([
      [OP | END, 'm'],
      [DAT | END, '', 3],
    ]);
  });

  it('lets everything go when cleared', () => {
    queue.pushMessage(text('m'));
    push('abcdefgh');
    pool.release(queue.take(4).slab ?? pool.acquire(1)!);
    queue.clear();
    expect([queue.isEmpty, pool.usedBytes, queue.roomBytes]).toEqual([true, 0, 1_000]);
    queue.endData(0);
    expect(takeAll()).toEqual([[DAT | END, '']]);
  });

  it('counts its room in bytes, and says once when half of it is free again', () => {
    expect([queue.roomBytes, queue.takeWritable()]).toEqual([1_000, false]);
    push('x'.repeat(600));
    expect(queue.roomBytes).toBe(400);
    push('y'.repeat(400));
    expect(queue.takeWritable()).toBe(false);
    expect(queue.roomBytes).toBe(0);
    expect(queue.takeWritable()).toBe(false);
    queue.take(499);
    expect([queue.roomBytes, queue.takeWritable()]).toEqual([499, false]);
    queue.take(1);
    expect([queue.takeWritable(), queue.takeWritable()]).toEqual([true, false]);
  });

  it('has no room, not less than none, when the last chunk overshot', () => {
    push('x'.repeat(1_500));
    expect(queue.roomBytes).toBe(0);
  });

  it('refuses messages beyond 64, and says once when half of them have left', () => {
    for (let i = 0; i < MAX_QUEUED_MESSAGES; i += 1) {
      expect(queue.pushMessage(text('m'))).toBe(true);
    }
    expect(queue.takeWritable()).toBe(false);
    expect(queue.pushMessage(text('m'))).toBe(false);
    for (let i = 0; i < 31; i += 1) queue.take(9);
    expect(queue.takeWritable()).toBe(false);
    queue.take(9);
    expect([queue.takeWritable(), queue.takeWritable()]).toEqual([true, false]);
  });

  it('asserts what only a programmer can break', () => {
    const slab = pool.acquire(16)!;
    expect(() => queue.pushMessage(new Uint8Array(0))).toThrow('message');
    expect(() => queue.pushMessage(new Uint8Array(16_385))).toThrow('message');
    expect(() => queue.pushData(slab, 0, 0)).toThrow('chunk');
    expect(() => queue.pushData(slab, 1, slab.bytes.length)).toThrow('chunk');
    expect(() => queue.take(1)).toThrow('empty');
    expect(queue.nextLength(9)).toBe(0);
  });
});
