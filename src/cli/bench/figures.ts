/** From runs to the figures of a row. */
import { PERFECT_LINK } from '../../sim/link.ts';
import { ceilingMbps } from './ceiling.ts';
import { queueBytes } from './link-spec.ts';
import type { LinkSpec } from './link-spec.ts';
import type { RunResult } from './run.ts';

/** Undefined: there is no such figure for this run. */
export interface Figures {
  readonly goodputMbps: number;
  readonly ceilingMbps: number | undefined;
  /** Goodput per ceiling. */
  readonly ceilingShare: number | undefined;
  /** Retransmitted segments per segment sent. */
  readonly retransmittedShare: number;
  /** Bytes on the line, both ways, per byte of the file. */
  readonly wireRatio: number | undefined;
  /** Median smoothed round trip per round trip of the empty link. */
  readonly rttInflation: number | undefined;
  readonly cpuSecondsPerGB: number | undefined;
}

/** One link under one controller. */
export interface Row {
  readonly linkName: string;
  readonly link: LinkSpec;
  readonly controller: string;
  readonly sizeBytes: number;
  readonly runs: readonly RunResult[];
  /** The median of each figure by itself. */
  readonly median: Figures;
  /** Runs that were cut off. */
  readonly cutRuns: number;
}

export function figuresOf(run: RunResult): Figures {
  const { bytes, order, srttMs } = run;
  const { link, sizeBytes } = order;
  const goodputMbps = (bytes * 8) / 1e6 / run.seconds;
  const ceiling = ceilingMbps(link, sizeBytes);
  return {
    goodputMbps,
    ceilingMbps: ceiling,
    ceilingShare: ceiling === undefined || ceiling === 0 ? undefined : goodputMbps / ceiling,
    retransmittedShare: run.segmentsRetransmitted / Math.max(1, run.segmentsSent),
    wireRatio: bytes === 0 ? undefined : run.wireBytes / bytes,
    rttInflation: srttMs === undefined || link.rttMs === 0 ? undefined : srttMs / link.rttMs,
    cpuSecondsPerGB:
      run.cpuSeconds === undefined || bytes === 0 ? undefined : run.cpuSeconds / (bytes / 1e9),
  };
}

export function rowOf(linkName: string, runs: readonly [RunResult, ...RunResult[]]): Row {
  const { link, controller, sizeBytes } = runs[0].order;
  const figures = runs.map(figuresOf);
  const middle = (pick: (figure: Figures) => number | undefined): number | undefined =>
    median(figures.map(pick).filter((value) => value !== undefined));
  return {
    linkName,
    link,
    controller,
    sizeBytes,
    runs,
    cutRuns: runs.filter(({ isComplete }) => !isComplete).length,
    median: {
      goodputMbps: middle(({ goodputMbps }) => goodputMbps) ?? 0,
      ceilingMbps: ceilingMbps(link, sizeBytes),
      ceilingShare: middle(({ ceilingShare }) => ceilingShare),
      retransmittedShare: middle(({ retransmittedShare }) => retransmittedShare) ?? 0,
      wireRatio: middle(({ wireRatio }) => wireRatio),
      rttInflation: middle(({ rttInflation }) => rttInflation),
      cpuSecondsPerGB: middle(({ cpuSecondsPerGB }) => cpuSecondsPerGB),
    },
  };
}

/** The value in the middle, or between the two in the middle; undefined of nothing. */
export function median(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2;
}

/** Later than this, and a tenth of a round trip, a datagram distorts what is measured; ms. */
const LATE_MS = 2;
const LATE_SHARE_OF_RTT = 0.1;

/** Busier than this, and the emulator is slower than the link that it plays. */
const BUSY_SHARE = 0.85;

/** Acknowledgements may wait that long, and a little more on any machine; ms. */
const PATIENCE_MS = 30;

/** The longest round trip that link and queue can make; Infinity without a rate. */
function longestRoundMs(link: LinkSpec): number {
  const { rateBitsPerSecond, rttMs, jitterMs, reorder } = link;
  if (rateBitsPerSecond === 0) return Infinity;
  const queueMs = (queueBytes(link) * 8000) / rateBitsPerSecond;
  const heldMs = reorder > 0 ? PERFECT_LINK.holdMs : 0;
  return rttMs + 2 * (jitterMs + heldMs + queueMs) + PATIENCE_MS;
}

/** Why a figure of real time is not to be trusted; empty if nothing speaks against it. */
export function distrust({ emulator, order, srttMs = 0 }: RunResult): string[] {
  if (emulator === undefined) return [];
  const { p99LateMs, busyShare, kernelDrops, overruns } = emulator;
  const reasons: string[] = [];
  if (p99LateMs > Math.max(LATE_MS, order.link.rttMs * LATE_SHARE_OF_RTT)) {
    reasons.push(`the emulator was ${p99LateMs.toFixed(1)} ms late with one datagram in a hundred`);
  }
  if (busyShare > BUSY_SHARE) {
    reasons.push(`the emulator was busy for ${(busyShare * 100).toFixed(0)} % of the time`);
  }
  if (srttMs > longestRoundMs(order.link)) {
    reasons.push(`round trips took ${srttMs.toFixed(0)} ms, which link and queue do not explain`);
  }
  if (kernelDrops !== null && kernelDrops > 0) {
    reasons.push(`the kernel dropped ${kernelDrops} datagrams for want of room`);
  }
  if (overruns > 0) reasons.push(`${overruns} datagrams found a full socket`);
  return reasons;
}
