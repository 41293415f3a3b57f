/** P-CC-20: constants of the BBR draft (draft-ietf-ccwg-bbr, August 2026), by its own names. */
import type { ModelPhase } from './controller.ts';

export interface BbrSettings {
  readonly name: string;
  readonly initialWindowSegments: number;
  /** P-CC-24: whether the path's own loss is told from that of queues, and made up for. */
  readonly isLossTolerant: boolean;
}

export const BBR: BbrSettings = {
  name: 'bbr',
  initialWindowSegments: 32,
  isLossTolerant: false,
};

export const BBR_TOLERANT: BbrSettings = {
  name: 'bbr-tolerant',
  initialWindowSegments: 32,
  isLossTolerant: true,
};

/** MinPipeCwnd, segments. */
export const LEAST_WINDOW_SEGMENTS = 4;
/** PacingMarginPercent: queues drain when the rate is met almost. */
export const PACING_MARGIN = 0.99;
/** LossThresh: a share of the flight above it says that there was too much in flight. */
export const LOSS_THRESHOLD = 0.02;
export const BETA = 0.7;
/** Share of `flightLong` that is left to others. */
export const HEADROOM = 0.15;
/** BBRStartupFullLossCnt. */
export const STARTUP_LOST_RUNS = 6;
export const DRAIN_ROUNDS = 3;
export const MIN_RTT_FILTER_MS = 10_000;
export const PROBE_RTT_INTERVAL_MS = 5_000;
export const PROBE_RTT_MS = 200;
/** MaxBwFilterLen, cycles; ExtraAckedFilterLen, rounds. */
export const BW_FILTER_CYCLES = 2;
export const EXTRA_ACKED_ROUNDS = 10;
/** Between two probes for bandwidth: this and up to one second more, or as many rounds. */
export const PROBE_WAIT_MS = 2_000;
export const PROBE_WAIT_SPREAD_MS = 1_000;
export const PROBE_WAIT_ROUNDS = 63;
/** The quantum that a pacer sends at once (draft, "Send Quantum"). */
export const QUANTUM_MS = 1;
export const QUANTUM_CEILING_BYTES = 65_536;

export interface Gains {
  /** Pacing rate and window as multiples of bandwidth and of bandwidth times round trip. */
  readonly pacing: number;
  readonly cwnd: number;
}

export const GAINS: Readonly<Record<ModelPhase, Gains>> = {
  startup: { pacing: 2.77, cwnd: 2 },
  drain: { pacing: 0.5, cwnd: 2 },
  probeBwDown: { pacing: 0.9, cwnd: 2 },
  probeBwCruise: { pacing: 1, cwnd: 2 },
  probeBwRefill: { pacing: 1, cwnd: 2 },
  probeBwUp: { pacing: 1.25, cwnd: 2.25 },
  probeRtt: { pacing: 1, cwnd: 0.5 },
};
