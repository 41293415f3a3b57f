/** What is left of a closed connection while its ports rest (P-CLOSE-05). */
import { CLOSE } from '../wire/codes.ts';
import type { PeerAddress } from './types.ts';

/** What a closed connection leaves behind. */
export interface Closed {
  readonly localPort: number;
  readonly remotePort: number;
  readonly peer: PeerAddress;
  readonly lastAnswer: Uint8Array | undefined;
  /** How long the ports rest: three timeouts. */
  readonly quietMs: number;
}

/** At most 128 bytes of state: ports, address, deadline and the last answer. */
export class QuietEntry {
  deadlineMs = Infinity;
  heapIndex = -1;
  readonly localPort: number;
  readonly remotePort: number;
  readonly peer: PeerAddress;
  /** Key under which a repeated SYN would find it; empty for an initiator. */
  readonly synKey: string;
  private readonly lastAnswer: Uint8Array | undefined;
  private answerFromMs = 0;
  private readonly intervalMs: number;

  constructor(closed: Closed, synKey: string) {
    this.localPort = closed.localPort;
    this.remotePort = closed.remotePort;
    this.peer = closed.peer;
    this.synKey = synKey;
    this.lastAnswer = closed.lastAnswer;
    this.intervalMs = closed.quietMs / 3;
  }

  /** The answer to a closing message of `stage`, as it was, at most once per timeout. */
  answer(nowMs: number, stage: number): Uint8Array | undefined {
    const asks = stage === CLOSE.FIN || stage === CLOSE.PEER_FIN;
    if (!asks || nowMs < this.answerFromMs) return undefined;
    this.answerFromMs = nowMs + this.intervalMs;
    return this.lastAnswer;
  }
}
