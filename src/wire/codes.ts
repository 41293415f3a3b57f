/** Every number on the wire that has a name. Source: docs/PROTOCOL.md. */

/** P-KEY-07: version of the wire, all segments sealed: what VERSIONS lists. */
export const WIRE_VERSION = 1;
/** The unsealed wire of `--insecure`: the same segments under a name no sealed peer answers to. */
export const INSECURE_VERSION = 0x81;

/** Header flags, byte 13. */
export const FLAG = {
  FIN: 0x01,
  SYN: 0x02,
  CNT: 0x04,
  DAT: 0x08,
  ACK: 0x10,
  END: 0x20,
  OP: 0x40,
  RESERVED: 0x80,
} as const;

/** Option kinds. PAD is a single byte; every other option is kind, length of the whole, value. */
export const OPTION = {
  PAD: 0,
  TXN: 1,
  LEN: 2,
  PART: 3,
  COOKIE: 4,
  VERSIONS: 5,
  CLOSE: 6,
  RESET: 7,
  CHALLENGE: 8,
} as const;

/** Handshake parameters: TLVs with one byte of type and two of length. */
export const PARAMETER = {
  END: 0,
  SEGMENT_BYTES: 1,
  WINDOW_SEGMENTS: 2,
  CREDIT_BYTES: 3,
  ACK_POLICY: 4,
  PATIENCE_MS: 5,
  CAPABILITIES: 6,
  FIRST_SEGMENT: 7,
  RESET_TOKEN: 8,
  LOGIN: 9,
} as const;

/** CLOSE stages: fin, answer to it, the other side's fin, answer to that. */
export const CLOSE = { FIN: 1, FIN_ACK: 2, PEER_FIN: 3, PEER_FIN_ACK: 4 } as const;

/**
 * Error codes: header byte 16, close codes and the codes of operation answers.
 * The numbers are the exit codes of the command line, so that one table serves all.
 */
export const ERROR = {
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
  /** The receiver asked for an early end, or the sender was interrupted. */
  CANCELLED: 64,
  IDLE: 65,
  GOING_AWAY: 66,
} as const;

/** Why a datagram or segment was dropped without effect; each has a counter. */
export const DROP_REASONS = [
  'short',
  'headerLength',
  'reservedFlag',
  'flagCombination',
  'option',
  'length',
  'checksum',
  'port',
  'address',
  'unknownConnection',
  'seal',
  'duplicate',
  'notEstablished',
  'outsideWindow',
  'noMemory',
  'synSize',
  'synParameters',
  'full',
  'version',
  'part',
  'cookie',
  'sourceLimit',
  'reset',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** A counter for each reason, all 0. */
export function noDrops(): Record<DropReason, number> {
  const counters = {} as Record<DropReason, number>;
  for (const reason of DROP_REASONS) counters[reason] = 0;
  return counters;
}
