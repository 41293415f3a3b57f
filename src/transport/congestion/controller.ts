/**
 * A congestion controller is told facts and answers two questions: how many bytes may be in
 * flight, and how fast they may leave. Round-trip times, loss detection, timers and the sending
 * itself live elsewhere. Windows and rates count bytes of segments, headers included.
 */
import type { DeliverySample, LossSample } from './samples.ts';

/** RFC 5681 §3, and the state diagram of the founding documents. */
export type WindowPhase = 'slowStart' | 'congestionAvoidance' | 'fastRecovery';

/** The BBR draft's states; those of ProbeBW by their own names. */
export type ModelPhase =
  | 'startup'
  | 'drain'
  | 'probeBwDown'
  | 'probeBwCruise'
  | 'probeBwRefill'
  | 'probeBwUp'
  | 'probeRtt';

export type CongestionPhase = WindowPhase | ModelPhase;

/** What one acknowledgement newly told; one reused object per connection. */
export interface AckSample {
  nowMs: number;
  /** Bytes newly delivered, and newly found lost. */
  ackedBytes: number;
  lostBytes: number;
  /** Bytes in flight before and after this acknowledgement. */
  priorFlightBytes: number;
  flightBytes: number;
  /** Whether the window, and nothing else, held the sender back since the last acknowledgement. */
  isCwndLimited: boolean;
  /** Whether losses are being repaired; such an acknowledgement lets no window grow. */
  isInRecovery: boolean;
  srttMs: number;
  minRttMs: number;
  /** The round trip that this acknowledgement has measured; NaN for none. */
  rttMs: number;
  rate: DeliverySample;
}

export interface CongestionController {
  readonly name: string;
  /** Bytes that may be in flight; never below one segment. */
  readonly cwndBytes: number;
  /** Infinity until the first loss unless the controller starts with one. */
  readonly ssthreshBytes: number;
  readonly phase: CongestionPhase;
  /** Bytes per ms that may leave; undefined leaves it to window and round trip (RFC 9002 §7.7). */
  readonly pacingBytesPerMs: number | undefined;
  /** Whether the window in recovery follows RFC 9937; a model of the path needs none of it. */
  readonly isWindowBased: boolean;
  /**
   * The first timeout of a segment, where the controller fixes it itself; undefined leaves it to
   * the RTT estimator.
   */
  readonly fixedTimeoutMs: number | undefined;
  /**
   * A segment leaves.
   * @param flightBytes before it
   * @param isAppLimited whether, until now, there was nothing to send for a while
   */
  onSent(nowMs: number, bytes: number, flightBytes: number, isAppLimited: boolean): void;
  /** One acknowledgement that told of deliveries or losses; after `onSegmentLost` of its losses. */
  onAck(sample: AckSample): void;
  /** One segment found lost, by later deliveries or by its timeout; before the episode is told. */
  onSegmentLost(loss: LossSample): void;
  /** Loss found by later deliveries; at most once per recovery. @param flightBytes before it */
  onLossEpisode(nowMs: number, flightBytes: number): void;
  /** Everything sent before the episode is settled. */
  onRecovered(nowMs: number): void;
  /** All that was found lost in the last episode, by deliveries or timeout, came after all. */
  onSpuriousEpisode(nowMs: number): void;
  /**
   * A segment's own timeout expired; at most once per epoch.
   * @param flightBytes before it
   * @param isRepeated whether every segment that expired had done so before
   */
  onRetransmissionTimeout(nowMs: number, flightBytes: number, isRepeated: boolean): void;
  /** Nothing arrived for several timeouts (RFC 9002 §7.6): what is known of the path is old. */
  onPersistentCongestion(nowMs: number): void;
  /** The largest segment changed; bytes. */
  onSegmentSize(smssBytes: number): void;
}
