/** Runs with made-up results, for what is reckoned from them. */
import { PLAIN_LINK } from '../../../../src/cli/bench/link-spec.ts';
import type { Pictures, RunOrder, RunResult } from '../../../../src/cli/bench/run.ts';
import type { Plot } from '../../../../src/sim/sequence-plot.ts';

function line(points: number, top: number): { ms: number[]; values: number[] } {
  const steps = Array.from({ length: points }, (_, index) => index);
  return { ms: steps.map((at) => 10 * at), values: steps.map((at) => (top * at) / points) };
}

function plot(points: number): Plot {
  const { ms, values } = line(points, points);
  return { ms, segments: values, count: points };
}

const PLOTS = {
  sent: plot(1_000),
  sentAgain: plot(20),
  lost: plot(20),
  acknowledged: plot(500),
};

const SRTT = line(100, 10);

export const PICTURES: Pictures = {
  curves: {
    cwndBytes: line(100, 250_000),
    ssthreshBytes: { ms: SRTT.ms, values: SRTT.ms.map((at) => (at < 500 ? Infinity : 90_000)) },
    flightSizeBytes: line(100, 200_000),
    srttMs: { ms: SRTT.ms, values: SRTT.values.map((value) => 20 + value) },
  },
  plots: { ...PLOTS, firstLoss: PLOTS },
};

/** A megabyte in a second, with an RTT of 20 ms that swells to 30. */
export function madeUpRun(
  changes: Partial<RunResult> = {},
  order: Partial<RunOrder> = {},
): RunResult {
  return {
    order: {
      link: PLAIN_LINK,
      sizeBytes: 1_000_000,
      controller: 'newreno',
      seed: 1,
      limitMs: 30_000,
      ...order,
    },
    bytes: 1_000_000,
    seconds: 1,
    isComplete: true,
    segmentsSent: 800,
    segmentsRetransmitted: 8,
    timeouts: 1,
    wireBytes: 1_100_000,
    lostDatagrams: 8,
    queueDrops: 0,
    cpuSeconds: 0.01,
    srttMs: 25,
    pictures: PICTURES,
    emulator: undefined,
    ...changes,
  };
}
