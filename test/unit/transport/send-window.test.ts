import { beforeEach, describe, expect, it } from 'vitest';
import { BACKOFF_LEVELS } from '../../../src/transport/backoff-lists.ts';
import type { Cut } from '../../../src/transport/send-queue.ts';
import { MAX_SENT_SEGMENTS, SEGMENT, SendWindow } from '../../../src/transport/send-window.ts';
import { auditSendWindow } from '../../../src/transport/send-window-audit.ts';
import { type Slab, SlabPool } from '../../../src/util/slab.ts';
import { FLAG } from '../../../src/wire/codes.ts';

const FIRST = 500;

function cut(length: number, patch: Partial<Cut> = {}): Cut {
  const bytes = new Uint8Array(0);
  return { flags: FLAG.DAT, error: 0, bytes, slab: undefined, offset: 0, length, ...patch };
}

describe('SendWindow', () => {
  let pool: SlabPool;
  let window: SendWindow;
  beforeEach(() => {
    pool = new SlabPool(1_048_576);
    window = new SendWindow(FIRST, pool);
  });

  /** Numbers and sends `count` segments of 100 bytes, one a millisecond from `fromMs`. */
  function send(count: number, fromMs = 0): void {
    for (let i = 0; i < count; i += 1) {
      const seq = window.append(cut(100));
      window.transmitted(fromMs + i, seq, 2 * seq, 2 * seq + 1);
    }
  }

  function settleAll(from: number, to: number): void {
    for (let seq = from; seq < to; seq += 1) window.settle(seq);
  }

  it('keeps each segment’s values in its columns', () => {
    const bytes = new Uint8Array(3);
    const flags = FLAG.OP | FLAG.END;
    const seq = window.append(cut(3, { flags, error: 7, bytes, offset: 11 }));
    window.transmitted(5, seq, 40, 42);
    expect(seq).toBe(FIRST);
    expect([window.sndUna, window.sndNxt, window.count]).toEqual([FIRST, FIRST + 1, 1]);
    expect([window.flagsOf(seq), window.errorOf(seq)]).toEqual([flags, 7]);
    expect([window.lengthOf(seq), window.offsetOf(seq), window.wireBytesOf(seq)]).toEqual([
      3, 11, 35,
    ]);
    expect([window.firstTxnOf(seq), window.txnOf(seq)]).toEqual([40, 42]);
    expect([window.transmissionsOf(seq), window.levelOf(seq)]).toEqual([1, 0]);
    expect(window.bytesOf(seq)).toBe(bytes);
    expect(window.stateOf(seq)).toBe(SEGMENT.IN_FLIGHT);
    expect([window.stateOf(seq - 1), window.stateOf(seq + 1)]).toEqual([SEGMENT.FREE, 0]);
  });

  it('counts what is in flight, lost and settled, and each settled byte once', () => {
    send(4);
    expect([window.flightBytes, window.bytesNumbered]).toEqual([4 * 132, 400]);
    window.markLost(FIRST + 1, false);
    expect([window.flightBytes, window.lostCount]).toEqual([3 * 132, 1]);
    expect(window.settle(FIRST + 1)).toBe(132);
    expect(window.settle(FIRST + 1)).toBe(0);
    expect([window.flightBytes, window.lostCount, window.bytesSettled]).toEqual([396, 0, 100]);
    window.settle(FIRST);
    expect(auditSendWindow(window)).toBeUndefined();
    window.advance();
    window.advance();
    expect([window.sndUna, window.bytesUna, window.bytesSettled]).toEqual([FIRST + 2, 200, 200]);
    expect(() => window.advance()).toThrow('delivered');
    expect(auditSendWindow(window)).toBeUndefined();
  });

  it('sends a lost segment again at its back-off level', () => {
    send(2);
    window.markLost(FIRST, true);
    window.markLost(FIRST + 1, false);
    expect([window.levelOf(FIRST), window.levelOf(FIRST + 1)]).toEqual([1, 0]);
    window.transmitted(50, FIRST, 9, 9);
    expect([window.lostCount, window.transmissionsOf(FIRST)]).toEqual([1, 2]);
    expect([window.oldestSentMs(0), window.oldestSentMs(1)]).toEqual([Infinity, 50]);
    expect(window.oldestSeq(1)).toBe(FIRST);
    expect(() => window.oldestSeq(0)).toThrow('level');
    expect(() => window.markLost(FIRST + 1, true)).toThrow('in flight');
  });

  it('stays at the last level however often a segment times out', () => {
    send(1);
    for (let i = 0; i < 2 * BACKOFF_LEVELS; i += 1) {
      window.markLost(FIRST, true);
      window.transmitted(i, FIRST, i, i);
    }
    expect(window.levelOf(FIRST)).toBe(BACKOFF_LEVELS - 1);
    expect(auditSendWindow(window)).toBeUndefined();
  });

  it('counts a segment’s transmissions up to 255', () => {
    send(1);
    for (let i = 0; i < 300; i += 1) window.transmitted(i, FIRST, i, i);
    expect([window.transmissionsOf(FIRST), window.flightBytes]).toEqual([255, 132]);
  });

  it('keeps each level in order of sending, whatever leaves it', () => {
    send(5);
    window.transmitted(10, FIRST, 90, 90);
    expect([window.oldestSeq(0), window.oldestSentMs(0)]).toEqual([FIRST + 1, 1]);
    window.settle(FIRST + 1);
    window.settle(FIRST + 3);
    expect(window.oldestSeq(0)).toBe(FIRST + 2);
    window.settle(FIRST + 2);
    window.settle(FIRST + 4);
    expect(window.oldestSeq(0)).toBe(FIRST);
    window.settle(FIRST);
    expect(window.oldestSentMs(0)).toBe(Infinity);
    expect(auditSendWindow(window)).toBeUndefined();
  });

  it('names the newest segment in flight', () => {
    expect(window.newestInFlight()).toBe(-1);
    send(3);
    window.settle(FIRST + 2);
    expect(window.newestInFlight()).toBe(FIRST + 1);
    window.markLost(FIRST + 1, false);
    expect(window.newestInFlight()).toBe(FIRST);
    window.settle(FIRST);
    expect(window.newestInFlight()).toBe(-1);
  });

  it('holds slabs until their bytes are settled, and lets all go when cleared', () => {
    const slabs = Array.from({ length: 3 }, () => pool.acquire(16_384)!);
    const [a, b, c] = slabs as [Slab, Slab, Slab];
    for (const slab of [a, b, c]) {
      const seq = window.append(cut(10, { slab, bytes: slab.bytes }));
      window.transmitted(0, seq, seq, seq);
    }
    window.settle(FIRST + 1);
    expect([a.refs, b.refs, c.refs]).toEqual([1, 0, 1]);
    expect(() => window.bytesOf(FIRST + 1)).toThrow('bytes');
    window.clear();
    expect([pool.usedBytes, window.count, window.flightBytes, window.lostCount]).toEqual([
      0, 0, 0, 0,
    ]);
    expect([window.oldestSentMs(0), auditSendWindow(window)]).toEqual([Infinity, undefined]);
  });

  it('remembers delivered segments by words, and forgets them when a number comes again', () => {
    send(60);
    window.settle(FIRST + 5);
    window.settle(FIRST + 40);
    const word = (seq: number): number => (window.settledWord(seq) >>> (seq & 31)) & 1;
    expect([5, 6, 40].map((n) => word(FIRST + n))).toEqual([1, 0, 1]);
    settleAll(FIRST, FIRST + 60);
    for (let i = 0; i < 60; i += 1) window.advance();
    send(128);
    for (let n = 60; n < 188; n += 1) expect(word(FIRST + n)).toBe(0);
  });

  it('grows with what is outstanding and keeps every value and list', () => {
    for (let i = 0; i < 1000; i += 1) {
      const seq = window.append(cut(i % 50, { offset: i, error: i % 7 }));
      window.transmitted(i, seq, 3 * i, 3 * i + 2);
      if (i % 3 === 0) window.settle(seq);
      if (i % 3 === 1) window.markLost(seq, i % 2 === 0);
      if (i % 3 === 1 && i % 5 === 0) window.transmitted(i, seq, 3 * i, 3 * i + 2);
    }
    expect(auditSendWindow(window)).toBeUndefined();
    for (let i = 0; i < 1000; i += 1) {
      const seq = FIRST + i;
      expect([window.lengthOf(seq), window.offsetOf(seq), window.errorOf(seq)]).toEqual([
        i % 50,
        i,
        i % 7,
      ]);
      expect([window.firstTxnOf(seq), window.txnOf(seq)]).toEqual([3 * i, 3 * i + 2]);
      const isAgain = i % 5 === 0;
      const states = [SEGMENT.DELIVERED, isAgain ? SEGMENT.IN_FLIGHT : SEGMENT.LOST, 1];
      expect(window.stateOf(seq)).toBe(states[i % 3]);
      expect(window.levelOf(seq)).toBe(i % 3 === 1 && i % 2 === 0 ? 1 : 0);
      expect((window.settledWord(seq) >>> (seq & 31)) & 1).toBe(i % 3 === 0 ? 1 : 0);
    }
  });

  it('grows when the window stands across the end of its ring', () => {
    send(50);
    settleAll(FIRST, FIRST + 50);
    for (let i = 0; i < 50; i += 1) window.advance();
    send(100, 50);
    expect(auditSendWindow(window)).toBeUndefined();
    expect([window.oldestSeq(0), window.oldestSentMs(0)]).toEqual([FIRST + 50, 50]);
    settleAll(FIRST + 50, FIRST + 100);
    expect(window.oldestSeq(0)).toBe(FIRST + 100);
  });

  it('works beyond 2^32, where the wire’s numbers begin anew', () => {
    window = new SendWindow(2 ** 32 - 10, pool);
    send(30);
    expect(window.settle(2 ** 32 + 5)).toBe(132);
    expect(window.stateOf(2 ** 32 + 5)).toBe(SEGMENT.DELIVERED);
    expect(window.stateOf(2 ** 32 + 4)).toBe(SEGMENT.IN_FLIGHT);
    expect(auditSendWindow(window)).toBeUndefined();
  });

  it('holds 131,072 segments and no more', () => {
    for (let i = 0; i < MAX_SENT_SEGMENTS; i += 1) {
      const seq = window.append(cut(1));
      window.transmitted(0, seq, i, i);
    }
    expect(window.isFull).toBe(true);
    expect(() => window.append(cut(1))).toThrow('cap');
    window.settle(FIRST);
    window.advance();
    expect(window.isFull).toBe(false);
    window.append(cut(1));
    expect(auditSendWindow(window)).toBe(
      `segment ${FIRST + MAX_SENT_SEGMENTS} in the window is free`,
    );
  });
});
