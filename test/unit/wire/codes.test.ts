/** Numbers on the wire are promises to everyone who speaks it: a change must be meant. */
import { expect, it } from 'vitest';
import {
  CLOSE,
  DROP_REASONS,
  ERROR,
  FLAG,
  INSECURE_VERSION,
  OPTION,
  PARAMETER,
  WIRE_VERSION,
} from '../../../src/wire/codes.ts';
import * as layout from '../../../src/wire/layout.ts';

it('flags, options, parameters and closing stages have the numbers of the specification', () => {
  expect([WIRE_VERSION, INSECURE_VERSION]).toEqual([1, 0x81]);
  expect(FLAG).toEqual({
    FIN: 1,
    SYN: 2,
    CNT: 4,
    DAT: 8,
    ACK: 16,
    END: 32,
    OP: 64,
    RESERVED: 128,
  });
  expect(Object.entries(OPTION).map(([name, kind]) => `${kind} ${name}`)).toEqual([
    '0 PAD',
    '1 TXN',
    '2 LEN',
    '3 PART',
    '4 COOKIE',
    '5 VERSIONS',
    '6 CLOSE',
    '7 RESET',
    '8 CHALLENGE',
  ]);
  expect(Object.entries(PARAMETER).map(([name, type]) => `${type} ${name}`)).toEqual([
    '0 END',
    '1 SEGMENT_BYTES',
    '2 WINDOW_SEGMENTS',
    '3 CREDIT_BYTES',
    '4 ACK_POLICY',
    '5 PATIENCE_MS',
    '6 CAPABILITIES',
    '7 FIRST_SEGMENT',
    '8 RESET_TOKEN',
    '9 LOGIN',
  ]);
  expect(CLOSE).toEqual({ FIN: 1, FIN_ACK: 2, PEER_FIN: 3, PEER_FIN_ACK: 4 });
});

it('error codes are the exit codes', () => {
  expect(ERROR).toEqual({
    NONE: 0,
    OTHER: 1,
    MISSING: 4,
    REFUSED: 10,
    NO_SPACE: 11,
    VERIFICATION: 12,
    PROTOCOL: 13,
    REMOTE_IO: 15,
    SOURCE_CHANGED: 16,
    SILENT: 17,
    EXISTS: 18,
    DEADLINE: 20,
    BUSY: 21,
    CANCELLED: 64,
    IDLE: 65,
    GOING_AWAY: 66,
  });
});

it('every reason for a drop has a name of its own', () => {
  expect(new Set(DROP_REASONS).size).toBe(DROP_REASONS.length);
});

it('the header is laid out as specified', () => {
  expect(layout.AT).toEqual({
    SOURCE_PORT: 0,
    DESTINATION_PORT: 2,
    SEQ: 4,
    ACK: 8,
    HEADER_LENGTH: 12,
    FLAGS: 13,
    CHECKSUM: 14,
    ERROR: 16,
    WINDOW: 17,
  });
  expect([layout.HEADER_BYTES, layout.HEADER_MAX_BYTES]).toEqual([20, 252]);
  expect(layout.STREAM_HEADER_BYTES).toBe(32);
  expect([layout.SYN_BYTES, layout.MIN_SEGMENT_BYTES]).toEqual([1200, 1200]);
  // 65,535 less 20 bytes of IPv4 header and 8 of UDP.
  expect(layout.MAX_DATAGRAM_BYTES).toBe(65_535 - 28);
  expect(layout.MAX_WINDOW_SEGMENTS).toBe(2 ** 24 - 1);
  expect(layout.MAX_MESSAGE_BYTES).toBe(16_384);
});
