/** The typed trace: seeing is built in, and costs one boolean test while nobody looks. */

export type TraceRecord =
  | { readonly kind: 'sent' | 'received'; readonly segment: string }
  | { readonly kind: 'dropped'; readonly reason: string }
  | {
      readonly kind: 'congestion';
      readonly phase: string;
      readonly cwndBytes: number;
      readonly ssthreshBytes: number;
      readonly flightSizeBytes: number;
      readonly cause: 'ack' | 'loss' | 'timeout' | 'undo' | 'persistent';
    }
  /** P-MOVE-04: the peer has proved to be at another address. */
  | { readonly kind: 'moved'; readonly to: string }
  | { readonly kind: 'lost'; readonly seq: number; readonly by: 'rack' | 'timeout' }
  | { readonly kind: 'probe'; readonly probe: 'tail' | 'window' | 'key' | 'keepAlive' | 'size' };

export interface TraceSink {
  /** While false, no record is built. */
  readonly enabled: boolean;
  record(nowMs: number, connectionId: number, record: TraceRecord): void;
}

export const NO_TRACE: TraceSink = { enabled: false, record: () => undefined };
