/**
 * The messages of the simulator's own little file exchange: enough to exercise every kind of
 * record, without the real service (which the simulator must not know).
 *
 *   0 kind, 1 close mode or unused, 2 job id (16 bits), 4 size (32 bits), 8 seed (32 bits),
 *   12 length of the padding (16 bits), then padding out of the job's pattern
 */
import { fillPattern, findMismatch } from './pattern.ts';

export const MESSAGE = {
  HELLO: 1,
  GET: 2,
  POST: 3,
  ANSWER: 4,
  CHECKSUM: 5,
  DONE: 6,
  CANCEL: 7,
} as const;
export type MessageKind = (typeof MESSAGE)[keyof typeof MESSAGE];

/** Who ends the connection, and when. */
export const CLOSE_MODES = ['client', 'server', 'both', 'early', 'abort'] as const;
export type CloseMode = (typeof CLOSE_MODES)[number];

export const MESSAGE_FIXED_BYTES = 14;
export const MAX_PADDING_BYTES = 16_384 - MESSAGE_FIXED_BYTES;

export interface ExchangeMessage {
  readonly kind: MessageKind;
  readonly closeMode: CloseMode;
  readonly id: number;
  /** HELLO: how many jobs follow. DONE: the number of bytes received. */
  readonly size: number;
  readonly seed: number;
  readonly paddingBytes: number;
}

export function encodeMessage(message: ExchangeMessage): Uint8Array {
  const bytes = new Uint8Array(MESSAGE_FIXED_BYTES + message.paddingBytes);
  const view = new DataView(bytes.buffer);
  bytes[0] = message.kind;
  bytes[1] = CLOSE_MODES.indexOf(message.closeMode);
  view.setUint16(2, message.id);
  view.setUint32(4, message.size);
  view.setUint32(8, message.seed);
  view.setUint16(12, message.paddingBytes);
  fillPattern(bytes, MESSAGE_FIXED_BYTES, message.paddingBytes, message.seed, 0);
  return bytes;
}

/** Undefined when the bytes are not exactly what `encodeMessage` writes. */
export function decodeMessage(bytes: Uint8Array): ExchangeMessage | undefined {
  if (bytes.length < MESSAGE_FIXED_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const kind = Object.values(MESSAGE).find((value) => value === bytes[0]);
  const closeMode = CLOSE_MODES[bytes[1]!];
  const seed = view.getUint32(8);
  const paddingBytes = view.getUint16(12);
  if (kind === undefined || closeMode === undefined) return undefined;
  if (bytes.length !== MESSAGE_FIXED_BYTES + paddingBytes) return undefined;
  const padding = bytes.subarray(MESSAGE_FIXED_BYTES);
  if (findMismatch(padding, paddingBytes, seed, 0) >= 0) return undefined;
  return { kind, closeMode, id: view.getUint16(2), size: view.getUint32(4), seed, paddingBytes };
}
