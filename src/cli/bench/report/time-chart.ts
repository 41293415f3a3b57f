/** A chart of something over time: lines and marks over a grid, its axes named with units. */
import { axisTo, axisUpTo } from './axis.ts';
import type { Axis } from './axis.ts';
import { crossPath, dotPath, element, linePath, picture, px, text } from './markup.ts';
import { thinCurve, thinMarks } from './thin.ts';
import type { Points } from './thin.ts';

export const CHART_WIDTH = 1000;
const LEFT = 64;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 44;

export interface Layer {
  /** Class of the style sheet: decides colour, width and dashes. */
  readonly style: string;
  /** line: joined. dots, crosses: single marks. level: a horizontal line at the first value. */
  readonly kind: 'line' | 'dots' | 'crosses' | 'level';
  /** x in seconds, y in the unit of the axis. */
  readonly points: Points;
}

export interface TimeChart {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly height: number;
  readonly seconds: number;
  readonly yLabel: string;
  /** The highest value that must be seen; what is higher is cut off. */
  readonly yMost: number;
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
  const xAxis = axisUpTo(chart.seconds, 10);
  const yAxis = axisTo(chart.yMost, height > 250 ? 6 : 4);
  const right = CHART_WIDTH - RIGHT;
  const base = height - BOTTOM;
  const frame: Frame = {
    x: (seconds) => LEFT + (seconds / xAxis.top) * (right - LEFT),
    y: (value) => base - (value / yAxis.top) * (base - TOP),
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

function horizontals({ ticks, digits }: Axis, { y, right, base }: Frame, label: string): string {
  const lines = ticks.map((tick) => {
    const at = px(y(tick));
    const style = tick === 0 ? 'axis' : 'grid';
    const line = element('line', { class: style, x1: LEFT, x2: right, y1: at, y2: at });
    const number = tick.toLocaleString('en', { minimumFractionDigits: digits });
    return line + text({ class: 'num', x: LEFT - 8, y: px(y(tick) + 4) }, number);
  });
  const middle = px((TOP + base) / 2);
  const turned = { class: 'label', transform: `translate(14 ${middle}) rotate(-90)` };
  return lines.join('') + text(turned, label);
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
  const { xs, ys } = kind === 'line' ? thinCurve(points, most) : thinMarks(points, most);
  const [px0, py0] = [xs.map(x), ys.map(y)];
  const path = (d: string): string => element('path', { class: style, d });
  switch (kind) {
    case 'line':
      return path(linePath(px0, py0));
    case 'dots':
      return path(dotPath(px0, py0));
    case 'crosses':
      return path(crossPath(px0, py0, 3));
    case 'level':
      return path(`M${LEFT} ${px(py0[0] ?? 0)}H${right}`);
  }
}
