/** Which segments open, against a model that keeps every key: any order, any loss, any jump. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SegmentKeys } from '../../../src/crypto/segment-keys.ts';
import { sodiumPrimitives } from '../../../src/io/primitives-sodium.ts';

const PRIMITIVES = sodiumPrimitives('SHA256');
const HEADER_BYTES = 20;
const CLEAR_END = HEADER_BYTES + 8;
const SEALED_END = CLEAR_END + 16;
const EPOCH = 16;

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('send' as const), skip: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('jump' as const), skip: fc.nat(2) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('deliver' as const), skip: fc.nat(400) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('forge' as const), skip: fc.nat(400) }) },
);

interface Sent {
  readonly txn: number;
  readonly bytes: Uint8Array;
}

class Model {
  private readonly sender: SegmentKeys;
  private readonly receiver: SegmentKeys;
  private readonly firstEpoch: number;
  private readonly sent: Sent[] = [];
  private txn: number;
  private epoch: number;
  private forged = 0;

  constructor(firstTxn: number) {
    const rootKey = new Uint8Array(32).fill(9);
    const keys = (): SegmentKeys =>
      new SegmentKeys({ primitives: PRIMITIVES, rootKey, firstTxn, epochTxns: EPOCH });
    this.sender = keys();
    this.receiver = keys();
    this.txn = firstTxn;
    this.firstEpoch = Math.floor(firstTxn / EPOCH);
    this.epoch = this.firstEpoch;
  }

  send(skip: number): void {
    const bytes = new Uint8Array(SEALED_END).fill(this.txn);
    this.sender.seal(bytes, 0, HEADER_BYTES, CLEAR_END, this.txn);
    this.sent.push({ txn: this.txn, bytes });
    this.txn += 1 + skip;
  }

  jump(): void {
    this.txn = this.sender.jumpTxn(this.txn);
    this.send(0);
  }

  deliver(draw: number, isForged: boolean): void {
    const segment = this.sent[draw % Math.max(1, this.sent.length)];
    if (segment === undefined) return;
    const copy = segment.bytes.slice();
    if (isForged) copy[draw % HEADER_BYTES === 14 ? 0 : CLEAR_END]! ^= 1;
    const epoch = Math.floor(segment.txn / EPOCH);
    const hasKey = Math.abs(epoch - this.epoch) <= 1 && epoch >= this.firstEpoch;
    const opened = this.receiver.open(copy, 0, HEADER_BYTES, SEALED_END, segment.txn);
    expect(opened).toBe(hasKey && !isForged);
    if (opened) this.epoch = Math.max(this.epoch, epoch);
    else if (hasKey) this.forged += 1;
    expect(this.receiver.failedOpens).toBe(this.forged);
  }
}

describe('epochs of keys', () => {
  it('open what is one epoch away at most, and move with honest segments alone', () => {
    const first = fc.integer({ min: 0, max: 2 ** 40 });
    fc.assert(
      fc.property(first, fc.array(step, { maxLength: 120 }), (firstTxn, steps) => {
        const model = new Model(firstTxn);
        for (const { kind, skip } of steps) {
          if (kind === 'send') model.send(skip);
          else if (kind === 'jump') model.jump();
          else model.deliver(skip, kind === 'forge');
        }
      }),
      { numRuns: 400 },
    );
  });
});
