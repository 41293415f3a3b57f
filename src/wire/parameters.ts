/**
 * Handshake parameters: what each side grants and asks, as TLVs in the payloads of the opening
 * (docs/PROTOCOL.md, "Opening"). One byte of type, two of length; type 0 ends the list, and what
 * follows it is padding. Unknown types are skipped.
 */
import { PARAMETER } from './codes.ts';
import { RESET_TOKEN_BYTES } from './layout.ts';

export interface Parameters {
  /** Largest datagram its sender can take; bytes. */
  segmentBytes: number;
  /** First receive window; segments. */
  windowSegments: number;
  /** First credit; bytes. */
  creditBytes: number;
  /** How its sender wants its data acknowledged. */
  ackEverySegments: number;
  maxAckDelayMs: number;
  /** Silence its sender bears; 0 = for ever. */
  patienceMs: number;
  /** Optional abilities, none defined yet. */
  capabilities: number;
  /** Message 3 only: flags and bytes of stream segment ISN; the bytes lie in the decoded buffer. */
  firstFlags: number;
  firstStart: number;
  firstEnd: number;
  /** Responder's messages: the token that a reset of this connection will show. */
  resetToken: Uint8Array | undefined;
  /** Message 3 only: who the initiator says it is, for the service to read. */
  login: Uint8Array | undefined;
}

/** What a peer that says nothing is taken to grant. */
export function defaultParameters(): Parameters {
  return {
    segmentBytes: 1200,
    windowSegments: 64,
    creditBytes: 65_536,
    ackEverySegments: 2,
    maxAckDelayMs: 25,
    patienceMs: 30_000,
    capabilities: 0,
    firstFlags: 0,
    firstStart: 0,
    firstEnd: 0,
    resetToken: undefined,
    login: undefined,
  };
}

/** Saturates: a patience of months must not wrap around to a moment. */
function putNumber(bytes: Uint8Array, at: number, type: number, size: number, value: number) {
  bytes[at] = type;
  bytes[at + 1] = 0;
  bytes[at + 2] = size;
  const sent = Math.min(value, 2 ** (8 * size) - 1);
  for (let i = 0; i < size; i += 1) {
    bytes[at + 3 + i] = Math.floor(sent / 2 ** (8 * (size - 1 - i))) & 0xff;
  }
  return at + 3 + size;
}

/** Writes the numeric parameters at `at`; returns the position after them, list not yet ended. */
export function writeParameters(bytes: Uint8Array, at: number, values: Parameters): number {
  let next = putNumber(bytes, at, PARAMETER.SEGMENT_BYTES, 2, values.segmentBytes);
  next = putNumber(bytes, next, PARAMETER.WINDOW_SEGMENTS, 4, values.windowSegments);
  next = putNumber(bytes, next, PARAMETER.CREDIT_BYTES, 4, values.creditBytes);
  const policy =
    Math.min(values.ackEverySegments, 0xffff) * 0x1_0000 +
    Math.min(Math.ceil(values.maxAckDelayMs), 0xffff);
  next = putNumber(bytes, next, PARAMETER.ACK_POLICY, 4, policy);
  next = putNumber(bytes, next, PARAMETER.PATIENCE_MS, 4, values.patienceMs);
  next = putNumber(bytes, next, PARAMETER.CAPABILITIES, 4, values.capabilities);
  if (values.resetToken !== undefined) {
    next = putBytes(bytes, next, PARAMETER.RESET_TOKEN, values.resetToken);
  }
  return values.login === undefined ? next : putBytes(bytes, next, PARAMETER.LOGIN, values.login);
}

/** Writes a parameter whose value is bytes. Returns the position after it. */
export function putBytes(bytes: Uint8Array, at: number, type: number, value: Uint8Array): number {
  bytes[at] = type;
  bytes[at + 1] = value.length >>> 8;
  bytes[at + 2] = value.length;
  bytes.set(value, at + 3);
  return at + 3 + value.length;
}

/** Writes FIRST_SEGMENT: flags and bytes of stream segment ISN. Returns the position after it. */
export function writeFirstSegment(
  bytes: Uint8Array,
  at: number,
  flags: number,
  payload: Uint8Array,
): number {
  const length = payload.length + 1;
  bytes[at] = PARAMETER.FIRST_SEGMENT;
  bytes[at + 1] = length >>> 8;
  bytes[at + 2] = length;
  bytes[at + 3] = flags;
  bytes.set(payload, at + 4);
  return at + 4 + payload.length;
}

/** Longest LOGIN; the third message must fit into the smallest path. */
export const MAX_LOGIN_BYTES = 256;

/** Bytes that FIRST_SEGMENT adds to its payload. */
export const FIRST_SEGMENT_OVERHEAD_BYTES = 4;

/** Writes the end of the list; returns the position after it. */
export function endParameters(bytes: Uint8Array, at: number): number {
  bytes[at] = PARAMETER.END;
  return at + 1;
}

function readNumber(bytes: Uint8Array, at: number, length: number): number {
  let value = 0;
  for (let i = 0; i < length; i += 1) value = value * 256 + bytes[at + i]!;
  return value;
}

/** Lengths the numeric parameters must have; others drop the message. */
const NUMBER_BYTES: Readonly<Record<number, number>> = {
  [PARAMETER.SEGMENT_BYTES]: 2,
  [PARAMETER.WINDOW_SEGMENTS]: 4,
  [PARAMETER.CREDIT_BYTES]: 4,
  [PARAMETER.ACK_POLICY]: 4,
  [PARAMETER.PATIENCE_MS]: 4,
  [PARAMETER.CAPABILITIES]: 4,
};

/**
 * P-OPEN-08: reads parameters from `bytes[start … end)` into `into`, which keeps its value where
 * the list says nothing. @returns false when it is cut off or a known parameter has a wrong length
 */
export function readParameters(
  bytes: Uint8Array,
  start: number,
  end: number,
  into: Parameters,
): boolean {
  let at = start;
  while (at < end) {
    const type = bytes[at]!;
    if (type === PARAMETER.END) return true;
    if (at + 3 > end) return false;
    const length = (bytes[at + 1]! << 8) | bytes[at + 2]!;
    const value = at + 3;
    if (value + length > end) return false;
    const wanted = NUMBER_BYTES[type];
    if (wanted !== undefined && wanted !== length) return false;
    if (type === PARAMETER.RESET_TOKEN) {
      if (length !== RESET_TOKEN_BYTES) return false;
      into.resetToken = bytes.slice(value, value + length);
    } else if (type === PARAMETER.LOGIN) {
      if (length > MAX_LOGIN_BYTES) return false;
      into.login = bytes.slice(value, value + length);
    } else if (type === PARAMETER.FIRST_SEGMENT) {
      if (length < 2) return false;
      into.firstFlags = bytes[value]!;
      into.firstStart = value + 1;
      into.firstEnd = value + length;
    } else if (wanted !== undefined) {
      store(into, type, readNumber(bytes, value, length));
    }
    at = value + length;
  }
  return false;
}

function store(into: Parameters, type: number, value: number): void {
  if (type === PARAMETER.SEGMENT_BYTES) into.segmentBytes = value;
  else if (type === PARAMETER.WINDOW_SEGMENTS) into.windowSegments = value;
  else if (type === PARAMETER.CREDIT_BYTES) into.creditBytes = value;
  else if (type === PARAMETER.PATIENCE_MS) into.patienceMs = value;
  else if (type === PARAMETER.CAPABILITIES) into.capabilities = value;
  else {
    into.ackEverySegments = Math.floor(value / 0x1_0000);
    into.maxAckDelayMs = value % 0x1_0000;
  }
}
