/** What is said to peers that no connection belongs to: answers without state, few and short. */
import { assert } from '../util/assert.ts';
import { TokenBucket } from '../util/token-bucket.ts';
import { FLAG } from '../wire/codes.ts';
import { RESET_SEGMENT_BYTES } from '../wire/layout.ts';
import { type SegmentView } from '../wire/segment.ts';
import { finishSegment, writeHeader, writeReset } from '../wire/segment-write.ts';
import type { ResetTokens } from './protection.ts';
import type { PeerAddress, TransmitSlot } from './types.ts';

/** Answers to strangers and of resting ports that wait to be sent (docs/LIMITS.md). */
export const MAX_QUEUED_ANSWERS = 64;
/** P-RESET-03: resets sent in any one second: half at once, half gained meanwhile. */
export const MAX_RESETS_PER_SECOND = 50;
const RESET_BURST = MAX_RESETS_PER_SECOND / 2;

/** Room for any of them: a refusal with its cookie, a reset, the last words of a connection. */
const MAX_ANSWER_BYTES = 128;

interface Answer {
  readonly bytes: Uint8Array;
  length: number;
  peer: PeerAddress;
}

export class Strangers {
  /** Used in turn and kept: a flood of strangers makes no garbage of buffers. */
  private readonly answers: Answer[] = [];
  private oldest = 0;
  private waiting = 0;
  private readonly tokens: ResetTokens | undefined;
  private readonly budget = new TokenBucket(RESET_BURST, RESET_BURST);
  /** Resets sent and those beyond the rate; answers that found the queue full. */
  readonly counters = { resetsSent: 0, resetsWithheld: 0, answersRefused: 0 };

  /** @param tokens without them nobody is told that a connection is gone */
  constructor(tokens: ResetTokens | undefined) {
    this.tokens = tokens;
  }

  get isWaiting(): boolean {
    return this.waiting > 0;
  }

  /** @param bytes copied, as far as `length` */
  push(peer: PeerAddress, bytes: Uint8Array, length = bytes.length): void {
    assert(length <= MAX_ANSWER_BYTES, 'answers to strangers are short');
    if (this.waiting >= MAX_QUEUED_ANSWERS) {
      this.counters.answersRefused += 1;
      return;
    }
    const index = (this.oldest + this.waiting) % MAX_QUEUED_ANSWERS;
    const answer = (this.answers[index] ??= {
      bytes: new Uint8Array(MAX_ANSWER_BYTES),
      length: 0,
      peer,
    });
    for (let i = 0; i < length; i += 1) answer.bytes[i] = bytes[i] ?? 0;
    answer.length = length;
    answer.peer = peer;
    this.waiting += 1;
  }

  /** Writes the next answer into `slot`; false when none waits. */
  poll(slot: TransmitSlot): boolean {
    const answer = this.answers[this.oldest];
    if (this.waiting === 0 || answer === undefined) return false;
    this.oldest = (this.oldest + 1) % MAX_QUEUED_ANSWERS;
    this.waiting -= 1;
    const { buffer } = slot;
    for (let i = 0; i < answer.length; i += 1) buffer[i] = answer.bytes[i] ?? 0;
    slot.length = answer.length;
    slot.peer = answer.peer;
    return true;
  }

  /**
   * P-RESET-01: a segment for a port that nobody has. Whoever had it is told, by less than it
   * sent, so that two servers can never keep each other busy; an opening or a reset never is.
   */
  onUnknown(nowMs: number, peer: PeerAddress, segment: SegmentView): void {
    const { tokens } = this;
    const length = segment.payloadEnd - segment.headerStart;
    const isMute = segment.has(FLAG.SYN) || segment.hasReset || length <= RESET_SEGMENT_BYTES;
    if (tokens === undefined || isMute) return;
    if (!this.budget.take(nowMs)) {
      this.counters.resetsWithheld += 1;
      return;
    }
    const { sourcePort, destinationPort } = segment;
    const bytes = new Uint8Array(RESET_SEGMENT_BYTES);
    const fields = {
      sourcePort: destinationPort,
      destinationPort: sourcePort,
      seq: 0,
      ack: 0,
      flags: FLAG.CNT,
      error: 0,
      window: 0,
    };
    writeHeader(bytes, 0, fields, RESET_SEGMENT_BYTES);
    writeReset(bytes, 0, tokens.make(peer, destinationPort, sourcePort));
    finishSegment(bytes, 0, bytes.length);
    this.counters.resetsSent += 1;
    this.push(peer, bytes);
  }
}
