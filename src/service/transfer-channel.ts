/** What the file service needs of a connection; io's `Channel` is one, tests bring their own. */
import type {
  CloseReason,
  ConnectionStats,
  DataRun,
  PeerAddress,
  PeerIdentity,
} from '../transport/types.ts';
import type { Slab } from '../util/slab.ts';

export interface TransferChannel {
  readonly peer: PeerAddress;
  /** Who the peer proved to be, and what it says about itself; undefined without keys. */
  readonly identity?: PeerIdentity | undefined;
  readonly login?: Uint8Array | undefined;
  readonly isClosed: boolean;
  /** Never rejects. */
  readonly closed: Promise<CloseReason>;
  stats(): ConnectionStats;
  sendMessage(bytes: Uint8Array): Promise<void>;
  /**
   * Undefined: the peer will send no more.
   * @param announcedRecords `dat` records that the messages so far have announced
   * @throws UnannouncedData when another begins
   */
  nextMessage(announcedRecords?: number): Promise<Uint8Array | undefined>;
  /** May be smaller than wanted when memory is short. */
  acquireSlab(wantBytes: number): Promise<Slab>;
  releaseSlab(slab: Slab): void;
  sendData(slab: Slab, lengthBytes: number): Promise<void>;
  endData(error?: number): void;
  abandonData(error: number): void;
  nextRun(minBytes: number): Promise<DataRun | undefined>;
  releaseRun(run: DataRun): void;
  finish(): void;
  abort(code: number): void;
  linger(): Promise<void>;
}

/** The reason a channel's promise was rejected with, or undefined for any other error. */
export function closeReasonOf(error: unknown): CloseReason | undefined {
  if (!(error instanceof Error) || !('reason' in error)) return undefined;
  const reason = error.reason;
  const isReason = typeof reason === 'object' && reason !== null && 'kind' in reason;
  return isReason ? (reason as CloseReason) : undefined;
}
