/** The ack block: what is read is written again as the same bytes, and fits its caps. */
import {
  AckBlock,
  MAX_SACK_WORDS,
  MAX_TMAP_WORDS,
  readAckBlock,
  writeAckBlock,
} from '../../../src/wire/ack-block.ts';
import { ackPayload } from '../../unit/transport/segments.ts';
import { demand, type Target } from '../target.ts';

function run(bytes: Uint8Array): void {
  const block = new AckBlock();
  const isRead = readAckBlock(bytes, 0, bytes.length, block);
  if (!isRead) return;
  demand(block.tmapWords <= MAX_TMAP_WORDS && block.sackWords <= MAX_SACK_WORDS, 'too many words');
  demand(block.sackStart % 32 === 0, 'SACK is not aligned');
  demand(block.delayMs >= 0 && block.delayMs < 1_049, 'a delay out of range');
  const again = new Uint8Array(bytes.length);
  const length = writeAckBlock(again, 0, block);
  demand(length === bytes.length, 'another length when written again');
  demand(
    again.every((byte, i) => byte === bytes[i]),
    'other bytes when written again',
  );
}

export const target: Target = {
  run,
  seeds: [
    ackPayload({}),
    ackPayload({ told: [5, 70, 99], held: [40, 41, 200], credit: 9, delayMs: 3 }),
  ],
  maxBytes: 416,
};
