/** Lengths and counts that a decoder bounds. */
import { formatKeyLine, parseKeyLine } from '../../../src/crypto/fingerprint.ts';
import { PASS_THROUGH } from '../../../src/transport/seal.ts';
import { SegmentWriter } from '../../../src/transport/segment-writer.ts';
import { Train } from '../../../src/io/train.ts';
import { ACK_BLOCK_FIXED_BYTES, AckBlock, readAckBlock } from '../../../src/wire/ack-block.ts';
import { FLAG, PARAMETER, WIRE_VERSION } from '../../../src/wire/codes.ts';
import { AT } from '../../../src/wire/layout.ts';
import { defaultParameters, readParameters } from '../../../src/wire/parameters.ts';
import { decodeSegment, SegmentView } from '../../../src/wire/segment.ts';
import { finishSegment, writeCommonOptions, writeHeader } from '../../../src/wire/segment-write.ts';
import { Inbox } from '../../../src/transport/inbox.ts';
import { SlabPool } from '../../../src/util/slab.ts';
import { type Driver, fillEdge } from '../fill.ts';

const NO_FIELDS = { sourcePort: 1, destinationPort: 1, seq: 0, ack: 0, error: 0, window: 0 };

/** A datagram whose header has `headerLength` bytes. */
function decode(headerLength: number): string | undefined {
  const bytes = new Uint8Array(400);
  writeCommonOptions(bytes, 0, 1, 0);
  writeHeader(bytes, 0, { ...NO_FIELDS, flags: FLAG.CNT | FLAG.ACK }, headerLength & 0xff);
  bytes[AT.HEADER_LENGTH] = headerLength;
  finishSegment(bytes, 0, headerLength);
  return decodeSegment(bytes, 0, headerLength, true, WIRE_VERSION, new SegmentView());
}

/** One byte tells the length, so no more than three lengths are too long. */
export const longHeader: Driver = (cap) => {
  const reasons = [cap + 1, cap + 2, cap + 3].map(decode);
  return {
    held: decode(cap) === undefined ? cap : 0,
    beyond: reasons.includes(undefined) ? cap + 1 : cap,
    refused: reasons.filter((reason) => reason !== undefined).length,
    counted: reasons.filter((reason) => reason === 'headerLength').length,
  };
};

export const longMessage: Driver = (cap) =>
  fillEdge(cap, (bytes) => {
    const inbox = new Inbox(new SlabPool(1e6), 8_388_608);
    for (let sent = 0; sent < bytes;) {
      const length = Math.min(1_000, bytes - sent);
      sent += length;
      const flags = FLAG.OP | (sent === bytes ? FLAG.END : 0);
      const result = inbox.take(flags, 0, new Uint8Array(length), 0, length);
      if (result === 'messageTooLong') return false;
    }
    return true;
  });

/** Neither a socket's buffer nor anything written into it is longer. */
export const longDatagram: Driver = (cap) => {
  const { buffer } = new Train();
  const fits = (bytes: number): boolean => {
    const segment = new SegmentWriter(PASS_THROUGH);
    return segment.maxPayloadBytes(bytes) <= segment.maxPayloadBytes(cap);
  };
  return { ...fillEdge(cap, fits), held: buffer.length >= cap ? cap : 0 };
};

/** The field has 24 bits, and what does not fit into it is told as the most that does. */
export const wideWindow: Driver = (cap) => {
  const told = (segments: number): number => {
    const writer = new SegmentWriter(PASS_THROUGH);
    writer.windowSegments = segments;
    const bytes = new Uint8Array(256);
    const length = writer.probe(bytes, 0, 1);
    const view = new SegmentView();
    decodeSegment(bytes, 0, length, true, WIRE_VERSION, view);
    return view.window;
  };
  return fillEdge(cap, (segments) => told(segments) === segments);
};

function ackWords(tmap: number, sack: number): boolean {
  const bytes = new Uint8Array(ACK_BLOCK_FIXED_BYTES + 4 * (tmap + sack));
  bytes[6] = tmap;
  bytes[7] = sack;
  return readAckBlock(bytes, 0, bytes.length, new AckBlock());
}

export const tmapWords: Driver = (cap) => fillEdge(cap, (words) => ackWords(words, 0));
export const sackWords: Driver = (cap) => fillEdge(cap, (words) => ackWords(0, words));

export const longLogin: Driver = (cap) =>
  fillEdge(cap, (length) => {
    // A zero ends the list.
    const bytes = new Uint8Array(4 + length);
    bytes.set([PARAMETER.LOGIN, length >> 8, length & 0xff]);
    return readParameters(bytes, 0, bytes.length, defaultParameters());
  });

export const longKeyLine: Driver = (cap) => {
  const empty = formatKeyLine(new Uint8Array(32).fill(7), 'x').length - 1;
  return fillEdge(cap, (letters) => {
    const line = formatKeyLine(new Uint8Array(32).fill(7), 'x'.repeat(letters - empty));
    return parseKeyLine(line) !== undefined;
  });
};
