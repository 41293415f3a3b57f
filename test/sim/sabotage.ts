/**
 * Named bugs, put into the transport from outside, one at a time: the core carries no switches.
 * Each shows that the simulator would have found it; the table is test/golden/sabotage.txt.
 */
import { AckProcessing } from '../../src/transport/ack-processing.ts';
import { AckTracker } from '../../src/transport/ack-tracker.ts';
import { BackoffLists } from '../../src/transport/backoff-lists.ts';
import { Closing } from '../../src/transport/closing.ts';
import { NewReno } from '../../src/transport/congestion/newreno.ts';
import { ConnectionParts } from '../../src/transport/connection-parts.ts';
import { LostQueue } from '../../src/transport/lost-queue.ts';
import { Opening } from '../../src/transport/opening.ts';
import { PartStore } from '../../src/transport/part-store.ts';
import { PeerWindow } from '../../src/transport/peer-window.ts';
import { PortTable } from '../../src/transport/port-table.ts';
import { ReceiveGrant } from '../../src/transport/receive-grant.ts';
import { ReceivePipeline } from '../../src/transport/receive-pipeline.ts';
import { ReceiveWindow } from '../../src/transport/receive-window.ts';
import { Recovery } from '../../src/transport/recovery.ts';
import { PASS_THROUGH } from '../../src/transport/seal.ts';
import { SegmentWriter } from '../../src/transport/segment-writer.ts';
import { SendWindow } from '../../src/transport/send-window.ts';
import { SlabPool } from '../../src/util/slab.ts';
import type { AckBlock } from '../../src/wire/ack-block.ts';
import { FLAG } from '../../src/wire/codes.ts';

type Undo = () => void;
type Method = (this: never, ...args: never[]) => unknown;
type Call = (...args: unknown[]) => unknown;

export interface Sabotage {
  readonly name: string;
  /** Puts the bug in; the answer takes it out again. */
  readonly apply: () => Undo;
}

interface Class {
  readonly prototype: object;
}

/** Replaces method `name`, private ones too; `make` gets the original, to be called with `this`. */
function replace(owner: Class, name: string, make: (original: Call) => Method): Undo {
  const before = Object.getOwnPropertyDescriptor(owner.prototype, name);
  if (before === undefined) throw new Error(`no method ${name} to sabotage`);
  const original = before.value as (...args: unknown[]) => unknown;
  const bound: Call = (self, ...args) => Reflect.apply(original, self, args);
  Object.defineProperty(owner.prototype, name, { ...before, value: make(bound) });
  return () => Object.defineProperty(owner.prototype, name, before);
}

function all(undos: readonly Undo[]): Undo {
  return () => {
    for (const undo of undos) undo();
  };
}

function replaceGetter(owner: Class, name: string, value: unknown): Undo {
  const before = Object.getOwnPropertyDescriptor(owner.prototype, name);
  if (before?.get === undefined) throw new Error(`no getter ${name} to sabotage`);
  Object.defineProperty(owner.prototype, name, { ...before, get: () => value });
  return () => Object.defineProperty(owner.prototype, name, before);
}

/** True on every `count`th call since the bug was put in: one that shows now and then. */
function everyNth(count: number): () => boolean {
  let calls = 0;
  return () => {
    calls += 1;
    return calls % count === 0;
  };
}

function shiftSack(block: AckBlock): void {
  for (let i = block.sackWords - 1; i >= 0; i -= 1) {
    const carry = i > 0 ? block.sack[i - 1]! >>> 31 : 0;
    block.sack[i] = (block.sack[i]! << 1) | carry;
  }
}

export const SABOTAGES: readonly Sabotage[] = [
  {
    name: 'duplicate filter off',
    apply: () =>
      all([
        replace(AckTracker, 'isDuplicate', () => () => false),
        replace(ReceiveWindow, 'has', () => () => false),
      ]),
  },
  {
    name: 'SACK bit off by one',
    apply: () =>
      replace(
        ReceiveWindow,
        'fill',
        (original) =>
          function (block: AckBlock) {
            original(this, block);
            shiftSack(block);
          },
      ),
  },
  {
    name: 'window edge moved left',
    apply: () =>
      replace(
        ReceiveWindow,
        'window',
        (original) =>
          function (this: ReceiveWindow) {
            const window = original(this) as number;
            return this.earlyCount > 0 ? Math.max(0, window - 8) : window;
          },
      ),
  },
  {
    name: 'stale header on a retransmission',
    apply: () => {
      const firstAcks = new WeakMap<object, Map<number, number>>();
      return replace(
        SegmentWriter,
        'stream',
        (original) =>
          function (this: SegmentWriter, ...args: [Uint8Array, number, ...unknown[]]) {
            const acks = firstAcks.get(this) ?? new Map<number, number>();
            firstAcks.set(this, acks);
            const now = this.ack;
            this.ack = acks.get(args[1]) ?? now;
            acks.set(args[1], this.ack);
            const length = original(this, ...args);
            this.ack = now;
            return length;
          },
      );
    },
  },
  {
    name: 'timer left in the past',
    apply: () => replace(Recovery, 'expireSegments', () => () => undefined),
  },
  {
    name: '`end` lost on a retransmission',
    apply: () =>
      replace(
        SendWindow,
        'flagsOf',
        (original) =>
          function (this: SendWindow, seq: number) {
            const flags = original(this, seq) as number;
            return this.transmissionsOf(seq) > 1 ? flags & ~FLAG.END : flags;
          },
      ),
  },
  {
    name: 'a hole forgotten',
    apply: () =>
      replace(
        LostQueue,
        'push',
        (original) =>
          function (this: { seqs: number[] }, seq: number) {
            if (this.seqs.length !== 2) original(this, seq);
          },
      ),
  },
  {
    name: 'growth while application-limited',
    apply: () =>
      replace(
        NewReno,
        'onAck',
        (original) =>
          function (sample: { isCwndLimited: boolean }) {
            sample.isCwndLimited = true;
            original(this, sample);
          },
      ),
  },
  {
    name: 'wrong PART offset',
    apply: () =>
      replace(
        PartStore,
        'add',
        (original) =>
          function (seq: number, isNext: boolean, offset: number, ...rest: unknown[]) {
            return original(this, seq, isNext, Math.max(0, offset - 1), ...rest);
          },
      ),
  },
  {
    name: 'transmission number reused',
    apply: () => {
      const last = new WeakMap<object, { txn: number; calls: number }>();
      return replace(
        ConnectionParts,
        'nextTxn',
        (original) =>
          function (...args: unknown[]) {
            const seen = last.get(this) ?? { txn: -1, calls: 0 };
            last.set(this, seen);
            seen.calls += 1;
            if (seen.calls % 16 !== 0) seen.txn = original(this, ...args) as number;
            return seen.txn;
          },
      );
    },
  },
  {
    name: 'acknowledgement of a segment that never came',
    apply: () =>
      replace(
        ConnectionParts,
        'stampReceiveState',
        (original) =>
          function (this: ConnectionParts) {
            original(this);
            if ((this.receive?.earlyCount ?? 0) > 0) this.writer.ack = (this.writer.ack + 1) >>> 0;
          },
      ),
  },
  {
    name: 'checksum skipped',
    apply: () => {
      const seam = PASS_THROUGH as { checksumCoversPayload: boolean };
      seam.checksumCoversPayload = false;
      return () => {
        seam.checksumCoversPayload = true;
      };
    },
  },
  {
    name: 'seal not looked at',
    apply: () =>
      replace(
        ReceivePipeline,
        'open',
        (original) =>
          function (segment: { payloadEnd: number }, txn: number) {
            const end = segment.payloadEnd;
            const isOpen = original(this, segment, txn) as boolean;
            if (!isOpen) segment.payloadEnd = end - 8;
            return true;
          },
      ),
  },
  {
    name: 'credit ignored',
    apply: () =>
      all([
        // A receiver may grant segments without regard to bytes; credit alone guards it then.
        replace(
          ReceiveGrant,
          'window',
          () =>
            function (this: { windowEdge: number; windowSegments: number }, rcvNxt: number) {
              this.windowEdge = Math.max(this.windowEdge, rcvNxt + this.windowSegments);
              return this.windowEdge - rcvNxt;
            },
        ),
        replace(
          PeerWindow,
          'allows',
          () =>
            function (this: PeerWindow, seq: number) {
              return seq < this.windowEdge;
            },
        ),
      ]),
  },
  {
    name: 'window ignored',
    apply: () =>
      replace(
        PeerWindow,
        'allows',
        () =>
          function (this: PeerWindow, _seq: number, end: number) {
            return end <= this.creditEdge;
          },
      ),
  },
  {
    name: 'close without waiting for acknowledgements',
    apply: () => replaceGetter(ConnectionParts, 'isDrained', true),
  },
  {
    name: 'replay window forgets',
    apply: () => replace(AckTracker, 'isDuplicate', () => () => false),
  },
  {
    name: 'early segments kept twice',
    apply: () => replace(ReceiveWindow, 'has', () => () => false),
  },
  {
    name: 'flight not reduced',
    apply: () => {
      const isTime = everyNth(50);
      return replace(
        SendWindow,
        'settle',
        (original) =>
          function (this: SendWindow, seq: number) {
            const before = this.flightBytes;
            const settled = original(this, seq);
            if (isTime()) this.flightBytes = before;
            return settled;
          },
      );
    },
  },
  {
    name: 'timeout list loses a segment',
    apply: () => {
      const isTime = everyNth(40);
      return replace(
        BackoffLists,
        'link',
        (original) =>
          function (level: number, slot: number) {
            if (!isTime()) original(this, level, slot);
          },
      );
    },
  },
  {
    name: 'slab never given back',
    apply: () => {
      const isTime = everyNth(100);
      return replace(
        SlabPool,
        'release',
        (original) =>
          function (slab: unknown) {
            if (!isTime()) original(this, slab);
          },
      );
    },
  },
  {
    name: 'early segments handed on out of order',
    apply: () =>
      replace(
        ReceiveWindow,
        'take',
        (original) =>
          function (this: ReceiveWindow, seq: number, ...rest: unknown[]) {
            const isNear = seq === this.rcvNxt + 1 && this.earlyCount > 2;
            return original(this, isNear ? this.rcvNxt : seq, ...rest);
          },
      ),
  },
  {
    name: 'window update never told, window never probed',
    apply: () =>
      all([
        replace(ReceiveWindow, 'isUpdateDue', () => () => false),
        replace(PeerWindow, 'onBlocked', () => () => undefined),
      ]),
  },
  {
    name: 'repeated SYN not answered',
    apply: () => {
      const answered = new WeakSet<object>();
      return replace(
        Opening,
        'onSyn',
        (original) =>
          function (this: Opening) {
            if (answered.has(this)) return;
            answered.add(this);
            original(this);
          },
      );
    },
  },
  {
    name: 'a duplicate SYN opens a second connection',
    apply: () => replace(PortTable, 'findSyn', () => () => undefined),
  },
  {
    name: 'fin never repeated',
    apply: () =>
      all([
        replace(Closing, 'nextTimeout', () => () => Infinity),
        replace(
          Closing,
          'poll',
          (original) =>
            function (this: { finsSent: number; answerStage: number }, ...args: unknown[]) {
              return this.finsSent > 0 && this.answerStage === 0 ? 0 : original(this, ...args);
            },
        ),
      ]),
  },
  {
    name: 'acknowledged by a lie: unsent taken as sent',
    apply: () =>
      all([
        replace(
          ReceiveWindow,
          'fill',
          (original) =>
            function (block: AckBlock) {
              original(this, block);
              for (let i = 0; i < block.sackWords; i += 1) block.sack[i] = 0xffff_ffff;
            },
        ),
        replace(AckProcessing, 'isSackBeyondSent', () => () => false),
      ]),
  },
];
