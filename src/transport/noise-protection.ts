/**
 * P-KEY-01: Noise XX over the three-way opening (docs/PROTOCOL.md, "Keys"). P-KEY-02: what is
 * clear is bound to it, a SYN as the prologue, the headers of the others by their digest.
 *
 *   SYN      e, then clear content; the whole datagram is the prologue
 *   SYN-ACK  e, ee, s, es, then sealed: digest of header and options, content
 *   third    s, se, then sealed: digest of header and options, content
 */
import { NoiseXX, MESSAGE_1_BYTES, MESSAGE_2_BYTES, MESSAGE_3_BYTES } from '../crypto/noise-xx.ts';
import { KEY_BYTES, type Primitives, TAG_BYTES } from '../crypto/primitives.ts';
import { EPOCH_TXNS, SegmentKeys } from '../crypto/segment-keys.ts';
import { SegmentSealer } from '../crypto/segment-sealer.ts';
import { assert } from '../util/assert.ts';
import { WIRE_VERSION } from '../wire/codes.ts';
import { AT, MAX_DATAGRAM_BYTES } from '../wire/layout.ts';
import { cookieRange } from '../wire/segment.ts';
import type {
  Handshake,
  MessageNumber,
  MessageRange,
  PeerIdentity,
  Protection,
} from './protection.ts';
import type { Sealer } from './seal.ts';

/** Bytes of the digest of a message's clear part. */
const DIGEST_BYTES = 32;
const NOTHING = new Uint8Array(0);
/** Bytes of SYN digest that a half-open entry is known by. */
const SYN_DIGEST_BYTES = 16;

export interface NoiseOptions {
  readonly primitives: Primitives;
  /** The long-lived X25519 secret of this side; an anonymous client makes a fresh one. */
  readonly staticSecret: Uint8Array;
  /** Unpredictable bytes, for ephemeral keys. */
  readonly entropy: (bytes: number) => Uint8Array;
  /** How much a key may serve; tests make it less. */
  readonly keyLimits?: KeyLimits;
}

export interface KeyLimits {
  readonly epochTxns?: number;
  readonly lifetimeMs?: number;
  readonly maxFailedOpens?: number;
}

/** Takes no segment and gives none: the keys are not there yet. */
const UNREADY: Sealer = {
  name: 'unready',
  overheadBytes: TAG_BYTES,
  checksumCoversPayload: false,
  seal: () => assert(false, 'sealed before the opening has passed'),
  open: () => false,
};

export function noiseProtection(options: NoiseOptions): Protection {
  const { primitives } = options;
  const staticPublic = primitives.publicKey(options.staticSecret);
  return {
    version: WIRE_VERSION,
    checksumCoversPayload: false,
    allowsMoves: true,
    epochTxns: options.keyLimits?.epochTxns ?? EPOCH_TXNS,
    begin: (isInitiator) => new NoiseHandshake(options, staticPublic, isInitiator),
    digest: (syn) => {
      const digest = primitives.hash(transcriptOf(syn, syn.payloadEnd));
      return String.fromCharCode(...digest.subarray(0, SYN_DIGEST_BYTES));
    },
  };
}

class NoiseHandshake implements Handshake {
  readonly overheadBytes = TAG_BYTES;
  sealer: Sealer = UNREADY;
  identity: PeerIdentity | undefined;
  private readonly primitives: Primitives;
  private readonly keyLimits: KeyLimits;
  /** Until the keys are split off: most connections live long after it. */
  private opening: NoiseXX | undefined;
  /** Transmission numbers of the messages that begin each direction's numbering. */
  private ownTxn = 0;
  private peerTxn = 0;

  constructor(options: NoiseOptions, staticPublic: Uint8Array, isInitiator: boolean) {
    const { primitives, staticSecret, entropy, keyLimits } = options;
    this.primitives = primitives;
    this.keyLimits = keyLimits ?? {};
    const ephemeralSecret = entropy(KEY_BYTES);
    this.opening = new NoiseXX({
      primitives,
      initiator: isInitiator,
      staticSecret,
      staticPublic,
      ephemeralSecret,
    });
    primitives.wipe(ephemeralSecret);
  }

  before(n: MessageNumber): number {
    if (n === 1) return MESSAGE_1_BYTES;
    // Noise counts the payload's tag among a message's bytes; here it stands behind the content.
    return (n === 2 ? MESSAGE_2_BYTES : MESSAGE_3_BYTES) - TAG_BYTES + DIGEST_BYTES;
  }

  after(n: MessageNumber): number {
    return n === 1 ? 0 : TAG_BYTES;
  }

  write(n: MessageNumber, message: MessageRange, txn: number): void {
    const { buffer, payloadStart, payloadEnd } = message;
    if (n !== 3) this.ownTxn = txn;
    if (n === 1) {
      this.noise.writeMessage(NOTHING, buffer, payloadStart);
      this.noise.setPrologue(transcriptOf(message, payloadEnd));
      return;
    }
    const content = buffer.subarray(payloadStart + this.before(n), payloadEnd - this.after(n));
    const payload = new Uint8Array(DIGEST_BYTES + content.length);
    payload.set(this.digestOf(message));
    payload.set(content, DIGEST_BYTES);
    const end = this.noise.writeMessage(payload, buffer, payloadStart);
    assert(end === payloadEnd, 'a handshake message has the length its header tells');
    if (n === 3) this.complete();
  }

  read(n: MessageNumber, message: MessageRange, txn: number): boolean {
    const { buffer, payloadStart, payloadEnd } = message;
    if (n === 1) {
      if (payloadEnd - payloadStart < MESSAGE_1_BYTES) return false;
      const range = this.noise.readMessage(buffer, payloadStart, payloadStart + MESSAGE_1_BYTES);
      if (range === undefined) return false;
      this.noise.setPrologue(transcriptOf(message, payloadEnd));
      this.peerTxn = txn;
      message.payloadStart += MESSAGE_1_BYTES;
      return true;
    }
    if (payloadEnd - payloadStart < this.before(n) + this.after(n)) return false;
    const digest = this.digestOf(message);
    // An honest peer tells the digest of what it wrote: another one, and the header was edited.
    const isWhole = (from: number): boolean =>
      this.primitives.equal(digest, buffer.subarray(from, from + DIGEST_BYTES));
    const range = this.noise.readMessage(buffer, payloadStart, payloadEnd, isWhole);
    if (range === undefined) return false;
    message.payloadStart = range.from + DIGEST_BYTES;
    message.payloadEnd = range.to;
    if (n === 2) this.peerTxn = txn;
    this.identify();
    if (n === 3) this.complete();
    return true;
  }

  private get noise(): NoiseXX {
    assert(this.opening !== undefined, 'the opening is not over');
    return this.opening;
  }

  wipe(): void {
    this.opening?.wipe();
    if (this.sealer instanceof SegmentSealer) this.sealer.wipe();
  }

  private identify(): void {
    const publicKey = this.noise.remoteStatic;
    assert(publicKey !== undefined, 'the peer has shown its key');
    this.identity = { publicKey, channelBinding: this.noise.handshakeHash };
  }

  private complete(): void {
    this.identify();
    const { send, receive } = this.noise.split();
    const sending = this.keysFrom(send, this.ownTxn);
    const receiving = this.keysFrom(receive, this.peerTxn);
    this.sealer = new SegmentSealer(sending, receiving, this.keyLimits.lifetimeMs);
    this.opening = undefined;
  }

  private keysFrom(rootKey: Uint8Array, firstTxn: number): SegmentKeys {
    return new SegmentKeys({ primitives: this.primitives, rootKey, firstTxn, ...this.keyLimits });
  }

  /** Digest of header and options: what a message shows in the clear. */
  private digestOf(message: MessageRange): Uint8Array {
    return this.primitives.hash(transcriptOf(message, message.payloadStart)).slice(0, DIGEST_BYTES);
  }
}

// One for all: a copy of its own for each SYN of a flood would be garbage by the megabyte.
const transcript = new Uint8Array(MAX_DATAGRAM_BYTES);

/**
 * A message up to `end`, with zeros for what changes on its way: checksum and cookie. A copy, good
 * until the next one is made.
 */
function transcriptOf(message: MessageRange, end: number): Uint8Array {
  const { buffer, headerStart } = message;
  const bytes = transcript.subarray(0, end - headerStart);
  bytes.set(buffer.subarray(headerStart, end));
  bytes.fill(0, AT.CHECKSUM, AT.CHECKSUM + 2);
  const cookie = cookieRange(bytes);
  if (cookie !== undefined) bytes.fill(0, cookie.from, cookie.to);
  return bytes;
}
