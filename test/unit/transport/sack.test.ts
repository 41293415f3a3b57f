import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AckProcessing } from '../../../src/transport/ack-processing.ts';
import { DEFAULT_CONNECTION_CONFIG } from '../../../src/transport/config.ts';
import { DeliveryRate } from '../../../src/transport/congestion/delivery-rate.ts';
import { Inbox } from '../../../src/transport/inbox.ts';
import { PathGroup } from '../../../src/transport/path-group.ts';
import { PeerWindow } from '../../../src/transport/peer-window.ts';
import { ReceiveWindow, SACK_SLICE_WORDS } from '../../../src/transport/receive-window.ts';
import { Recovery } from '../../../src/transport/recovery.ts';
import { RttEstimator } from '../../../src/transport/rtt-estimator.ts';
import { SEGMENT, SendWindow } from '../../../src/transport/send-window.ts';
import { auditSendWindow } from '../../../src/transport/send-window-audit.ts';
import { NO_TRACE } from '../../../src/transport/trace.ts';
import { KIND, TransmissionLog } from '../../../src/transport/transmission-log.ts';
import { CellPool } from '../../../src/util/cell-pool.ts';
import { SeededRandom } from '../../../src/util/random.ts';
import { SlabPool } from '../../../src/util/slab.ts';
import { AckBlock, MAX_SACK_WORDS } from '../../../src/wire/ack-block.ts';
import { FLAG } from '../../../src/wire/codes.ts';
import { wrap } from '../../../src/wire/serial.ts';

const PAYLOAD = new Uint8Array(10);

/** A sender whose segments `first` … `first + count - 1` are in flight. */
function senderOf(first: number, count: number): { window: SendWindow; acks: AckProcessing } {
  const window = new SendWindow(first, new SlabPool(0));
  const log = new TransmissionLog(1000);
  const rtt = new RttEstimator();
  const path = new PathGroup(DEFAULT_CONNECTION_CONFIG, new SeededRandom(1));
  const rate = new DeliveryRate();
  const recovery = new Recovery(window, log, rtt, path, rate, NO_TRACE, 1);
  const peer = new PeerWindow(first);
  const acks = new AckProcessing(window, log, rtt, recovery, path, rate, peer);
  for (let i = 0; i < count; i += 1) {
    const seq = window.append({
      flags: FLAG.DAT,
      error: 0,
      bytes: PAYLOAD,
      slab: undefined,
      offset: 0,
      length: PAYLOAD.length,
    });
    const txn = log.record(i, KIND.STREAM, seq);
    window.transmitted(i, seq, txn, txn);
    path.flightBytes += window.wireBytesOf(seq);
    rate.onSent(i, seq, window.sndUna, window.wireBytesOf(seq), path.flightBytes);
  }
  return { window, acks };
}

/** A block that tells `held` from the aligned word of `start` on, and no transmission. */
function blockOf(start: number, held: readonly number[]): AckBlock {
  const block = new AckBlock();
  const base = start - (start % 32);
  block.sackStart = wrap(base);
  for (const seq of held) {
    const word = Math.floor((seq - base) / 32);
    if (seq < base || word >= MAX_SACK_WORDS) continue;
    block.sack[word]! |= 1 << ((seq - base) % 32);
    block.sackWords = Math.max(block.sackWords, word + 1);
  }
  return block;
}

function delivered(window: SendWindow): number[] {
  const found: number[] = [];
  for (let seq = window.sndUna; seq < window.sndNxt; seq += 1) {
    if (window.stateOf(seq) === SEGMENT.DELIVERED) found.push(seq);
  }
  return found;
}

describe('P-ACK-02 SACK without TMAP', () => {
  it('P-ACK-04 settles the union of what blocks tell, whatever their order', () => {
    const first = fc.constantFrom(0, 1, 100_003, 2 ** 32 - 40, 2 ** 32 + 7);
    const offsets = fc.uniqueArray(fc.integer({ min: 1, max: 299 }), { maxLength: 200 });
    fc.assert(
      fc.property(first, fc.array(offsets, { maxLength: 4 }), (base, tellings) => {
        const { window, acks } = senderOf(base, 300);
        const union = new Set<number>();
        for (const telling of tellings) {
          const held = telling.map((offset) => base + offset);
          expect(acks.handle(500, wrap(base), 1000, blockOf(base, held))).toBeUndefined();
          for (const seq of held) union.add(seq);
        }
        expect(delivered(window)).toEqual([...union].sort((a, b) => a - b));
        expect(window.bytesSettled).toBe(10 * union.size);
        expect(auditSendWindow(window)).toBeUndefined();
      }),
    );
  });

  it('P-ACK-04 a late block that still names what is acknowledged settles only the rest', () => {
    const { window, acks } = senderOf(100, 200);
    expect(acks.handle(500, 230, 1000, undefined)).toBeUndefined();
    expect(window.sndUna).toBe(230);
    expect(acks.handle(501, 100, 1000, blockOf(100, [101, 150, 229, 231, 290]))).toBeUndefined();
    expect([window.sndUna, delivered(window)]).toEqual([230, [231, 290]]);
  });
});

describe('P-ACK-02 a receiver with a long map', () => {
  it('tells 16 words at a time, and everything within one round', () => {
    const segments = 2000;
    const inbox = new Inbox(new SlabPool(0), 1e9);
    const cells = new CellPool(1e9);
    const receive = new ReceiveWindow(100, inbox, cells, 1368, segments, 1e9);
    const { window, acks } = senderOf(100, segments);
    const held: number[] = [];
    for (let seq = 101; seq < 100 + segments; seq += 1 + (seq % 7)) {
      receive.take(seq, FLAG.DAT, 0, 0, 0, PAYLOAD, 0, PAYLOAD.length);
      held.push(seq);
    }
    const block = new AckBlock();
    const total = Math.floor(held.at(-1)! / 32) - 3 + 1;
    const rounds = Math.ceil(total / SACK_SLICE_WORDS);
    for (let i = 0; i < rounds; i += 1) {
      receive.fill(block);
      const left = total - i * SACK_SLICE_WORDS;
      expect(block.sackWords).toBe(Math.min(16, left));
      expect(block.sackStart).toBe(96 + 32 * 16 * i);
      expect(acks.handle(5000, 100, segments, block)).toBeUndefined();
    }
    expect(delivered(window)).toEqual(held);
    receive.fill(block);
    expect(block.sackStart).toBe(96);
  });
});
