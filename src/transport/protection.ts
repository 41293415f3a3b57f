/**
 * How the segments of an endpoint are protected, and how a connection comes by its keys.
 *
 * A `Handshake` turns the content of the three opening messages into what travels, and back; once
 * they have passed, its `sealer` protects everything else. Two exist: the plain one here, for
 * `--insecure` and the simulator, and Noise (`noise-protection.ts`).
 */
import type { Sealer } from './seal.ts';
import type { PeerAddress } from './types.ts';

/** Message 1 is the SYN, 2 the SYN-ACK, 3 the initiator's answer to it. */
export type MessageNumber = 1 | 2 | 3;

/** A handshake message: header from `headerStart`, payload `[payloadStart, payloadEnd)`. */
export interface MessageRange {
  readonly buffer: Uint8Array;
  readonly headerStart: number;
  payloadStart: number;
  payloadEnd: number;
}

/** Who the peer proved to be, and what names this one handshake to both sides. */
export interface PeerIdentity {
  /** X25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Noise's handshake hash (§11.2): binds a login to this connection. */
  readonly channelBinding: Uint8Array;
}

export interface Handshake {
  /** What `sealer.overheadBytes` will be, known from the start. */
  readonly overheadBytes: number;
  /** Protects every segment after the opening; refuses all until it has passed. */
  readonly sealer: Sealer;
  /** Undefined before the peer's key was verified, and without keys always. */
  readonly identity: PeerIdentity | undefined;
  /** Bytes of message `n` before its content, and behind it. */
  before(n: MessageNumber): number;
  after(n: MessageNumber): number;
  /**
   * Completes message `n`, whose header is written (checksum and cookie 0) and whose content
   * stands `before(n)` bytes behind `payloadStart` and ends `after(n)` bytes before `payloadEnd`.
   * @param txn the message's transmission number
   */
  write(n: MessageNumber, message: MessageRange, txn: number): void;
  /**
   * Opens message `n` and narrows its range to the content.
   * @returns false when it is not authentic: nothing has changed then but the payload's bytes
   */
  read(n: MessageNumber, message: MessageRange, txn: number): boolean;
  /** Overwrites what is secret; the handshake is over or given up. */
  wipe(): void;
}

/** Stateless proof that a peer receives at its address (`crypto/cookie.ts`). */
export interface Cookies {
  /** COOKIE_BYTES bytes for a SYN from `sourcePort` of `peer`. */
  make(nowMs: number, peer: PeerAddress, sourcePort: number): Uint8Array;
  check(nowMs: number, peer: PeerAddress, sourcePort: number, shown: Uint8Array): boolean;
}

/** What a server shows that has forgotten a connection (`crypto/reset-token.ts`). */
export interface ResetTokens {
  /** RESET_TOKEN_BYTES bytes; the same for the same connection, also after a restart. */
  make(peer: PeerAddress, ownPort: number, peerPort: number): Uint8Array;
}

export interface Protection {
  /** The wire version that VERSIONS has to list. */
  readonly version: number;
  /** Whether the checksum covers every payload because nothing else does. */
  readonly checksumCoversPayload: boolean;
  /** Whether a peer may move to another address: it takes proof that a segment is its own. */
  readonly allowsMoves: boolean;
  /** Transmission numbers under one key; Infinity without keys. */
  readonly epochTxns: number;
  begin(isInitiator: boolean): Handshake;
  /** What tells SYNs apart beyond address, port and number; empty when nothing does. */
  digest(syn: MessageRange): string;
}

/** P-KEY-07: no keys, `sealer` from the first message on. */
export function plainProtection(sealer: Sealer, version: number): Protection {
  const { overheadBytes } = sealer;
  const handshake: Handshake = {
    overheadBytes,
    sealer,
    identity: undefined,
    before: () => 0,
    after: () => overheadBytes,
    write: (_, { buffer, headerStart, payloadStart, payloadEnd }, txn) => {
      sealer.seal(buffer, headerStart, payloadStart, payloadEnd - overheadBytes, txn);
    },
    read: (_, message, txn) => {
      const { buffer, headerStart, payloadStart, payloadEnd } = message;
      // Nothing inside: a probe that overtook the third message is protected alike.
      if (payloadEnd - payloadStart <= overheadBytes) return false;
      if (!sealer.open(buffer, headerStart, payloadStart, payloadEnd, txn)) return false;
      message.payloadEnd -= overheadBytes;
      return true;
    },
    wipe: () => undefined,
  };
  return {
    version,
    checksumCoversPayload: sealer.checksumCoversPayload,
    allowsMoves: false,
    epochTxns: sealer.keys?.epochTxns ?? Infinity,
    begin: () => handshake,
    digest: () => '',
  };
}
