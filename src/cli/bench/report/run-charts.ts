/** The pictures of one run: what left and what came, the first loss, windows, round trips. */
import type { Plot, PlotsByKind } from '../../../sim/sequence-plot.ts';
import type { Curve, Pictures, RunResult } from '../run.ts';
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

type DrawnRun = RunResult & Pictures;

const TALL = 340;
const LOW = 240;

/** @param id begins the ids of the pictures, different for each run of a page */
export function runCharts(
  run: RunResult,
  pictures: Pictures,
  id: string,
  mostPoints: number,
): readonly RunChart[] {
  const isLossy = pictures.plots.firstLoss.lost.count > 0;
  const draws = [sequence, ...(isLossy ? [firstLoss] : []), windows, roundTrips];
  return draws.map((draw) => draw({ ...run, ...pictures }, id, mostPoints));
}

function sequence(run: DrawnRun, id: string, mostPoints: number): RunChart {
  const { sent, sentAgain, lost } = run.plots;
  const most = highest(sent.segments);
  const unit = unitFor(most, COUNT_UNITS);
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
      time: [0, run.seconds],
      yLabel: unit.name,
      values: [0, most / unit.factor],
      mostPoints,
      layers: sequenceLayers(run.plots, unit.factor),
    }),
  };
}

function sequenceLayers(plots: PlotsByKind, factor: number): readonly Layer[] {
  const layer = (plot: Plot, kind: Layer['kind'], style: string): Layer => ({
    kind,
    style,
    points: scaled(plot.ms, plot.segments, factor),
  });
  return [
    layer(plots.acknowledged, 'steps', 'acked'),
    layer(plots.sent, 'dots', 'sent'),
    layer(plots.lost, 'crosses', 'lost'),
    layer(plots.sentAgain, 'dots', 'again'),
  ];
}

/** Round trips shown before the first loss and after it. */
const ROUNDS_BEFORE = 1.5;
const ROUNDS_AFTER = 4;
/** On a link without delay there is something to see all the same; ms. */
const LEAST_ROUND_MS = 2;

/** The moment in which a controller shows what it is made of. */
function firstLoss(run: DrawnRun, id: string, mostPoints: number): RunChart {
  const plots = run.plots.firstLoss;
  const lossMs = plots.lost.ms[0] ?? 0;
  const roundMs = roundAt(run, lossMs);
  const kinds = [plots.sent, plots.sentAgain, plots.acknowledged];
  const earliestMs = Math.min(...kinds.map(({ ms }) => ms[0] ?? lossMs));
  const latestMs = Math.max(...kinds.map(({ ms }) => ms.at(-1) ?? lossMs));
  const fromMs = Math.max(earliestMs, lossMs - ROUNDS_BEFORE * roundMs);
  const toMs = Math.min(latestMs, lossMs + ROUNDS_AFTER * roundMs);
  const isSeen = (ms: number): boolean => ms >= fromMs && ms <= toMs;
  const seen = kinds.flatMap(({ ms, segments }) =>
    segments.filter((_, index) => isSeen(ms[index] ?? -1)),
  );
  const [least, most] = [lowest(seen), highest(seen)];
  const [from, to] = [fromMs.toFixed(0), toMs.toFixed(0)];
  return {
    heading: 'The first loss, close up',
    legend: [
      ['sent', 'sent'],
      ['again', 'sent again'],
      ['lost', 'lost on the way'],
      ['acked', 'acknowledged up to'],
    ],
    svg: timeChart({
      id: `${id}-one`,
      title: `The first loss of ${nameOf(run)}`,
      description: `From ${from} to ${to} ms, segments ${least} to ${most}.`,
      height: TALL,
      time: [fromMs / 1000, toMs / 1000],
      yLabel: 'segments',
      values: [least, most],
      mostPoints,
      layers: sequenceLayers(within(plots, isSeen), 1),
    }),
  };
}

/** A round trip at that time, queueing included; ms. */
function roundAt({ curves, order }: DrawnRun, atMs: number): number {
  const { ms, values } = curves.srttMs;
  const read = ms.findLastIndex((readMs) => readMs <= atMs + order.link.rttMs);
  return Math.max(LEAST_ROUND_MS, order.link.rttMs, values[read] ?? 0);
}

/** What happened while it is seen, so that thinning is not wasted on the rest. */
function within(plots: PlotsByKind, isSeen: (ms: number) => boolean): PlotsByKind {
  const cut = ({ ms, segments }: Plot): Plot => {
    const kept = ms.flatMap((at, index) => (isSeen(at) ? [index] : []));
    return {
      ms: kept.map((index) => ms[index] ?? 0),
      segments: kept.map((index) => segments[index] ?? 0),
      count: kept.length,
    };
  };
  return {
    sent: cut(plots.sent),
    sentAgain: cut(plots.sentAgain),
    lost: cut(plots.lost),
    acknowledged: cut(plots.acknowledged),
  };
}

function windows(run: DrawnRun, id: string, mostPoints: number): RunChart {
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
      time: [0, run.seconds],
      yLabel: unit.name,
      values: [0, most / unit.factor],
      mostPoints,
      layers: [
        layer(flightSizeBytes, 'flight'),
        layer(ssthreshBytes, 'ssthresh'),
        layer(cwndBytes, 'cwnd'),
      ],
    }),
  };
}

function roundTrips(run: DrawnRun, id: string, mostPoints: number): RunChart {
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
      time: [0, run.seconds],
      yLabel: 'ms',
      values: [0, most],
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

function lowest(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Infinity);
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
