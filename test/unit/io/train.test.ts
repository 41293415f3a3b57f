import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TRAIN_DATAGRAMS, Train } from '../../../src/io/train.ts';
import { TrainPool } from '../../../src/io/train-pool.ts';
import type { PeerAddress } from '../../../src/transport/types.ts';
import { MAX_DATAGRAM_BYTES } from '../../../src/wire/layout.ts';
import { PEER } from './fakes.ts';

const OTHER: PeerAddress = { key: 'b|2', address: '192.0.2.2', port: 2, family: 4 };

/** Writes a datagram as the transport does. @returns whether the train took it */
function write(train: Train, length: number, value = 0, peer = PEER): boolean {
  train.buffer.fill(value, 0, length);
  train.length = length;
  train.peer = peer;
  return train.take();
}

describe('a train', () => {
  it('takes datagrams of one length for one peer, one behind the other', () => {
    const train = new Train();
    expect([1, 2, 3].map((value) => write(train, 100, value))).toEqual([true, true, true]);
    expect([train.count, train.unitBytes, train.totalBytes]).toEqual([3, 100, 300]);
    expect([0, 1, 2].map((index) => new Set(train.datagram(index)))).toEqual([
      new Set([1]),
      new Set([2]),
      new Set([3]),
    ]);
    expect(train.datagrams()).toHaveLength(300);
    expect(train.isFull()).toBe(false);
  });

  it('ends with a shorter one', () => {
    const train = new Train();
    write(train, 100, 1);
    expect(write(train, 60, 2)).toBe(true);
    expect(train.isFull()).toBe(true);
    expect(train.datagram(1)).toEqual(new Uint8Array(60).fill(2));
    expect(train.datagrams()).toHaveLength(160);
  });

  it.each([
    ['longer', 101, PEER],
    ['meant for another peer', 100, OTHER],
  ])('does not take one that is %s, and the next begins with it', (_, length, peer) => {
    const train = new Train();
    write(train, 100, 1);
    expect(write(train, length, 2, peer)).toBe(false);
    const next = new Train();
    next.beginWith(train);
    expect([train.count, train.totalBytes, next.count, next.totalBytes]).toEqual([
      1,
      100,
      1,
      length,
    ]);
    expect(next.to === peer).toBe(true);
    expect(next.datagrams()).toEqual(new Uint8Array(length).fill(2));
  });

  it('always has room for the longest datagram, and is never longer itself', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: MAX_DATAGRAM_BYTES }), { maxLength: 80 });
    fc.assert(
      fc.property(lengths, fc.boolean(), (all, isEven) => {
        const train = new Train();
        for (const length of all) {
          expect(train.buffer.length).toBeGreaterThanOrEqual(MAX_DATAGRAM_BYTES);
          if (!write(train, isEven ? (all[0] ?? 1) : length) || train.isFull()) break;
        }
        expect(train.count).toBeLessThanOrEqual(TRAIN_DATAGRAMS);
        expect(train.totalBytes).toBeLessThanOrEqual(MAX_DATAGRAM_BYTES);
      }),
    );
  });

  it('is full at as many datagrams as the kernel cuts', () => {
    const train = new Train();
    for (let i = 0; i < TRAIN_DATAGRAMS; i += 1) {
      expect(train.isFull()).toBe(false);
      write(train, 10);
    }
    expect(train.isFull()).toBe(true);
    expect(write(train, 10)).toBe(false);
  });

  it('can be filled again with another length', () => {
    const train = new Train();
    write(train, 100, 1);
    write(train, 100, 1);
    train.clear();
    for (const value of [3, 4]) write(train, 50, value);
    expect(train.datagrams()).toEqual(Uint8Array.from({ length: 100 }, (_, i) => (i < 50 ? 3 : 4)));
  });
});

describe('a pool of trains', () => {
  it('keeps those that the system has not answered for', () => {
    const pool = new TrainPool();
    const train = pool.current();
    train.isInSocket = true;
    pool.park();
    pool.recoverParked();
    expect(pool.parkedCount).toBe(1);
    train.isInSocket = false;
    pool.recoverParked();
    expect(pool.parkedCount).toBe(0);
    expect(pool.current() === train).toBe(true);
  });

  it('goes on with the train that the odd datagram began', () => {
    const pool = new TrainPool();
    const first = pool.current();
    write(first, 10);
    write(first, 20, 5);
    const next = pool.spareWith(first);
    pool.goOnWith(next);
    expect(pool.current() === next).toBe(true);
    expect([next.count, next.totalBytes]).toEqual([1, 20]);
  });
});
