/** Segments by hand: any field may be set, nothing is checked; and what an endpoint sent, read. */
import { PASS_THROUGH, type Sealer } from '../../../src/transport/seal.ts';
import { AckBlock, readAckBlock, writeAckBlock } from '../../../src/wire/ack-block.ts';
import { FLAG, PARAMETER, WIRE_VERSION } from '../../../src/wire/codes.ts';
import { HEADER_BYTES, MAX_DATAGRAM_BYTES, STREAM_HEADER_BYTES } from '../../../src/wire/layout.ts';
import {
  defaultParameters,
  readParameters,
  type Parameters,
} from '../../../src/wire/parameters.ts';
import { prettyPrint } from '../../../src/wire/pretty-print.ts';
import { decodeSegment, isClear, SegmentView } from '../../../src/wire/segment.ts';
import {
  finishSegment,
  writeClose,
  writeCommonOptions,
  writeHeader,
  writePart,
  writeVersions,
} from '../../../src/wire/segment-write.ts';

/** Every value of a segment; absent ones are 0 or left out. */
export interface Craft {
  sourcePort?: number;
  destinationPort?: number;
  seq?: number;
  ack?: number;
  flags: number;
  error?: number;
  window?: number;
  txn?: number;
  /** Offset and total of a piece. */
  part?: readonly [number, number];
  closeStage?: number;
  versions?: readonly number[];
  payload?: Uint8Array;
}

const NOTHING = new Uint8Array(0);

export function craft(values: Craft): Uint8Array {
  const payload = values.payload ?? NOTHING;
  const bytes = new Uint8Array(256 + payload.length);
  writeCommonOptions(bytes, 0, (values.txn ?? 0) >>> 0, payload.length);
  let headerLength = STREAM_HEADER_BYTES;
  if (values.part !== undefined) headerLength = writePart(bytes, 0, ...values.part);
  if (values.closeStage !== undefined) headerLength = writeClose(bytes, 0, values.closeStage);
  if (values.versions !== undefined) headerLength = writeVersions(bytes, 0, values.versions);
  const fields = {
    sourcePort: values.sourcePort ?? 0,
    destinationPort: values.destinationPort ?? 0,
    seq: (values.seq ?? 0) >>> 0,
    ack: (values.ack ?? 0) >>> 0,
    flags: values.flags,
    error: values.error ?? 0,
    window: values.window ?? 0,
  };
  writeHeader(bytes, 0, fields, headerLength);
  bytes.set(payload, headerLength);
  finishSegment(bytes, 0, headerLength + payload.length);
  return bytes.slice(0, headerLength + payload.length);
}

/** The same segment, its payload sealed by `sealer` under transmission number `txn`. */
export function seal(sealer: Sealer, values: Craft & { txn: number }): Uint8Array {
  const payload = new Uint8Array((values.payload?.length ?? 0) + sealer.overheadBytes);
  payload.set(values.payload ?? NOTHING);
  const bytes = craft({ ...values, payload });
  const headerLength = bytes.length - payload.length;
  sealer.seal(bytes, 0, headerLength, bytes.length - sealer.overheadBytes, values.txn);
  const isCovered = sealer.checksumCoversPayload || isClear(values.flags);
  finishSegment(bytes, 0, isCovered ? bytes.length : headerLength);
  return bytes;
}

/** The same datagram of one segment with padding where TXN was. */
export function withoutTxn(datagram: Uint8Array): Uint8Array {
  const bytes = datagram.slice();
  bytes.fill(0, HEADER_BYTES, HEADER_BYTES + 6);
  finishSegment(bytes, 0, bytes.length);
  return bytes;
}

/** What an acknowledgement says, in lists instead of bitmaps. */
export interface AckWords {
  /** Transmissions that arrived; the highest is the echo. Empty: no echo. */
  told?: readonly number[];
  /** Echo, when it is not the highest of `told`. */
  echo?: number;
  delayMs?: number;
  /** Segments held beyond `ack`. */
  held?: readonly number[];
  credit?: number;
}

export function ackPayload(words: AckWords): Uint8Array {
  const block = new AckBlock();
  block.delayMs = words.delayMs ?? 0;
  block.credit = words.credit ?? 0;
  const told = words.told ?? [];
  const held = words.held ?? [];
  if (told.length > 0) {
    const echo = words.echo ?? Math.max(...told);
    const last = Math.floor(echo / 32);
    const first = Math.floor(Math.min(...told) / 32);
    block.echo = echo >>> 0;
    block.tmapWords = last - first + 1;
    for (const txn of told) block.tmap[Math.floor(txn / 32) - first]! |= 1 << (txn % 32);
  }
  if (held.length > 0) {
    const first = Math.floor(Math.min(...held) / 32);
    block.sackStart = (32 * first) >>> 0;
    block.sackWords = Math.floor(Math.max(...held) / 32) - first + 1;
    for (const seq of held) block.sack[Math.floor(seq / 32) - first]! |= 1 << (seq % 32);
  }
  const bytes = new Uint8Array(1024);
  return bytes.slice(0, writeAckBlock(bytes, 0, block));
}

/** One segment that an endpoint sent. Numbers are the wire's. */
export interface Seen {
  readonly atMs: number;
  readonly kind: 'syn' | 'synAck' | 'third' | 'probe' | 'op' | 'dat' | 'ack' | 'close';
  /** The whole datagram. */
  readonly bytes: Uint8Array;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly error: number;
  readonly window: number;
  readonly txn: number;
  readonly partOffset: number;
  readonly partTotal: number;
  readonly closeStage: number;
  readonly headerBytes: number;
  readonly payload: Uint8Array;
  /** Of an acknowledgement. */
  readonly block: AckBlock | undefined;
  /** Of a handshake message. */
  readonly parameters: Parameters | undefined;
  /** One line, for failures. */
  readonly text: string;
}

function kindOf(view: SegmentView): Seen['kind'] {
  if (view.has(FLAG.OP)) return 'op';
  if (view.has(FLAG.DAT)) return 'dat';
  if (!view.has(FLAG.CNT)) return 'ack';
  if (view.has(FLAG.SYN)) return view.has(FLAG.ACK) ? 'synAck' : 'syn';
  if (view.closeStage > 0) return 'close';
  // A list of parameters has something in it, the filling of a probe has not.
  const isFilled = view.buffer[view.payloadStart] === PARAMETER.END;
  return view.payloadBytes > 0 && !isFilled ? 'third' : 'probe';
}

/** Decodes a datagram of one segment; throws when it is none of ours. */
export function read(atMs: number, datagram: Uint8Array, sealer: Sealer = PASS_THROUGH): Seen {
  const bytes = datagram.slice();
  const view = new SegmentView();
  const covered = sealer.checksumCoversPayload;
  const problem = decodeSegment(bytes, 0, bytes.length, covered, WIRE_VERSION, view);
  if (problem !== undefined) throw new Error(`the endpoint sent a bad segment: ${problem}`);
  view.payloadEnd -= sealer.overheadBytes;
  const { headerStart, payloadStart, payloadEnd } = view;
  const kind = kindOf(view);
  let block: AckBlock | undefined;
  let parameters: Parameters | undefined;
  if (kind === 'ack') {
    block = new AckBlock();
    if (!readAckBlock(bytes, payloadStart, payloadEnd, block)) throw new Error('bad ack block');
  }
  if (kind === 'syn' || kind === 'synAck' || kind === 'third') {
    parameters = defaultParameters();
    readParameters(bytes, payloadStart, payloadEnd, parameters);
  }
  const { sourcePort, destinationPort, seq, ack, flags, error, window, txn } = view;
  const { partOffset, partTotal, closeStage } = view;
  return {
    ...{ atMs, kind, bytes, sourcePort, destinationPort, seq, ack, flags, error, window, txn },
    ...{ partOffset, partTotal, closeStage, block, parameters },
    headerBytes: payloadStart - headerStart,
    payload: bytes.slice(payloadStart, payloadEnd),
    text: prettyPrint(view, block),
  };
}

/** The transmissions that an acknowledgement names, by their wire numbers, ascending. */
export function toldBy(block: AckBlock): number[] {
  const last = block.echo - (block.echo % 32);
  const names: number[] = [];
  for (let i = 0; i < block.tmapWords; i += 1) {
    const base = last - 32 * (block.tmapWords - 1 - i);
    for (let bit = 0; bit < 32; bit += 1) {
      if ((block.tmap[i]! & (1 << bit)) !== 0) names.push(base + bit);
    }
  }
  return names;
}

/** The segments beyond `ack` that an acknowledgement names. */
export function heldBy(block: AckBlock): number[] {
  const names: number[] = [];
  for (let at = 0; at < 32 * block.sackWords; at += 1) {
    if ((block.sack[at >> 5]! & (1 << (at & 31))) !== 0) names.push(block.sackStart + at);
  }
  return names;
}

/** `length` bytes that differ from place to place, so that a mix-up shows. */
export function pattern(length: number, salt = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8) * 7 + salt) & 0xff);
}

/** Equality of many bytes, quicker than the test runner's. */
export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** Times of `count` repeats, the first after `firstMs`, at intervals that double up to a second. */
export function doubling(firstMs: number, count: number): number[] {
  const intervals = Array.from({ length: count }, (_, i) => Math.min(1_000, firstMs * 2 ** i));
  let sumMs = 0;
  return toMicroseconds(intervals.map((ms) => (sumMs += ms)));
}

/** Without what floating point leaves behind. */
export function toMicroseconds(timesMs: readonly number[]): number[] {
  return timesMs.map((ms) => Math.round(ms * 1_000) / 1_000);
}

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

export const SLOT_BYTES = MAX_DATAGRAM_BYTES;
