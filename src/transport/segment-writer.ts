/** Builds datagrams: header values at the time of sending, payload, seal, checksum. */
import { type AckBlock, writeAckBlock } from '../wire/ack-block.ts';
import { ERROR, FLAG, PARAMETER } from '../wire/codes.ts';
import { MAX_WINDOW_SEGMENTS, STREAM_HEADER_BYTES } from '../wire/layout.ts';
import { endParameters, putBytes } from '../wire/parameters.ts';
import { isClear } from '../wire/segment.ts';
import {
  finishSegment,
  type HeaderFields,
  patchLength,
  writeChallenge,
  writeClose,
  writeCommonOptions,
  writeCookie,
  writeHeader,
  writePart,
  writeVersions,
} from '../wire/segment-write.ts';
import { wrap } from '../wire/serial.ts';
import type { Handshake, MessageNumber } from './protection.ts';
import type { Sealer } from './seal.ts';

export class SegmentWriter {
  /** P-PORT-01: our port, and the peer's, 0 until it is known. */
  sourcePort = 0;
  destinationPort = 0;
  /** `rcvNxt` and the window that follows it, as they are when a segment leaves. */
  ack = 0;
  windowSegments = 0;
  /** What a transmission's number is raised by on the wire (see `TransmissionLog.shift`). */
  txnShift = 0;
  /** Set anew once the opening has brought the keys. */
  sealer: Sealer;
  private readonly fields: HeaderFields = {
    sourcePort: 0,
    destinationPort: 0,
    seq: 0,
    ack: 0,
    flags: 0,
    error: 0,
    window: 0,
  };

  constructor(sealer: Sealer) {
    this.sealer = sealer;
  }

  /** Largest payload of a whole stream segment in a datagram of `segmentBytes`. */
  maxPayloadBytes(segmentBytes: number): number {
    return segmentBytes - STREAM_HEADER_BYTES - this.sealer.overheadBytes;
  }

  private header(
    buffer: Uint8Array,
    flags: number,
    seq: number,
    error: number,
    headerLength: number,
  ): void {
    const fields = this.fields;
    fields.sourcePort = this.sourcePort;
    fields.destinationPort = this.destinationPort;
    fields.seq = wrap(seq);
    fields.ack = wrap(this.ack);
    fields.flags = flags;
    fields.error = error;
    fields.window = Math.min(MAX_WINDOW_SEGMENTS, this.windowSegments);
    writeHeader(buffer, 0, fields, headerLength);
  }

  private options(buffer: Uint8Array, txn: number, length: number): void {
    writeCommonOptions(buffer, 0, wrap(txn + this.txnShift), length);
  }

  /** Seals and sums what lies in `buffer`; returns the datagram's length. */
  private finish(buffer: Uint8Array, headerLength: number, end: number, txn: number): number {
    const sealedEnd = end + this.sealer.overheadBytes;
    patchLength(buffer, 0, sealedEnd - headerLength);
    this.sealer.seal(buffer, 0, headerLength, end, txn + this.txnShift);
    finishSegment(buffer, 0, this.sealer.checksumCoversPayload ? sealedEnd : headerLength);
    return sealedEnd;
  }

  /**
   * A stream segment or, with `partTotal` > 0, a piece of one; sent again, it has a new `txn` and
   * says what `ack` and window are now (P-TXN-02).
   * @param bytes,offset,length the payload of this datagram
   */
  stream(
    buffer: Uint8Array,
    seq: number,
    flags: number,
    error: number,
    txn: number,
    bytes: Uint8Array,
    offset: number,
    length: number,
    partOffset: number,
    partTotal: number,
  ): number {
    let headerLength = STREAM_HEADER_BYTES;
    this.options(buffer, txn, length);
    if (partTotal > 0) headerLength = writePart(buffer, 0, partOffset, partTotal);
    this.header(buffer, flags | FLAG.ACK, seq, error, headerLength);
    buffer.set(bytes.subarray(offset, offset + length), headerLength);
    return this.finish(buffer, headerLength, headerLength + length, txn);
  }

  /** An acknowledgement; `seq` is `sndNxt`, as it takes no number. */
  acknowledgement(buffer: Uint8Array, seq: number, txn: number, block: AckBlock): number {
    this.options(buffer, txn, 0);
    this.header(buffer, FLAG.ACK, seq, 0, STREAM_HEADER_BYTES);
    const length = writeAckBlock(buffer, STREAM_HEADER_BYTES, block);
    return this.finish(buffer, STREAM_HEADER_BYTES, STREAM_HEADER_BYTES + length, txn);
  }

  /**
   * A probe: asks for an acknowledgement and says nothing else.
   * @param fillToBytes P-MTU-01: length of the datagram, where that is what is asked about
   */
  probe(buffer: Uint8Array, seq: number, txn: number, fillToBytes = 0): number {
    this.options(buffer, txn, 0);
    this.header(buffer, FLAG.CNT | FLAG.ACK, seq, 0, STREAM_HEADER_BYTES);
    const end = Math.max(STREAM_HEADER_BYTES, fillToBytes - this.sealer.overheadBytes);
    buffer.fill(0, STREAM_HEADER_BYTES, end);
    return this.finish(buffer, STREAM_HEADER_BYTES, end, txn);
  }

  /** One of the four closing messages. */
  close(
    buffer: Uint8Array,
    seq: number,
    txn: number,
    stage: number,
    flags: number,
    error: number,
  ): number {
    this.options(buffer, txn, 0);
    const headerLength = writeClose(buffer, 0, stage);
    this.header(buffer, flags, seq, error, headerLength);
    return this.finish(buffer, headerLength, headerLength, txn);
  }

  /**
   * A probe of a path: CHALLENGE, or the answer to one.
   * @param resetToken what a reset from this path will show, told in the sealed payload
   */
  challenge(
    buffer: Uint8Array,
    seq: number,
    txn: number,
    value: Uint8Array,
    isAnswer: boolean,
    resetToken: Uint8Array | undefined,
  ): number {
    this.options(buffer, txn, 0);
    const headerLength = writeChallenge(buffer, 0, value, isAnswer);
    this.header(buffer, FLAG.CNT | FLAG.ACK, seq, 0, headerLength);
    let end = headerLength;
    if (resetToken !== undefined) end = putBytes(buffer, end, PARAMETER.RESET_TOKEN, resetToken);
    if (resetToken !== undefined) end = endParameters(buffer, end);
    return this.finish(buffer, headerLength, end, txn);
  }

  /**
   * Handshake message `n`, whose content `fill` writes from the position it is given.
   * @param versions listed in a SYN and its answer, empty otherwise
   * @param padToBytes length the datagram is filled up to with zeros
   */
  handshake(
    buffer: Uint8Array,
    n: MessageNumber,
    handshake: Handshake,
    seq: number,
    txn: number,
    versions: readonly number[],
    padToBytes: number,
    fill: (buffer: Uint8Array, at: number) => number,
  ): number {
    const flags = HANDSHAKE_FLAGS[n];
    writeCommonOptions(buffer, 0, wrap(txn), 0);
    let headerLength = STREAM_HEADER_BYTES;
    if (versions.length > 0) headerLength = writeVersions(buffer, 0, versions);
    if (n === 1) headerLength = writeCookie(buffer, 0, headerLength, undefined);
    this.header(buffer, flags, seq, ERROR.NONE, headerLength);
    const content = headerLength + handshake.before(n);
    const filled = fill(buffer, content);
    const contentEnd = Math.max(filled, padToBytes - handshake.after(n));
    buffer.fill(0, filled, contentEnd);
    const end = contentEnd + handshake.after(n);
    patchLength(buffer, 0, end - headerLength);
    const message = { buffer, headerStart: 0, payloadStart: headerLength, payloadEnd: end };
    handshake.write(n, message, txn);
    const isCovered = isClear(flags) || this.sealer.checksumCoversPayload;
    finishSegment(buffer, 0, isCovered ? end : headerLength);
    return end;
  }

  /** An answer without state to a SYN that was not taken: an error code, or a cookie to show. */
  refusal(buffer: Uint8Array, error: number, cookie: Uint8Array | undefined): number {
    writeCommonOptions(buffer, 0, 0, 0);
    const headerLength =
      cookie === undefined
        ? STREAM_HEADER_BYTES
        : writeCookie(buffer, 0, STREAM_HEADER_BYTES, cookie);
    this.header(buffer, HANDSHAKE_FLAGS[2], 0, error, headerLength);
    finishSegment(buffer, 0, headerLength);
    return headerLength;
  }
}

const HANDSHAKE_FLAGS: Readonly<Record<MessageNumber, number>> = {
  1: FLAG.CNT | FLAG.SYN,
  2: FLAG.CNT | FLAG.SYN | FLAG.ACK,
  3: FLAG.CNT | FLAG.ACK,
};
