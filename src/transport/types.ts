/** What the transport and the world around it say to each other. Times are milliseconds. */
import type { Slab } from '../util/slab.ts';
import type { DropReason } from '../wire/codes.ts';

export type { PeerIdentity } from './protection.ts';

/** One remote UDP address, interned by the caller: equal addresses are the same object. */
export interface PeerAddress {
  /** Unique text of the address, for example `192.0.2.1|10000`. */
  readonly key: string;
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
  /** What counts as one source; the address unless a host may have many. */
  readonly source?: string;
}

/** Where `pollTransmit` puts the next datagram. `buffer` is reused by the caller. */
export interface TransmitSlot {
  /** At least MAX_DATAGRAM_BYTES (wire/layout.ts) long, 4-byte aligned. */
  readonly buffer: Uint8Array;
  /** Bytes written by `pollTransmit`. */
  length: number;
  /** Destination, set by `pollTransmit`. */
  peer: PeerAddress;
}

/** A run of in-order file bytes handed to the application; give it back with `releaseRun`. */
export interface DataRun {
  readonly slab: Slab;
  /** The bytes are `slab.bytes[0 … length)`; may be 0 at the end of a record. */
  readonly length: number;
  /** True when this run closes its `dat` record. */
  readonly end: boolean;
  /** Error code of an early end (wire/codes.ts ERROR), 0 for a complete record. */
  readonly error: number;
}

export type CloseReason =
  /** Both sides closed in order. `code` is the peer's or our close code, 0 for none. */
  | { readonly kind: 'finished' }
  | { readonly kind: 'aborted'; readonly by: 'local' | 'peer'; readonly code: number }
  /** Silence for `patienceMs` (`advice`: last unproven error code a peer sent), or no command for
   * the idle limit. */
  | {
      readonly kind: 'timedOut';
      readonly phase: 'opening' | 'silence' | 'closing' | 'idle';
      readonly advice: number;
    }
  /** The server's key is not the wanted one (ConnectionConfig.trusts). */
  | { readonly kind: 'untrusted'; readonly publicKey: Uint8Array }
  /** The server does not know the connection any more, and proved that it was the one. */
  | { readonly kind: 'reset' }
  /** The peer broke a rule of docs/PROTOCOL.md. */
  | { readonly kind: 'violation'; readonly by: 'local' | 'peer'; readonly rule: string };

export type ConnectionEvent =
  | { readonly kind: 'established' }
  /** At least one message waits: `readMessage()` until undefined. Edge-triggered. */
  | { readonly kind: 'message' }
  /** File bytes or a record's end wait: `readRun()` until undefined. Edge-triggered. */
  | { readonly kind: 'readable' }
  /** `dataRoomBytes` rose from 0, or a refused `sendMessage` fits again. Edge-triggered. */
  | { readonly kind: 'writable' }
  /** The peer will send no further records. */
  | { readonly kind: 'peerFinished' }
  /** The last event of a connection. */
  | { readonly kind: 'closed'; readonly reason: CloseReason };

export type ConnectionState = 'opening' | 'established' | 'closing' | 'closed';

/** A reading of one connection; every figure is cumulative or current, never reset. */
export interface ConnectionStats {
  readonly state: ConnectionState;
  readonly controller: string;
  /** 'slowStart' | 'congestionAvoidance' | 'fastRecovery' (RFC 5681). */
  readonly phase: string;
  readonly srttMs: number;
  readonly rttvarMs: number;
  readonly minRttMs: number;
  readonly rtoMs: number;
  readonly cwndBytes: number;
  readonly ssthreshBytes: number;
  readonly flightSizeBytes: number;
  /** Segments that the peer takes now, by its window and by its credit. */
  readonly peerWindowSegments: number;
  readonly segmentBytes: number;
  /** Stream segments sent, retransmissions included. */
  readonly segmentsSent: number;
  readonly segmentsRetransmitted: number;
  readonly segmentsReceived: number;
  readonly duplicatesReceived: number;
  readonly acksSent: number;
  readonly acksReceived: number;
  readonly datagramsSent: number;
  readonly datagramsReceived: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Stream payload bytes the peer has acknowledged. */
  readonly bytesAcknowledged: number;
  /** Stream payload bytes taken from the wire in order. */
  readonly bytesDelivered: number;
  readonly fastRecoveries: number;
  readonly timeouts: number;
  readonly tailLossProbes: number;
  readonly windowProbes: number;
  /** Probes of the path's size, whose result is `segmentBytes`. */
  readonly sizeProbes: number;
  /** Times that the peer's window kept new data back. */
  readonly windowLimits: number;
  /** Bytes that the peer may have sent and that are not consumed. */
  readonly receiveWindowBytes: number;
  /** Bytes of tables that grow with what is under way; few for a connection at rest. */
  readonly heldBytes: number;
}

export interface EndpointStats {
  readonly datagramsReceived: number;
  readonly datagramsSent: number;
  readonly drops: Readonly<Record<DropReason, number>>;
  /** Connections opened by us, and by others. */
  readonly opened: number;
  readonly accepted: number;
  /** Times that a peer proved to be at another address (P-MOVE-04). */
  readonly moves: number;
  /** SYNs asked for a cookie, SYNs taken because of one, connections not yet proved. */
  readonly cookiesAsked: number;
  readonly cookiesTaken: number;
  /** SYNs with a cookie, of a source that has made too many key agreements (P-COOKIE-03). */
  readonly cookiesWithheld: number;
  readonly halfOpen: number;
  /** Half-open connections that made room for others. */
  readonly halfOpenForgotten: number;
  /** Resets sent, resets beyond their rate, and answers to strangers that found no room. */
  readonly resetsSent: number;
  readonly resetsWithheld: number;
  readonly answersRefused: number;
  /** Visits to single connections: the measure of work. */
  readonly steps: number;
  /** Places by which deadlines moved in their heap: at most its depth for each visit. */
  readonly heapMoves: number;
  /** Bytes of early segments held. */
  readonly earlyBytes: number;
}
