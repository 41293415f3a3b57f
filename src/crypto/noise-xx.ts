/**
 * Noise_XX_25519_ChaChaPoly_<hash> (Noise §7.5), without input or output: bytes in, bytes out.
 *
 *   -> e                 clear: 32 bytes and the payload
 *   <- e, ee, s, es      96 bytes and the payload
 *   -> s, se             64 bytes and the payload
 *
 * A message that does not verify leaves no trace: everything is tried on a copy of the state. So a
 * forged message is dropped, and the honest one may still come.
 */
import { assert } from '../util/assert.ts';
import { asciiBytes } from './ascii.ts';
import { copyOf } from './copy.ts';
import { KEY_BYTES, type Primitives, TAG_BYTES } from './primitives.ts';
import { SymmetricState } from './symmetric-state.ts';

/** Bytes of each message beyond its payload. */
export const MESSAGE_1_BYTES = KEY_BYTES;
export const MESSAGE_2_BYTES = KEY_BYTES + (KEY_BYTES + TAG_BYTES) + TAG_BYTES;
export const MESSAGE_3_BYTES = KEY_BYTES + TAG_BYTES + TAG_BYTES;

const SEALED_KEY_BYTES = KEY_BYTES + TAG_BYTES;

export interface NoiseXXOptions {
  readonly primitives: Primitives;
  readonly initiator: boolean;
  /** 32 bytes; copied, and the copy is wiped by `split` and `wipe`. */
  readonly staticSecret: Uint8Array;
  /** The public key of `staticSecret` where it is known: saves one multiplication. */
  readonly staticPublic?: Uint8Array;
  /** 32 fresh random bytes, never used for another handshake; copied as well. */
  readonly ephemeralSecret: Uint8Array;
  /**
   * What both sides must have seen alike (Noise §6). Left out it has to be told by `setPrologue`
   * before message 2: message 1 is clear, does not depend on it, and may be a part of it.
   */
  readonly prologue?: Uint8Array;
}

/** Where a payload lies, decrypted, in the buffer that was read. */
export interface PayloadRange {
  readonly from: number;
  readonly to: number;
}

export interface TransportKeys {
  /** Root key of what this side sends; 32 bytes. */
  readonly send: Uint8Array;
  /** Root key of what it receives; 32 bytes. */
  readonly receive: Uint8Array;
}

export class NoiseXX {
  private readonly primitives: Primitives;
  private readonly isInitiator: boolean;
  private readonly staticSecret: Uint8Array;
  private readonly staticPublic: Uint8Array;
  private readonly ephemeralSecret: Uint8Array;
  private state: SymmetricState;
  private prologue: Uint8Array | undefined;
  /** Message 1 with its payload, until the prologue is known that is hashed before it. */
  private first: Uint8Array | undefined;
  /** Message 1 is hashed, and the prologue before it. */
  private isSettled = false;
  private remoteEphemeral: Uint8Array | undefined;
  /** The responder's `ee`, reckoned while reading message 1 and used in writing message 2. */
  private sharedEphemeral: Uint8Array | undefined;
  private remote: Uint8Array | undefined;
  /** Messages written and read so far. */
  private step = 0;

  constructor(options: NoiseXXOptions) {
    const { primitives, staticSecret, ephemeralSecret } = options;
    assert(staticSecret.length === KEY_BYTES, 'a static secret has 32 bytes');
    assert(ephemeralSecret.length === KEY_BYTES, 'an ephemeral secret has 32 bytes');
    this.primitives = primitives;
    this.isInitiator = options.initiator;
    this.staticSecret = copyOf(staticSecret);
    this.staticPublic = copyOf(options.staticPublic ?? primitives.publicKey(staticSecret));
    this.ephemeralSecret = copyOf(ephemeralSecret);
    this.prologue = options.prologue && copyOf(options.prologue);
    const name = `Noise_XX_25519_ChaChaPoly_${primitives.hashName}`;
    this.state = new SymmetricState(primitives, asciiBytes(name));
  }

  /** Tells the prologue that the constructor was not given; once, and before message 2. */
  setPrologue(prologue: Uint8Array): void {
    const isAwaited = this.prologue === undefined && !this.isSettled && this.step <= 1;
    assert(isAwaited, 'the prologue is settled');
    this.prologue = copyOf(prologue);
    this.settle();
  }

  /** The peer's static public key, 32 bytes: known, and to be checked, once it was read. */
  get remoteStatic(): Uint8Array | undefined {
    return this.remote;
  }

  /** `h` (Noise §5.2); after message 3 the handshake hash, a channel binding (§11.2). */
  get handshakeHash(): Uint8Array {
    return this.state.handshakeHash;
  }

  /** All three messages have passed, and the keys wait to be split off. */
  get isDone(): boolean {
    return this.step === 3;
  }

  /** It is this side that speaks next. */
  get isWriter(): boolean {
    return this.step < 3 && (this.step % 2 === 0) === this.isInitiator;
  }

  /**
   * Writes the next message around a copy of `payload`.
   * @param out needs `MESSAGE_n_BYTES` and the payload's length from `at` on
   * @returns the message's end in `out`
   */
  writeMessage(payload: Uint8Array, out: Uint8Array, at: number): number {
    assert(this.isWriter, 'not our turn to write');
    const end = at + [MESSAGE_1_BYTES, MESSAGE_2_BYTES, MESSAGE_3_BYTES][this.step]!;
    assert(end + payload.length <= out.length, 'no room for the handshake message');
    if (this.step === 0) {
      out.set(this.primitives.publicKey(this.ephemeralSecret), at);
      out.set(payload, at + KEY_BYTES);
      this.takeFirst(out, at, end + payload.length);
      return end + payload.length;
    }
    let next = at;
    if (this.step === 1) {
      assert(this.first === undefined, 'message 2 needs the prologue');
      out.set(this.primitives.publicKey(this.ephemeralSecret), next);
      next += KEY_BYTES;
      this.state.mixHash(out.subarray(at, next));
      this.state.mixKey(this.sharedEphemeral!);
    }
    next = this.writeStatic(out, next);
    out.set(payload, next);
    next = this.state.encryptAndHash(out, next, next + payload.length);
    this.step += 1;
    return next;
  }

  /**
   * Reads the peer's next message from `buffer[from … to)`; an encrypted payload is decrypted in
   * place, everything before it stays as it is.
   * @param accepts looks at the payload of message 2 or 3; false refuses the message
   * @returns where the payload lies, or undefined when the message does not verify: then this
   *   state is as it was, and the payload's bytes in `buffer` are unspecified
   */
  readMessage(
    buffer: Uint8Array,
    from: number,
    to: number,
    accepts?: (from: number, to: number) => boolean,
  ): PayloadRange | undefined {
    assert(this.step < 3 && !this.isWriter, 'not our turn to read');
    if (this.step === 0) return this.readFirst(buffer, from, to);
    assert(this.first === undefined, 'message 2 needs the prologue');
    const trial = this.state.copy();
    const range = this.readSealed(trial, buffer, from, to, accepts);
    if (range === undefined) {
      trial.wipe();
      return undefined;
    }
    this.state.wipe();
    this.state = trial;
    this.step += 1;
    return range;
  }

  /** The keys of the two directions (Noise §5.2); once, after message 3. Wipes all secrets. */
  split(): TransportKeys {
    assert(this.isDone, 'the handshake is not over');
    const [initiators, responders] = this.state.split();
    this.wipe();
    this.step = 4;
    return this.isInitiator
      ? { send: initiators, receive: responders }
      : { send: responders, receive: initiators };
  }

  /** Overwrites all secrets, also of a handshake that is given up; nothing works afterwards. */
  wipe(): void {
    const { primitives } = this;
    primitives.wipe(this.staticSecret);
    primitives.wipe(this.ephemeralSecret);
    if (this.sharedEphemeral !== undefined) primitives.wipe(this.sharedEphemeral);
    this.state.wipe();
    this.step = 4;
  }

  /** Message 1 hides nothing, and binds only once message 2 verifies. */
  private readFirst(buffer: Uint8Array, from: number, to: number): PayloadRange | undefined {
    if (to - from < MESSAGE_1_BYTES) return undefined;
    const ephemeral = copyOf(buffer, from, from + KEY_BYTES);
    // Reckoned here and not in writing, because here a point of low order can still be refused.
    this.sharedEphemeral = this.primitives.sharedSecret(this.ephemeralSecret, ephemeral);
    if (this.sharedEphemeral === undefined) return undefined;
    this.remoteEphemeral = ephemeral;
    this.takeFirst(buffer, from, to);
    return { from: from + KEY_BYTES, to };
  }

  private takeFirst(buffer: Uint8Array, from: number, to: number): void {
    this.first = copyOf(buffer, from, to);
    this.step = 1;
    this.settle();
  }

  /** Hashes prologue, ephemeral key and payload of message 1, once both are there. */
  private settle(): void {
    if (this.first === undefined || this.prologue === undefined) return;
    this.state.mixHash(this.prologue);
    this.state.mixHash(this.first.subarray(0, KEY_BYTES));
    this.state.mixHash(this.first.subarray(KEY_BYTES));
    this.first = undefined;
    // As long as a peer's first datagram, and kept for as long as a peer likes: not needed now.
    this.prologue = undefined;
    this.isSettled = true;
  }

  /** Messages 2 and 3, on a copy of the state; what is learnt is kept only from a whole message. */
  private readSealed(
    trial: SymmetricState,
    buffer: Uint8Array,
    from: number,
    to: number,
    accepts: ((from: number, to: number) => boolean) | undefined,
  ): PayloadRange | undefined {
    const isSecond = this.step === 1;
    if (to - from < (isSecond ? MESSAGE_2_BYTES : MESSAGE_3_BYTES)) return undefined;
    let next = from;
    let ephemeral = this.remoteEphemeral;
    if (isSecond) {
      next += KEY_BYTES;
      ephemeral = copyOf(buffer, from, next);
      trial.mixHash(ephemeral);
      if (!this.mixShared(trial, this.ephemeralSecret, ephemeral)) return undefined;
    }
    // In a copy: what lies before the payload stays as it came.
    const sealed = copyOf(buffer, next, next + SEALED_KEY_BYTES);
    next += SEALED_KEY_BYTES;
    if (trial.decryptAndHash(sealed, 0, SEALED_KEY_BYTES) === undefined) return undefined;
    const remote = copyOf(sealed, 0, KEY_BYTES);
    // `es` of message 2 and `se` of message 3: for the reader both are its ephemeral key's.
    if (!this.mixShared(trial, this.ephemeralSecret, remote)) return undefined;
    const end = trial.decryptAndHash(buffer, next, to);
    if (end === undefined || accepts?.(next, end) === false) return undefined;
    this.remote = remote;
    this.remoteEphemeral = ephemeral;
    return { from: next, to: end };
  }

  /** Tokens `s, es` of message 2 and `s, se` of message 3, for the writer both its static key's. */
  private writeStatic(out: Uint8Array, at: number): number {
    out.set(this.staticPublic, at);
    const end = this.state.encryptAndHash(out, at, at + KEY_BYTES);
    const isMixed = this.mixShared(this.state, this.staticSecret, this.remoteEphemeral!);
    assert(isMixed, 'a point of low order passed the first check');
    return end;
  }

  /** MixKey(DH(secret, publicKey)); false for a point of low order (Noise §12.1). */
  private mixShared(state: SymmetricState, secret: Uint8Array, publicKey: Uint8Array): boolean {
    const shared = this.primitives.sharedSecret(secret, publicKey);
    if (shared === undefined) return false;
    state.mixKey(shared);
    this.primitives.wipe(shared);
    return true;
  }
}
