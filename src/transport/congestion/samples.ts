/** What deliveries and losses say about the path; reused objects (BBR draft, §4.1). */

/** The newest-sent segment that an acknowledgement told of, and what happened since it left. */
export interface DeliverySample {
  /** Bytes per ms; 0 when this acknowledgement gives no rate. */
  bytesPerMs: number;
  /** Whether the sender, not the path, set this rate. */
  isAppLimited: boolean;
  /** Bytes delivered in all, now and when the segment left: a round is over once they meet. */
  deliveredBytes: number;
  priorDeliveredBytes: number;
  /** Bytes in flight when the segment left, it included. */
  txInFlightBytes: number;
  /** Bytes found lost since the segment left. */
  lostBytes: number;
}

export interface LossSample {
  nowMs: number;
  /** Size of the lost segment. */
  bytes: number;
  sentMs: number;
  /** Bytes in flight when it left, it included. */
  txInFlightBytes: number;
  /** Bytes found lost since it left, it included. */
  lostBytes: number;
  /** Bytes delivered in all when it left. */
  priorDeliveredBytes: number;
  isAppLimited: boolean;
  /** Whether its own timeout told, rather than later deliveries. */
  isTimeout: boolean;
  /** Smallest and newest round trip, for telling queues from noise; ms. */
  minRttMs: number;
  latestRttMs: number;
}
