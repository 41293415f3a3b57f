/** One transfer of the bench: what is asked for, and what came of it. */
import type { SequencePlots } from '../../sim/sequence-plot.ts';
import type { ControllerName } from '../../transport/config.ts';
import type { ConnectionStats } from '../../transport/types.ts';
import { ThinnedPoints } from '../../util/thinned-points.ts';
import type { LinkSpec } from './link-spec.ts';

export interface RunOrder {
  readonly link: LinkSpec;
  readonly sizeBytes: number;
  readonly controller: ControllerName;
  readonly seed: number;
  /** The run is cut off here, and measured up to it; ms. */
  readonly limitMs: number;
}

/** Whoever looks on while a run lasts. */
export interface RunWatch {
  readonly signal: AbortSignal;
  /** File bytes that have arrived so far, and how long it took. */
  onProgress(bytes: number, ms: number): void;
}

export interface Curve {
  /** Milliseconds since the first datagram. */
  readonly ms: readonly number[];
  readonly values: readonly number[];
}

/** Readings of the file's sender; of equal length, at equal times. */
export interface SenderCurves {
  readonly cwndBytes: Curve;
  readonly ssthreshBytes: Curve;
  readonly flightSizeBytes: Curve;
  readonly srttMs: Curve;
}

/** How well the emulator kept its time; without it a figure of real time proves nothing. */
export interface EmulatorHealth {
  /** How long after their time datagrams were handed on. */
  readonly medianLateMs: number;
  readonly p99LateMs: number;
  readonly mostLateMs: number;
  /** Share of the time for which it had something to do; 1 = it may have been the bottleneck. */
  readonly busyShare: number;
  /** Datagrams that the kernel dropped for want of room; null where it does not tell. */
  readonly kernelDrops: number | null;
  /** Datagrams that a full socket of the emulator did not take. */
  readonly overruns: number;
}

export interface Pictures {
  readonly curves: SenderCurves;
  readonly plots: SequencePlots;
}

export interface RunResult {
  readonly order: RunOrder;
  /** Of the file, arrived in order. */
  readonly bytes: number;
  readonly seconds: number;
  readonly isComplete: boolean;
  readonly segmentsSent: number;
  readonly segmentsRetransmitted: number;
  readonly timeouts: number;
  /** What both ends put on the line, headers of IP and UDP included. */
  readonly wireBytes: number;
  /** Datagrams that the link lost or dropped on the way of the file. */
  readonly lostDatagrams: number;
  readonly queueDrops: number;
  /** User and system time of both ends; undefined in virtual time. */
  readonly cpuSeconds: number | undefined;
  /** Median of the sender's smoothed round trip; undefined: it never measured one. */
  readonly srttMs: number | undefined;
  /** What a report is drawn from; undefined where none is wanted, since there may be many runs. */
  readonly pictures: Pictures | undefined;
  readonly emulator: EmulatorHealth | undefined;
}

/** How often the sender is read; ms. */
export const READING_INTERVAL_MS = 10;
const READINGS_KEPT = 4_096;

/** Collects readings of the sender, in bounded memory. */
export class SenderRecorder {
  private readonly cwnd = new ThinnedPoints(READINGS_KEPT);
  private readonly ssthresh = new ThinnedPoints(READINGS_KEPT);
  private readonly flight = new ThinnedPoints(READINGS_KEPT);
  private readonly srtt = new ThinnedPoints(READINGS_KEPT);

  add(ms: number, stats: ConnectionStats): void {
    // Before that there is nothing to read.
    if (stats.bytesSent === 0 || stats.srttMs === 0) return;
    this.cwnd.add(ms, stats.cwndBytes);
    this.ssthresh.add(ms, stats.ssthreshBytes);
    this.flight.add(ms, stats.flightSizeBytes);
    this.srtt.add(ms, stats.srttMs);
  }

  curves(): SenderCurves {
    return {
      cwndBytes: curveOf(this.cwnd),
      ssthreshBytes: curveOf(this.ssthresh),
      flightSizeBytes: curveOf(this.flight),
      srttMs: curveOf(this.srtt),
    };
  }
}

function curveOf({ xs, ys }: ThinnedPoints): Curve {
  return { ms: xs, values: ys };
}
