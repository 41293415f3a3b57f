import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Inbox } from '../../../src/transport/inbox.ts';
import { ReceiveWindow } from '../../../src/transport/receive-window.ts';
import { CellPool } from '../../../src/util/cell-pool.ts';
import { SlabPool } from '../../../src/util/slab.ts';
import { AckBlock } from '../../../src/wire/ack-block.ts';
import { FLAG } from '../../../src/wire/codes.ts';
import { heldBy } from '../../unit/transport/segments.ts';

const FIRST = 2 ** 32 - 40;
const MAX_PAYLOAD = 40;
const SEGMENTS = 48;

/** What the naive model knows of one segment of the stream. */
interface Segment {
  readonly bytes: Uint8Array;
  readonly flags: number;
  /** Which bytes have come in pieces; undefined before the first. */
  have: Set<number> | undefined;
}

type Step =
  | { readonly kind: 'whole'; readonly at: number }
  | { readonly kind: 'piece'; readonly at: number; readonly from: number; readonly to: number }
  | { readonly kind: 'read' };

function segmentAt(n: number): Segment {
  const length = 1 + ((n * 7) % MAX_PAYLOAD);
  const bytes = Uint8Array.from({ length }, (_, i) => (n * 13 + i) & 0xff);
  const isMessage = n % 5 === 4;
  const end = isMessage || n % 7 === 0 ? FLAG.END : 0;
  return { bytes, flags: (isMessage ? FLAG.OP : FLAG.DAT) | end, have: undefined };
}

/** Everything a real receiver must do, with sets and arrays and no cleverness. */
class Model {
  readonly segments = Array.from({ length: 400 }, (_, n) => segmentAt(n));
  readonly whole = new Set<number>();
  next = 0;
  delivered = 0;
  read = 0;
  edge: number;
  private creditEdge: number;
  private readonly windowBytes: number;

  constructor(windowBytes: number) {
    this.windowBytes = windowBytes;
    this.creditEdge = windowBytes;
    this.edge = Math.min(SEGMENTS, Math.floor(windowBytes / MAX_PAYLOAD));
  }

  grant(): void {
    this.creditEdge = Math.max(this.creditEdge, this.read + this.windowBytes);
    const room = Math.floor((this.creditEdge - this.delivered) / MAX_PAYLOAD);
    this.edge = Math.max(this.edge, this.next + Math.min(SEGMENTS, room));
  }

  credit(): number {
    return this.creditEdge - this.delivered;
  }

  take(n: number): string {
    if (n < this.next || this.whole.has(n)) return 'duplicate';
    if (n >= this.edge) return 'outsideWindow';
    this.whole.add(n);
    this.advance();
    return 'taken';
  }

  takePiece(n: number, from: number, to: number): string {
    if (n < this.next || this.whole.has(n)) return 'duplicate';
    if (n >= this.edge) return 'outsideWindow';
    const segment = this.segments[n]!;
    if (from === to) return 'part';
    segment.have ??= new Set();
    for (let i = from; i < to; i += 1) segment.have.add(i);
    return segment.have.size === segment.bytes.length ? this.take(n) : 'taken';
  }

  private advance(): void {
    while (this.whole.delete(this.next)) {
      this.delivered += this.segments[this.next]!.bytes.length;
      this.next += 1;
    }
  }
}

class Real {
  readonly cells = new CellPool(4_000 * 1536);
  readonly slabs = new SlabPool(8_388_608);
  readonly inbox: Inbox;
  readonly window: ReceiveWindow;
  readonly out: number[] = [];

  constructor(windowBytes: number) {
    this.inbox = new Inbox(this.slabs, windowBytes);
    const { inbox, cells } = this;
    this.window = new ReceiveWindow(FIRST, inbox, cells, MAX_PAYLOAD, SEGMENTS, windowBytes);
  }

  take(n: number, segment: Segment, from: number, to: number, isPiece: boolean): string {
    const total = isPiece ? segment.bytes.length : 0;
    const { flags, bytes } = segment;
    return this.window.take(FIRST + n, flags, 0, from, total, bytes, from, to);
  }

  readAll(): void {
    for (let bytes = this.inbox.readMessage(); bytes; bytes = this.inbox.readMessage()) {
      this.out.push(...bytes);
    }
    for (let run = this.inbox.readRun(1); run; run = this.inbox.readRun(1)) {
      this.out.push(...run.slab.bytes.subarray(0, run.length));
      this.inbox.releaseRun(run);
    }
  }
}

function apply(step: Step, model: Model, real: Real): void {
  if (step.kind === 'read') {
    real.readAll();
    model.read = model.delivered;
  } else {
    const n = model.next + step.at;
    const segment = model.segments[n];
    if (segment === undefined) return;
    const { length } = segment.bytes;
    const [from, to] = step.kind === 'piece' ? [step.from, step.to] : [0, 1];
    const [start, end] = [Math.floor(from * length), Math.ceil(to * length)];
    const isPiece = step.kind === 'piece';
    const said = isPiece
      ? real.take(n, segment, start, Math.max(start, end), true)
      : real.take(n, segment, 0, length, false);
    const expected = isPiece ? model.takePiece(n, start, Math.max(start, end)) : model.take(n);
    expect(said).toBe(expected);
  }
}

function compare(model: Model, real: Real): void {
  model.grant();
  expect(real.window.rcvNxt - FIRST).toBe(model.next);
  expect(real.window.credit()).toBe(model.credit());
  expect(real.window.window()).toBe(model.edge - model.next);
  expect(real.inbox.deliveredBytes).toBe(model.delivered);
  const block = new AckBlock();
  real.window.fill(block);
  const held = heldBy(block).map((seq) => (seq - (FIRST >>> 0) + 2 ** 32) % 2 ** 32);
  expect(held).toEqual([...model.whole].sort((a, b) => a - b));
  expect(real.window.earlyCount).toBe(model.whole.size);
}

const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('whole'), at: fc.nat(20) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('whole'), at: fc.integer({ min: -9, max: 60 }) }),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({
        at: fc.nat(8),
        a: fc.integer({ min: 0, max: 4 }),
        b: fc.integer({ min: 0, max: 4 }),
      })
      .map(({ at, a, b }) => {
        return { kind: 'piece', at, from: Math.min(a, b) / 4, to: Math.max(a, b) / 4 };
      }),
  },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'read' }) },
) as fc.Arbitrary<Step>;

describe('ReceiveWindow', () => {
  it('P-MSG-05 does what a naive receiver does, in any order, repeated, in pieces', () => {
    const property = fc.property(
      fc.array(steps, { maxLength: 150 }),
      fc.constantFrom(1_000_000, 1_500, 700, MAX_PAYLOAD),
      (list, windowBytes) => {
        const model = new Model(windowBytes);
        const real = new Real(windowBytes);
        for (const step of list) {
          apply(step, model, real);
          compare(model, real);
        }
        real.readAll();
        const sent = model.segments.slice(0, model.next);
        expect(real.out.length).toBe(model.delivered);
        const bytesOf = (isMessage: boolean): number =>
          sent.reduce((sum, { bytes, flags }) => {
            return ((flags & FLAG.OP) !== 0) === isMessage ? sum + bytes.length : sum;
          }, 0);
        expect(bytesOf(true) + bytesOf(false)).toBe(model.delivered);
        real.window.clear();
        expect([real.cells.usedBytes, real.slabs.usedBytes]).toEqual([0, 0]);
      },
    );
    fc.assert(property, { numRuns: 300 });
  });

  it('delivers exactly the bytes that were sent, through any shuffle', () => {
    const property = fc.property(
      fc.shuffledSubarray(
        Array.from({ length: 48 }, (_, n) => n),
        { minLength: 48 },
      ),
      (order) => {
        const real = new Real(1_000_000);
        const segments = order.map((_, n) => segmentAt(n));
        for (const n of order) {
          const segment = segments[n]!;
          real.take(n, segment, 0, segment.bytes.length, false);
        }
        const messages: number[] = [];
        for (let bytes = real.inbox.readMessage(); bytes; bytes = real.inbox.readMessage()) {
          messages.push(...bytes);
        }
        real.readAll();
        const join = (flag: number): number[] =>
          segments.filter(({ flags }) => (flags & flag) !== 0).flatMap(({ bytes }) => [...bytes]);
        expect(messages).toEqual(join(FLAG.OP));
        expect(real.out).toEqual(join(FLAG.DAT));
      },
    );
    fc.assert(property, { numRuns: 200 });
  });
});
