/**
 * A congestion controller is told facts and answers one question: how many bytes may be in flight.
 * Round-trip times, loss detection and timers live elsewhere. Windows are bytes on the wire.
 */

/** RFC 5681 §3, and the state diagram of the founding documents. */
export type CongestionPhase = 'slowStart' | 'congestionAvoidance' | 'fastRecovery';

/** What one acknowledgement newly told; one reused object per connection. */
export interface AckSample {
  nowMs: number;
  ackedBytes: number;
  /** Bytes in flight before this acknowledgement. */
  priorFlightBytes: number;
  /** Whether the window, and nothing else, held the sender back since the last acknowledgement. */
  isCwndLimited: boolean;
  srttMs: number;
}

export interface CongestionController {
  readonly name: string;
  /** Bytes that may be in flight; never below one segment. */
  readonly cwndBytes: number;
  /** Infinity until the first loss unless the controller starts with one. */
  readonly ssthreshBytes: number;
  readonly phase: CongestionPhase;
  /**
   * The first timeout of a segment, where the controller fixes it itself; undefined leaves it to
   * the RTT estimator.
   */
  readonly fixedTimeoutMs: number | undefined;
  onAck(sample: AckSample): void;
  /** Loss found by later deliveries; at most once per recovery. @param flightBytes before it */
  onLossEpisode(nowMs: number, flightBytes: number): void;
  /** Everything sent before the episode is settled. */
  onRecovered(nowMs: number): void;
  /**
   * A segment's own timeout expired; at most once per epoch.
   * @param flightBytes before it
   * @param isRepeated whether every segment that expired had done so before
   */
  onRetransmissionTimeout(nowMs: number, flightBytes: number, isRepeated: boolean): void;
  /** The largest segment changed; bytes. */
  onSegmentSize(smssBytes: number): void;
}
