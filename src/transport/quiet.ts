/** What is left of a closed connection while its ports rest (P-CLOSE-05). */
import { CLOSE } from '../wire/codes.ts';
import type { PeerAddress } from './types.ts';

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

  constructor(
    localPort: number,
    remotePort: number,
    peer: PeerAddress,
    synKey: string,
    lastAnswer: Uint8Array | undefined,
    intervalMs: number,
  ) {
    this.localPort = localPort;
    this.remotePort = remotePort;
    this.peer = peer;
    this.synKey = synKey;
    this.lastAnswer = lastAnswer;
    this.intervalMs = intervalMs;
  }

  /** The answer to a closing message of `stage`, as it was, at most once per timeout. */
  answer(nowMs: number, stage: number): Uint8Array | undefined {
    const asks = stage === CLOSE.FIN || stage === CLOSE.PEER_FIN;
    if (!asks || nowMs < this.answerFromMs) return undefined;
    this.answerFromMs = nowMs + this.intervalMs;
    return this.lastAnswer;
  }
}
