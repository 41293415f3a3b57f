/** Numbers on the wire and numbers in the log, against a list of all that were ever given. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KIND, TransmissionLog } from '../../../src/transport/transmission-log.ts';
import { MAX_JUMPS_REMEMBERED } from '../../../src/transport/txn-shifts.ts';

const EPOCH = 256;

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('send' as const), count: fc.nat(90) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('jump' as const), count: fc.nat(2) }) },
);

class Model {
  readonly log: TransmissionLog;
  /** Ours by the number on the wire, of everything since the jumps that are remembered. */
  readonly known = new Map<number, number>();
  private readonly jumps: number[] = [];
  private readonly firstWire: number;
  private nextWire: number;

  constructor(first: number) {
    this.log = new TransmissionLog(first);
    this.firstWire = first;
    this.nextWire = first;
  }

  send(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const txn = this.log.record(0, KIND.STREAM, i);
      expect(txn + this.log.shift).toBe(this.nextWire);
      this.known.set(this.nextWire, txn);
      this.nextWire += 1;
    }
  }

  jump(epochs: number): void {
    const target = EPOCH * (Math.floor(this.nextWire / EPOCH) + 1 + epochs);
    const skipped = (32 - (this.nextWire % 32)) % 32;
    const isJump = this.nextWire + skipped < target;
    this.log.jumpTo(0, target);
    for (let i = 0; i < skipped; i += 1) {
      const txn = this.log.txnNxt - skipped + i;
      expect([this.log.kindOf(txn), this.log.numberOf(this.nextWire + i)]).toEqual([1, txn]);
    }
    this.nextWire = target;
    if (!isJump) return;
    this.jumps.push(target);
    const oldest = this.jumps.at(-1 - MAX_JUMPS_REMEMBERED);
    if (oldest === undefined) return;
    for (const wire of this.known.keys()) if (wire < oldest) this.known.delete(wire);
  }

  /** The first number whose place the log still knows, by what was agreed. */
  private get horizon(): number {
    return this.jumps.at(-1 - MAX_JUMPS_REMEMBERED) ?? this.firstWire;
  }

  check(wire: number): void {
    const { log } = this;
    const number = log.numberOf(wire);
    const expected = this.known.get(wire);
    if (expected !== undefined) {
      expect([number, log.isUnsent(number)]).toEqual([expected, false]);
    } else if (wire < this.horizon && this.jumps.length > MAX_JUMPS_REMEMBERED) {
      expect([log.isUnsent(number), log.remembers(number)]).toEqual([false, false]);
    } else {
      expect(log.isUnsent(number) || log.kindOf(number) === KIND.SKIPPED).toBe(true);
    }
  }

  checkAll(): void {
    for (let wire = this.firstWire - 40; wire < this.nextWire + 40; wire += 1) this.check(wire);
    // A word of TMAP has the same 32 transmissions in both.
    for (let wire = 32 * Math.ceil(this.horizon / 32); wire < this.nextWire; wire += 32) {
      const base = this.log.numberOf(wire);
      for (let bit = 0; bit < 32; bit += 1) {
        const number = this.log.numberOf(wire + bit);
        if (!this.log.isUnsent(number)) expect(number).toBe(base + bit);
      }
    }
    expect(this.log.txnUna).toBeLessThanOrEqual(this.log.txnNxt);
    if (this.log.txnUna < this.log.txnNxt) {
      expect(this.log.remembers(this.log.txnUna)).toBe(true);
      expect(this.log.kindOf(this.log.txnUna)).toBe(KIND.STREAM);
    }
  }
}

describe('numbers that jump', () => {
  it('P-KEY-09 P-ACK-06 stand for what was sent, for nothing, or for what is past caring', () => {
    const first = fc.oneof(fc.nat(600), fc.integer({ min: 2 ** 32 - 600, max: 2 ** 32 + 600 }));
    fc.assert(
      fc.property(first, fc.array(step, { maxLength: 24 }), (firstTxn, steps) => {
        const model = new Model(firstTxn);
        model.send(1);
        for (const { kind, count } of steps) {
          if (kind === 'send') model.send(count);
          else model.jump(count);
        }
        model.checkAll();
      }),
      { numRuns: 150 },
    );
  });
});
