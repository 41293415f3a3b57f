/** Goodput of every controller over one link, as bars beneath the ceiling. */
import { figuresOf } from '../figures.ts';
import type { Row } from '../figures.ts';
import { significant } from '../table.ts';
import { axisTo } from './axis.ts';
import { element, picture, px, text } from './markup.ts';
import { CHART_WIDTH } from './time-chart.ts';

const LEFT = 130;
const RIGHT = 150;
const ROW = 38;
const BAR = 20;
const TOP = 26;
const BOTTOM = 44;

/** Colours of the style sheet; controllers beyond them begin anew. */
const COLOURS = 6;

/** @param rows of one link */
export function goodputBars(rows: readonly Row[], id: string, linkName: string): string {
  const ceiling = rows[0]?.median.ceilingMbps;
  const goodputs = rows.flatMap(({ runs }) => runs.map((run) => figuresOf(run).goodputMbps));
  const axis = axisTo(Math.max(ceiling ?? 0, ...goodputs), 8);
  const right = CHART_WIDTH - RIGHT;
  const base = TOP + rows.length * ROW;
  const x = (mbps: number): number => LEFT + (mbps / axis.top) * (right - LEFT);
  const grid = axis.ticks.map((tick) => {
    const at = px(x(tick));
    const style = tick === 0 ? 'axis' : 'grid';
    const line = element('line', { class: style, x1: at, x2: at, y1: TOP - 4, y2: base });
    return line + text({ class: 'tick', x: at, y: base + 18 }, tick.toFixed(axis.digits));
  });
  const bars = rows.map((row, index) => bar(row, index, x));
  const label = { class: 'label', x: px((LEFT + right) / 2), y: base + 37 };
  const content = [
    ...grid,
    ceiling === undefined ? '' : ceilingMark(x(ceiling), base),
    ...bars,
    text(label, 'goodput, Mbit/s'),
  ].join('');
  const size = { width: CHART_WIDTH, height: base + BOTTOM };
  const words = rows.map(
    ({ controller, median }) => `${controller} ${significant(median.goodputMbps)} Mbit/s`,
  );
  const limit = ceiling === undefined ? '' : `; the ceiling is ${significant(ceiling)} Mbit/s`;
  const about = { title: `Goodput over ${linkName}`, description: `${words.join(', ')}${limit}.` };
  return picture(id, size, about, content);
}

function bar(row: Row, index: number, x: (mbps: number) => number): string {
  const { controller, median, runs } = row;
  const top = TOP + index * ROW + (ROW - BAR) / 2;
  const middle = top + BAR / 2;
  const end = x(median.goodputMbps);
  const colour = index % COLOURS;
  const share =
    median.ceilingShare === undefined ? '' : `, ${(median.ceilingShare * 100).toFixed(0)} %`;
  const singles = runs.map((run) => x(figuresOf(run).goodputMbps));
  const marks = singles.map((at) =>
    element('circle', { class: 'single', cx: px(at), cy: px(middle), r: 3.5 }),
  );
  const words = `${significant(median.goodputMbps)} Mbit/s${share}`;
  return [
    text({ class: 'name', x: LEFT - 10, y: px(middle + 5) }, controller),
    element('rect', {
      class: `bar c${colour}`,
      x: LEFT,
      y: px(top),
      width: px(Math.max(1, end - LEFT)),
      height: BAR,
      rx: 2,
    }),
    ...(runs.length > 1 ? marks : []),
    text({ class: 'value', x: px(Math.max(end, ...singles) + 10), y: px(middle + 5) }, words),
  ].join('');
}

function ceilingMark(at: number, base: number): string {
  const line = element('line', { class: 'ceiling', x1: px(at), x2: px(at), y1: TOP - 8, y2: base });
  return line + text({ class: 'ceiling-name', x: px(at), y: TOP - 13 }, 'ceiling');
}
