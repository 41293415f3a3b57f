/**
 * A running connection whose peer turns up at another address (docs/PROTOCOL.md, "Addresses").
 *
 * P-MOVE-01: only a segment that opened and has the highest transmission number raises the
 * question, so that a copy of an old one moves nothing. P-MOVE-02: data keeps going to the old
 * address until eight random bytes have come back from the new one.
 */
import type { Random } from '../util/random.ts';
import { CHALLENGE_BYTES } from '../wire/layout.ts';
import type { PeerAddress } from './types.ts';

/** P-MOVE-03: questions asked without waiting, and the time in which one more is gained. */
export const MAX_CHALLENGE_BURST = 4;
const CHALLENGE_INTERVAL_MS = 1000;

/** A CHALLENGE that is to leave. */
export interface DueChallenge {
  readonly value: Uint8Array;
  readonly isAnswer: boolean;
  readonly peer: PeerAddress;
}

export class AddressChange {
  /** Moves made so far. */
  moves = 0;
  private candidate: PeerAddress | undefined;
  private value: Uint8Array | undefined;
  private due: DueChallenge | undefined;
  private tokens = MAX_CHALLENGE_BURST;
  private gainedAtMs: number;

  constructor(nowMs: number) {
    this.gainedAtMs = nowMs;
  }

  get isDue(): boolean {
    return this.due !== undefined;
  }

  /** The newest segment of all came from `from`, where the peer is not known to be. */
  onElsewhere(nowMs: number, from: PeerAddress, random: Random): void {
    if (!this.takeToken(nowMs)) return;
    // The same question again, when the first may have been lost.
    if (this.candidate !== from || this.value === undefined) {
      this.candidate = from;
      this.value = new Uint8Array(CHALLENGE_BYTES);
      const words = new Uint32Array(this.value.buffer);
      for (let i = 0; i < words.length; i += 1) words[i] = random.uint32();
    }
    this.due = { value: this.value, isAnswer: false, peer: from };
  }

  private takeToken(nowMs: number): boolean {
    const gained = (nowMs - this.gainedAtMs) / CHALLENGE_INTERVAL_MS;
    this.tokens = Math.min(MAX_CHALLENGE_BURST, this.tokens + gained);
    this.gainedAtMs = nowMs;
    if (this.tokens < 1) return false;
    this.tokens -= 1;
    return true;
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
    this.moves += 1;
    return true;
  }

  /** The challenge to be sent now. */
  take(): DueChallenge | undefined {
    const { due } = this;
    this.due = undefined;
    return due;
  }
}
