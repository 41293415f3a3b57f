/**
 * A running connection whose peer turns up at another address (docs/PROTOCOL.md, "Addresses").
 *
 * P-MOVE-01: only a segment that opened and has the highest transmission number raises the
 * question, so that a copy of an old one moves nothing. P-MOVE-02: data keeps going to the old
 * address until eight random bytes have come back from the new one.
 */
import type { Random } from '../util/random.ts';
import { TokenBucket } from '../util/token-bucket.ts';
import { CHALLENGE_BYTES } from '../wire/layout.ts';
import type { PeerAddress } from './types.ts';

/** P-MOVE-03: questions asked without waiting, and how many are gained. */
export const MAX_CHALLENGE_BURST = 4;
const CHALLENGES_PER_SECOND = 1;
/** How long an answer is waited for at least before the question is asked again; ms. */
const MIN_ANSWER_MS = 50;

/** A CHALLENGE that is to leave. */
export interface DueChallenge {
  readonly value: Uint8Array;
  readonly isAnswer: boolean;
  readonly peer: PeerAddress;
}

export class AddressChange {
  private candidate: PeerAddress | undefined;
  private value: Uint8Array | undefined;
  private due: DueChallenge | undefined;
  private againAtMs = 0;
  private readonly questions = new TokenBucket(MAX_CHALLENGE_BURST, CHALLENGES_PER_SECOND);

  /**
   * The newest segment of all came from `from`, where the peer is not known to be.
   * @param srttMs 0 when no round trip is known
   */
  onElsewhere(nowMs: number, from: PeerAddress, srttMs: number, random: Random): void {
    let value = this.candidate === from ? this.value : undefined;
    // Segments come in trains: one question is for all of them, until it may have been lost.
    if (value !== undefined && nowMs < this.againAtMs) return;
    if (!this.questions.take(nowMs)) return;
    if (value === undefined) {
      value = new Uint8Array(CHALLENGE_BYTES);
      const words = new Uint32Array(value.buffer);
      for (let i = 0; i < words.length; i += 1) words[i] = random.uint32();
    }
    this.candidate = from;
    this.value = value;
    this.againAtMs = nowMs + Math.max(MIN_ANSWER_MS, 2 * srttMs);
    this.due = { value, isAnswer: false, peer: from };
  }

  /** The peer asks whether we are where our segments come from. */
  onQuestion(value: Uint8Array, peer: PeerAddress): void {
    this.due = { value, isAnswer: true, peer };
  }

  /** @returns whether the answer proves that the peer is at `from` now */
  onAnswer(value: Uint8Array, from: PeerAddress): boolean {
    const wanted = this.value;
    if (wanted === undefined || from !== this.candidate) return false;
    if (!wanted.every((byte, i) => byte === value[i])) return false;
    this.candidate = undefined;
    this.value = undefined;
    return true;
  }

  /** The challenge to be sent now. */
  take(): DueChallenge | undefined {
    const { due } = this;
    this.due = undefined;
    return due;
  }
}
