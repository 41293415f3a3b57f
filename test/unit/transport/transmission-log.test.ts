import { beforeEach, describe, expect, it } from 'vitest';
import {
  FATE,
  KIND,
  MAX_TRANSMISSIONS,
  TransmissionLog,
} from '../../../src/transport/transmission-log.ts';

const FIRST = 77;

describe('TransmissionLog', () => {
  let log: TransmissionLog;
  beforeEach(() => {
    log = new TransmissionLog(FIRST);
  });

  it('numbers transmissions one after the other and keeps what they were', () => {
    expect(log.record(5, KIND.STREAM, 900)).toBe(FIRST);
    expect(log.record(6, KIND.CONTROL, -1)).toBe(FIRST + 1);
    expect([log.seqOf(FIRST), log.sentMsOf(FIRST), log.kindOf(FIRST)]).toEqual([900, 5, 2]);
    expect([log.seqOf(FIRST + 1), log.kindOf(FIRST + 1)]).toEqual([-1, KIND.CONTROL]);
    expect(log.fateOf(FIRST)).toBe(FATE.OUTSTANDING);
    expect(log.txnNxt).toBe(FIRST + 2);
  });

  it('knows what was never sent', () => {
    log.record(0, KIND.STREAM, 1);
    const unsent = [FIRST - 1, FIRST, FIRST + 1].map((txn) => log.isUnsent(txn));
    expect(unsent).toEqual([true, false, true]);
    expect([FIRST - 1, FIRST, FIRST + 1].map((txn) => log.remembers(txn))).toEqual([
      false,
      true,
      false,
    ]);
  });

  it('stands at the oldest stream transmission whose fate is open', () => {
    for (const kind of [KIND.CONTROL, KIND.STREAM, KIND.PROBE, KIND.PART, KIND.SKIPPED]) {
      log.record(0, kind, 1);
    }
    expect(log.txnUna).toBe(FIRST + 1);
    log.settle(FIRST + 3, FATE.DELIVERED);
    expect(log.txnUna).toBe(FIRST + 1);
    log.settle(FIRST + 1, FATE.LOST);
    expect([log.txnUna, log.txnNxt]).toEqual([FIRST + 5, FIRST + 5]);
    expect([log.fateOf(FIRST + 1), log.fateOf(FIRST + 3)]).toEqual([FATE.LOST, FATE.DELIVERED]);
    expect(() => log.settle(FIRST + 5, FATE.LOST)).toThrow('forgotten');
  });

  it('remembers which numbers it was told, word by word', () => {
    for (let i = 0; i < 64; i += 1) log.record(0, KIND.CONTROL, -1);
    expect(log.isNews(80)).toBe(true);
    log.markTold(80);
    log.markTold(95);
    expect([log.isNews(80), log.isNews(81), log.isNews(95)]).toEqual([false, true, false]);
    const word = 0xffff_ffff;
    expect(log.newlyTold(64, word)).toBe((~((1 << 16) | (1 << 31)) & word) >>> 0);
    expect(log.newlyTold(96, 0x8000_0000)).toBe(0x8000_0000);
  });

  it('excludes one repeated message from timing', () => {
    log.record(0, KIND.STREAM, 1);
    log.forbidTiming(FIRST);
    expect([log.isTimed(FIRST), log.isTimed(FIRST + 1)]).toEqual([false, true]);
  });

  it('forgets settled ones rather than grow, and names anew what was told long ago', () => {
    for (let i = 0; i < 10_000; i += 1) {
      const txn = log.record(i, KIND.STREAM, i);
      expect(log.isNews(txn)).toBe(true);
      log.markTold(txn);
      log.settle(txn, FATE.DELIVERED);
    }
    expect(log.remembers(FIRST + 9_999)).toBe(true);
    expect(log.remembers(FIRST + 9_999 - 128)).toBe(true);
    expect(log.remembers(FIRST + 9_999 - 256)).toBe(false);
    expect([log.txnUna, log.txnNxt]).toEqual([FIRST + 10_000, FIRST + 10_000]);
  });

  it('grows while an old one is open, and keeps every value', () => {
    log.record(0, KIND.STREAM, 4242);
    for (let i = 1; i < 5_000; i += 1) {
      const txn = log.record(i, i % 3 === 0 ? KIND.STREAM : KIND.CONTROL, i);
      if (i % 3 === 0) log.settle(txn, i % 2 === 0 ? FATE.LOST : FATE.DELIVERED);
      if (i % 4 === 0) log.markTold(txn);
    }
    expect(log.txnUna).toBe(FIRST);
    for (let i = 1; i < 5_000; i += 1) {
      const txn = FIRST + i;
      const fate = i % 3 !== 0 ? FATE.OUTSTANDING : i % 2 === 0 ? FATE.LOST : FATE.DELIVERED;
      expect([log.seqOf(txn), log.sentMsOf(txn), log.fateOf(txn)]).toEqual([i, i, fate]);
      expect(log.isNews(txn)).toBe(i % 4 !== 0);
    }
    expect([log.seqOf(FIRST), log.remembers(FIRST)]).toEqual([4242, true]);
    log.settle(FIRST, FATE.LOST);
    expect(log.txnUna).toBe(FIRST + 5_000);
  });

  it('gives the oldest up when it has remembered as many as it may', () => {
    for (let i = 0; i < MAX_TRANSMISSIONS + 100; i += 1) log.record(i, KIND.STREAM, i);
    const oldest = log.txnUna;
    expect(log.remembers(FIRST)).toBe(false);
    expect(log.remembers(oldest)).toBe(true);
    expect(oldest).toBeLessThanOrEqual(FIRST + 128);
    log.settle(oldest, FATE.LOST);
    expect(log.txnUna).toBe(oldest + 1);
  });
});
