/** The three pictures of one run: what left and what came, the windows, the round trips. */
import type { Plot } from '../../../sim/sequence-plot.ts';
import type { Curve, RunResult } from '../run.ts';
import { BYTE_UNITS, COUNT_UNITS, unitFor } from './axis.ts';
import { timeChart } from './time-chart.ts';
import type { Layer } from './time-chart.ts';
import type { Points } from './thin.ts';

export interface RunChart {
  readonly heading: string;
  /** Style of the mark, and what it means. */
  readonly legend: readonly (readonly [style: string, meaning: string])[];
  readonly svg: string;
}

const TALL = 340;
const LOW = 240;

/** @param id begins the ids of the pictures, different for each run of a page */
export function runCharts(run: RunResult, id: string, mostPoints: number): readonly RunChart[] {
  return [sequence, windows, roundTrips].map((draw) => draw(run, id, mostPoints));
}

function sequence(run: RunResult, id: string, mostPoints: number): RunChart {
  const { sent, sentAgain, lost, acknowledged } = run.plots;
  const most = highest(sent.segments);
  const unit = unitFor(most, COUNT_UNITS);
  const layer = (plot: Plot, kind: Layer['kind'], style: string): Layer => ({
    kind,
    style,
    points: scaled(plot.ms, plot.segments, unit.factor),
  });
  const counts =
    `${grouped(sent.count)} segments sent, ${grouped(sentAgain.count)} sent again, ` +
    `${grouped(lost.count)} lost on the link`;
  return {
    heading: 'Sequence over time',
    legend: [
      ['sent', `sent (${grouped(sent.count)})`],
      ['again', `sent again (${grouped(sentAgain.count)})`],
      ['lost', `lost on the way (${grouped(lost.count)})`],
      ['acked', 'acknowledged up to'],
    ],
    svg: timeChart({
      id: `${id}-seq`,
      title: `Time-sequence plot of ${nameOf(run)}`,
      description: `${counts}; the last one left after ${seconds(run)} seconds.`,
      height: TALL,
      seconds: run.seconds,
      yLabel: unit.name,
      yMost: most / unit.factor,
      mostPoints,
      layers: [
        layer(acknowledged, 'line', 'acked'),
        layer(sent, 'dots', 'sent'),
        layer(lost, 'crosses', 'lost'),
        layer(sentAgain, 'dots', 'again'),
      ],
    }),
  };
}

function windows(run: RunResult, id: string, mostPoints: number): RunChart {
  const { cwndBytes, ssthreshBytes, flightSizeBytes } = run.curves;
  const most = Math.max(highest(cwndBytes.values), highest(flightSizeBytes.values));
  const unit = unitFor(most, BYTE_UNITS);
  const layer = (curve: Curve, style: string): Layer => ({
    kind: 'line',
    style,
    points: scaled(curve.ms, curve.values, unit.factor),
  });
  return {
    heading: 'Congestion window, slow-start threshold, flight size',
    legend: [
      ['cwnd', 'cwnd'],
      ['ssthresh', 'ssthresh'],
      ['flight', 'in flight'],
    ],
    svg: timeChart({
      id: `${id}-win`,
      title: `Windows of ${nameOf(run)}`,
      description:
        `The congestion window reached ${amount(highest(cwndBytes.values))}, ` +
        `the flight size ${amount(highest(flightSizeBytes.values))}.`,
      height: LOW,
      seconds: run.seconds,
      yLabel: unit.name,
      yMost: most / unit.factor,
      mostPoints,
      layers: [
        layer(flightSizeBytes, 'flight'),
        layer(ssthreshBytes, 'ssthresh'),
        layer(cwndBytes, 'cwnd'),
      ],
    }),
  };
}

function roundTrips(run: RunResult, id: string, mostPoints: number): RunChart {
  const { srttMs } = run.curves;
  const { rttMs } = run.order.link;
  const most = Math.max(highest(srttMs.values), rttMs);
  return {
    heading: 'Smoothed round-trip time',
    legend: [
      ['srtt', 'srtt'],
      ['base', `the empty link, ${rttMs} ms`],
    ],
    svg: timeChart({
      id: `${id}-rtt`,
      title: `Round-trip times of ${nameOf(run)}`,
      description: `At most ${most.toFixed(1)} ms, where the empty link takes ${rttMs} ms.`,
      height: LOW,
      seconds: run.seconds,
      yLabel: 'ms',
      yMost: most,
      mostPoints,
      layers: [
        { kind: 'level', style: 'base', points: { xs: [0], ys: [rttMs] } },
        { kind: 'line', style: 'srtt', points: scaled(srttMs.ms, srttMs.values, 1) },
      ],
    }),
  };
}

function scaled(ms: readonly number[], values: readonly number[], factor: number): Points {
  return { xs: ms.map((at) => at / 1000), ys: values.map((value) => value / factor) };
}

function highest(values: readonly number[]): number {
  return values.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, value) : most), 0);
}

function amount(bytes: number): string {
  const unit = unitFor(bytes, BYTE_UNITS);
  return `${(bytes / unit.factor).toFixed(unit.factor === 1 ? 0 : 1)} ${unit.name}`;
}

function nameOf({ order }: RunResult): string {
  return `${order.controller}, seed ${order.seed}`;
}

function seconds(run: RunResult): string {
  return run.seconds.toFixed(1);
}

function grouped(count: number): string {
  return count.toLocaleString('en');
}
