/** What a real receiver says while one segment is missing at the start of its window. */
import { AckTracker } from '../../src/transport/ack-tracker.ts';
import { Inbox } from '../../src/transport/inbox.ts';
import { ReceiveWindow } from '../../src/transport/receive-window.ts';
import { CellPool } from '../../src/util/cell-pool.ts';
import { SlabPool } from '../../src/util/slab.ts';
import { AckBlock, writeAckBlock } from '../../src/wire/ack-block.ts';
import { FLAG } from '../../src/wire/codes.ts';
import { FIRST_SEQ, FIRST_TXN, PAYLOAD_BYTES, RTT_MS } from './scene.ts';

/** Segments that each acknowledgement newly tells. */
const PER_ACK = 2;

/**
 * The ack blocks for segments 1 … `segments` of a window whose segment 0 is lost, each segment sent
 * once and in order.
 */
export function acknowledgementsOf(segments: number): Uint8Array[] {
  const windowBytes = 4 * segments * PAYLOAD_BYTES;
  const inbox = new Inbox(new SlabPool(0), windowBytes);
  const cells = new CellPool(Infinity);
  const receive = new ReceiveWindow(
    FIRST_SEQ,
    inbox,
    cells,
    PAYLOAD_BYTES,
    2 * segments,
    windowBytes,
  );
  const tracker = new AckTracker(FIRST_TXN - 1, 2 * segments, PER_ACK, 25);
  const payload = new Uint8Array(PAYLOAD_BYTES);
  const block = new AckBlock();
  const buffer = new Uint8Array(512);
  const blocks: Uint8Array[] = [];
  for (let i = 1; i <= segments - PER_ACK; i += PER_ACK) {
    const nowMs = RTT_MS / 2 + ((i + 1) * RTT_MS) / segments;
    for (let j = i; j < i + PER_ACK; j += 1) {
      receive.take(FIRST_SEQ + j, FLAG.DAT, 0, 0, 0, payload, 0, PAYLOAD_BYTES);
      tracker.record(nowMs, FIRST_TXN + j, true);
    }
    receive.fill(block);
    tracker.fill(nowMs, block);
    blocks.push(buffer.slice(0, writeAckBlock(buffer, 0, block)));
  }
  return blocks;
}
