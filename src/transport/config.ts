/** Settings of a connection and of an endpoint, with their defaults. Units stand last in names. */
import type { Random } from '../util/random.ts';
import type { SlabPool } from '../util/slab.ts';
import type { Cookies, Protection, ResetTokens } from './protection.ts';
import type { TraceSink } from './trace.ts';
import type { PeerAddress } from './types.ts';

export const CONTROLLER_NAMES = ['newreno', 'founding', 'cubic', 'bbr', 'bbr-tolerant'] as const;
export type ControllerName = (typeof CONTROLLER_NAMES)[number];

export interface ConnectionConfig {
  /** Which congestion controller governs what this side sends. */
  readonly controller: ControllerName;
  /** Whether a window is spread over a round trip (P-PACE-01); without, it leaves at once. */
  readonly isPaced: boolean;
  /** Overrides the controller's own initial window; segments. */
  readonly initialWindowSegments?: number;
  /** Largest datagram sent until the path is known, header included; bytes. */
  readonly segmentBytes: number;
  /** Largest datagram taken, unless the way to the peer takes larger ones; bytes. */
  readonly acceptSegmentBytes: number;
  /** Most bytes the peer may have sent beyond what the application consumed (CREDIT)… */
  readonly receiveWindowBytes: number;
  /** …and those of them that it may at first: the window grows with what is consumed. */
  readonly initialReceiveWindowBytes: number;
  /** Most segments the peer may have sent beyond `rcvNxt` (header field `window`). */
  readonly receiveWindowSegments: number;
  /** Bytes of file data taken ahead of what may be sent. */
  readonly sendQueueBytes: number;
  /** Silence borne before the connection is given up; Infinity = for ever. */
  readonly patienceMs: number;
  /** No op or dat segment either way for this long closes the connection; Infinity = never. */
  readonly idleMs: number;
  /** Silence after which a probe asks whether the peer is there. */
  readonly keepAliveMs: number;
  /** What we ask of the peer's acknowledgements: at least one per this many segments… */
  readonly ackEverySegments: number;
  /** …and, once there have been many, one per this long. */
  readonly maxAckDelayMs: number;
  /** Who this side says it is, in the third message; up to MAX_LOGIN_BYTES, for the service. */
  readonly login?: Uint8Array;
  /** Initiator: whether the server's public key is the one that is wanted; any without it. */
  readonly trusts?: (publicKey: Uint8Array) => boolean;
  /** Copies of each control and acknowledgement datagram, for paths that lose nearly all. */
  readonly controlCopies: number;
}

export const DEFAULT_CONNECTION_CONFIG: ConnectionConfig = {
  controller: 'bbr-tolerant',
  isPaced: true,
  segmentBytes: 1400,
  acceptSegmentBytes: 1500,
  receiveWindowBytes: 67_108_864,
  initialReceiveWindowBytes: 16_777_216,
  receiveWindowSegments: 65_536,
  sendQueueBytes: 4_194_304,
  patienceMs: 30_000,
  idleMs: Infinity,
  keepAliveMs: 10_000,
  ackEverySegments: 2,
  maxAckDelayMs: 25,
  controlCopies: 1,
};

export interface EndpointConfig {
  /** Whether a SYN from a stranger opens a connection. */
  readonly accepts: boolean;
  /** Most connections at once, half-open ones included. */
  readonly maxConnections: number;
  /** Longest patience granted to a peer that asks for more. */
  readonly maxPatienceMs: number;
  readonly random: Random;
  readonly protection: Protection;
  /** Slabs for received file bytes; shared by all connections. */
  readonly receivePool: SlabPool;
  /** Slabs handed to `sendData` go back here once the peer has acknowledged their bytes. */
  readonly sendPool: SlabPool;
  /** Bytes of early segments held for all connections together. */
  readonly earlyPoolBytes: number;
  /** When a SYN has to show a cookie before it costs anything (P-COOKIE-01). */
  readonly cookieDemand?: 'load' | 'always';
  /** Stateless proofs of address; without them no SYN is asked for one. */
  readonly cookies?: Cookies;
  /** Tokens for connections that are no longer known; without them none is answered. */
  readonly resetTokens?: ResetTokens;
  /** Defaults for connections of this endpoint. */
  readonly connection: ConnectionConfig;
  /** Fixed first numbers for the simulator's wrap-around runs; random otherwise. */
  readonly initialSeq?: number;
  readonly initialTxn?: number;
  /** Largest datagram that this host can send to a peer; without it none grows (P-MTU-02). */
  readonly pathLimitBytes?: (peer: PeerAddress) => number;
  readonly trace: TraceSink;
  /** "There is output": called when the application acted; must only set a flag or a timer. */
  readonly wake: () => void;
}
