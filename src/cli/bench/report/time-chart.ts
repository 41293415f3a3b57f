/** A chart of something over time: lines and marks over a grid, its axes named with units. */
import { axisBetween, axisTo } from './axis.ts';
import type { Axis } from './axis.ts';
import { crossPath, dotPath, element, linePath, picture, px, stepPath, text } from './markup.ts';
import { thinCurve, thinMarks } from './thin.ts';
import type { Points } from './thin.ts';

export const CHART_WIDTH = 1000;
const LEFT = 72;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 44;

export interface Layer {
  /** Class of the style sheet: decides colour, width and dashes. */
  readonly style: string;
  /**
   * line: joined. steps: joined, each value holds until the next. dots, crosses: single marks.
   * level: a horizontal line at the first value.
   */
  readonly kind: 'line' | 'steps' | 'dots' | 'crosses' | 'level';
  /** x in seconds, y in the unit of the axis. */
  readonly points: Points;
}

export interface TimeChart {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly height: number;
  /** What is seen of the time; seconds. */
  readonly time: readonly [from: number, to: number];
  readonly yLabel: string;
  /** What must be seen of the other axis; what lies outside is cut off. */
  readonly values: readonly [from: number, to: number];
  readonly layers: readonly Layer[];
  /** Of each layer. */
  readonly mostPoints: number;
}

interface Frame {
  readonly x: (seconds: number) => number;
  readonly y: (value: number) => number;
  readonly right: number;
  readonly base: number;
}

export function timeChart(chart: TimeChart): string {
  const { height, id } = chart;
  const xAxis = axisBetween(...chart.time, 10);
  const yAxis = valueAxis(chart.values, height > 250 ? 6 : 4);
  const right = CHART_WIDTH - RIGHT;
  const base = height - BOTTOM;
  const frame: Frame = {
    x: (seconds) => LEFT + shareAt(xAxis, seconds) * (right - LEFT),
    y: (value) => base - shareAt(yAxis, value) * (base - TOP),
    right,
    base,
  };
  const clip = element(
    'clipPath',
    { id: `${id}-c` },
    element('rect', { x: LEFT, y: TOP - 3, width: right - LEFT + 3, height: base - TOP + 6 }),
  );
  const layers = chart.layers.map((layer) => drawn(layer, frame, chart.mostPoints)).join('');
  const content =
    clip +
    horizontals(yAxis, frame, chart.yLabel) +
    verticals(xAxis, frame) +
    element('g', { 'clip-path': `url(#${id}-c)` }, layers);
  return picture(id, { width: CHART_WIDTH, height }, chart, content);
}

function valueAxis([from, to]: readonly [number, number], count: number): Axis {
  return from === 0 ? axisTo(to, count) : axisBetween(from, to, count);
}

function shareAt({ from, top }: Axis, value: number): number {
  return (value - from) / (top - from);
}

function horizontals(axis: Axis, { y, right, base }: Frame, label: string): string {
  const lines = axis.ticks.map((tick) => {
    const at = px(y(tick));
    const line = element('line', { class: 'grid', x1: LEFT, x2: right, y1: at, y2: at });
    const number = tick.toLocaleString('en', { minimumFractionDigits: axis.digits });
    return line + text({ class: 'num', x: LEFT - 8, y: px(y(tick) + 4) }, number);
  });
  const middle = px((TOP + base) / 2);
  const turned = { class: 'label', transform: `translate(14 ${middle}) rotate(-90)` };
  const floor = element('line', { class: 'axis', x1: LEFT, x2: right, y1: base, y2: base });
  return lines.join('') + floor + text(turned, label);
}

function verticals({ ticks, digits }: Axis, { x, right, base }: Frame): string {
  const lines = ticks.map((tick) => {
    const at = px(x(tick));
    const mark = element('line', { class: 'axis', x1: at, x2: at, y1: base, y2: base + 5 });
    return mark + text({ class: 'tick', x: at, y: base + 19 }, tick.toFixed(digits));
  });
  const label = { class: 'label', x: px((LEFT + right) / 2), y: base + 38 };
  return lines.join('') + text(label, 'time since the first datagram, s');
}

function drawn({ kind, style, points }: Layer, { x, y, right }: Frame, most: number): string {
  if (points.xs.length === 0) return '';
  const { xs, ys } = isCurve(kind) ? thinCurve(points, most) : thinMarks(points, most);
  const [px0, py0] = [xs.map(x), ys.map(y)];
  const path = (d: string): string => element('path', { class: style, d });
  switch (kind) {
    case 'line':
      return path(linePath(px0, py0));
    case 'steps':
      // Nothing has changed since the last one.
      return path(`${stepPath(px0, py0)}H${right}`);
    case 'dots':
      return path(dotPath(px0, py0));
    case 'crosses':
      return path(crossPath(px0, py0, 3));
    case 'level':
      return path(`M${LEFT} ${px(py0[0] ?? 0)}H${right}`);
  }
}

function isCurve(kind: Layer['kind']): boolean {
  return kind === 'line' || kind === 'steps';
}
