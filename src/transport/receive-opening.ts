/** What arrives while a connection opens, and the two things that can end it from outside. */
import { type DropReason, ERROR, FLAG } from '../wire/codes.ts';
import { COOKIE_BYTES, MIN_SEGMENT_BYTES, RESET_TOKEN_BYTES } from '../wire/layout.ts';
import { defaultParameters, type Parameters, readParameters } from '../wire/parameters.ts';
import { isStreamCombination, type SegmentView } from '../wire/segment.ts';
import { unwrap, wrap } from '../wire/serial.ts';
import type { ConnectionParts } from './connection-parts.ts';
import { countReceived } from './counters.ts';

/** Bytes at the end of the third message by which its repetition is known. */
const THIRD_END_BYTES = 8;
/** P-PACE-01: a responder's first flight is spread over no more than this; milliseconds. */
const MAX_FIRST_SPREAD_MS = 100;

export class OpeningReceiver {
  /** The third message's last bytes, sealed as they came. */
  private thirdEnd: Uint8Array | undefined;
  /** Reset tokens the responder has told, newest first. */
  private tokens: Uint8Array[] = [];
  private readonly parts: ConnectionParts;

  constructor(parts: ConnectionParts) {
    this.parts = parts;
  }

  /** The answer to our SYN: the peer's numbers and parameters; the third message follows. */
  handleSynAck(nowMs: number, segment: SegmentView): DropReason | undefined {
    const { parts } = this;
    const { opening } = parts;
    if (segment.flags !== (FLAG.CNT | FLAG.SYN | FLAG.ACK)) return 'notEstablished';
    if (segment.ack !== wrap(parts.initialSeq)) return 'synParameters';
    if (segment.error !== ERROR.NONE) {
      opening.advice = segment.error; // P-OPEN-07
      return 'full';
    }
    if (segment.cookieAt >= 0) {
      const cookie = segment.buffer.slice(segment.cookieAt, segment.cookieAt + COOKIE_BYTES);
      return opening.onCookie(cookie) ? undefined : 'cookie';
    }
    if (!segment.speaksVersion) return 'version';
    // P-KEY-04: what does not verify is dropped; the honest answer may still come.
    if (!parts.handshake.read(2, segment, segment.txn)) return 'seal';
    const parameters = defaultParameters();
    const { buffer, payloadStart, payloadEnd } = segment;
    const isRead = readParameters(buffer, payloadStart, payloadEnd, parameters);
    if (!isRead || parameters.segmentBytes < MIN_SEGMENT_BYTES) return this.refuse('synParameters');
    countReceived(parts.counters, segment);
    if (!this.isTrusted()) return undefined;
    this.keepToken(parameters.resetToken);
    parts.writer.destinationPort = segment.sourcePort;
    this.sampleOpening(nowMs);
    parts.meet(segment.seq, segment.txn, parameters);
    parts.liveness.onReceived(nowMs);
    parts.isEstablishedNews = true;
    return undefined;
  }

  /**
   * P-RTT-02: only a message that was sent once says which sending its answer belongs to (Karn).
   * Of one that was repeated, the time since its first sending is a round trip at most, which is
   * enough for timers. The answer to the responder may have waited for a program that starts or a
   * person who thinks: that is no round trip, and sets no more than the pace of the first flight.
   */
  private sampleOpening(nowMs: number): void {
    const { opening, rtt, path, initiator } = this.parts;
    const mostMs = Math.max(0.001, nowMs - opening.firstSentMs);
    const isExact = initiator && opening.attempts === 1;
    if (isExact) rtt.sample(mostMs);
    else if (initiator) rtt.limit(mostMs);
    path.onRoundTrip(isExact ? mostMs : Math.min(mostMs, MAX_FIRST_SPREAD_MS));
  }

  /** P-KEY-03: the server's key is checked before the third message, which shows who asks. */
  private isTrusted(): boolean {
    const { parts } = this;
    const { identity } = parts.handshake;
    if (identity === undefined || parts.config.trusts === undefined) return true;
    if (parts.config.trusts(identity.publicKey)) return true;
    parts.end({ kind: 'untrusted', publicKey: identity.publicKey }, undefined);
    return false;
  }

  /** The third message: the opening is complete, and the first operation may be inside. */
  handleThird(nowMs: number, segment: SegmentView, txn: number): DropReason | undefined {
    const { parts } = this;
    const isThird = segment.flags === (FLAG.CNT | FLAG.ACK) && segment.closeStage === 0;
    if (!isThird || segment.payloadBytes === 0) return 'notEstablished';
    if (segment.ack !== wrap(parts.initialSeq)) return 'synParameters';
    const thirdEnd = segment.buffer.slice(segment.payloadEnd - THIRD_END_BYTES, segment.payloadEnd);
    if (!parts.handshake.read(3, segment, txn)) return 'seal';
    const parameters = defaultParameters();
    const { buffer, payloadStart, payloadEnd } = segment;
    if (!readParameters(buffer, payloadStart, payloadEnd, parameters)) {
      return this.refuse('synParameters');
    }
    // P-HDR-05 before anything of the message has an effect.
    const hasFirst = parameters.firstEnd > 0;
    if (hasFirst && !isStreamCombination(parameters.firstFlags)) {
      return this.refuse('flagCombination');
    }
    this.sampleOpening(nowMs);
    parts.agreeOnAcks(parameters);
    parts.login = parameters.login;
    parts.writer.sealer = parts.handshake.sealer;
    parts.keyLifetime.begin(nowMs, parts.sealer.keys);
    const result = hasFirst ? this.takeFirst(nowMs, segment, parameters) : 'taken';
    if (result === 'synParameters') return this.refuse(result);
    countReceived(parts.counters, segment);
    this.thirdEnd = thirdEnd;
    // Without memory its operation comes again as a segment of its own; the opening stands.
    if (result === 'taken') parts.tracker!.record(nowMs, txn, true);
    else parts.tracker!.demand();
    parts.liveness.onReceived(nowMs);
    parts.opening.onProof();
    parts.isEstablishedNews = true;
    return undefined;
  }

  private takeFirst(
    nowMs: number,
    segment: SegmentView,
    { firstFlags, firstStart, firstEnd }: Parameters,
  ): 'taken' | 'noMemory' | 'synParameters' {
    const { parts } = this;
    const receive = parts.receive!;
    const seq = unwrap(receive.rcvNxt, segment.seq);
    const result = receive.take(seq, firstFlags, 0, 0, 0, segment.buffer, firstStart, firstEnd);
    if (result === 'noMemory') return result;
    if (result !== 'taken') return 'synParameters';
    parts.counters.segmentsReceived += 1;
    parts.liveness.onStream(nowMs);
    return result;
  }

  /** Authentic and yet nonsense: it will not get better, so the attempt ends. */
  private refuse(reason: DropReason): DropReason {
    const { parts } = this;
    if (parts.shared.protection.checksumCoversPayload) return reason;
    parts.end({ kind: 'violation', by: 'peer', rule: 'P-OPEN-08' }, undefined);
    return reason;
  }

  /** Handshake messages repeat byte for byte: the third is known again by its end. */
  isThirdAgain(segment: SegmentView): boolean {
    const { thirdEnd } = this;
    if (thirdEnd === undefined || segment.payloadBytes < THIRD_END_BYTES) return false;
    const at = segment.payloadEnd - THIRD_END_BYTES;
    return thirdEnd.every((byte, i) => byte === segment.buffer[at + i]);
  }

  /** Nobody repeats the third message any more. */
  rest(): void {
    this.thirdEnd = undefined;
  }

  /** P-RESET-02: only who knows the token of this connection can end it so. */
  handleReset(segment: SegmentView): DropReason | undefined {
    const at = segment.resetAt;
    const shown = segment.buffer.subarray(at, at + RESET_TOKEN_BYTES);
    if (!this.tokens.some((token) => isSameToken(token, shown))) return 'reset';
    this.parts.end({ kind: 'reset' }, undefined);
    return undefined;
  }

  /** The newest two are good: one may have been told while the address was changing. */
  keepToken(token: Uint8Array | undefined): void {
    const [newest] = this.tokens;
    if (token === undefined || (newest !== undefined && isSameToken(newest, token))) return;
    this.tokens = newest === undefined ? [token] : [token, newest];
  }
}

/** In constant time: how much of a guess was right must not show. */
function isSameToken(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i += 1) difference |= a[i]! ^ (b[i] ?? 0);
  return difference === 0;
}
