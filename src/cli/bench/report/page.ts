/**
 * The report: one page that needs nothing but itself. Every picture is drawn here, so the page has
 * no script, and its policy forbids it to load anything.
 */
import { figuresOf } from '../figures.ts';
import type { Row } from '../figures.ts';
import { describeLink } from '../link-spec.ts';
import type { RunResult } from '../run.ts';
import { legendLines, megabytes, significant, tableCells } from '../table.ts';
import type { TableOptions } from '../table.ts';
import { goodputBars } from './goodput-bars.ts';
import { crossPath, dotPath, element, escapeText, px } from './markup.ts';
import { runCharts } from './run-charts.ts';
import type { RunChart } from './run-charts.ts';
import { STYLE } from './style.ts';

export interface ReportInput {
  readonly rows: readonly Row[];
  readonly options: TableOptions;
  readonly warnings: readonly string[];
  /** Under the heading; in virtual time nothing that another run would say differently. */
  readonly about: string;
}

/** Points of all curves of the page together; each has about ten letters. */
const PAGE_POINTS = 200_000;
const CURVES_PER_RUN = 12;
const MOST_POINTS = 1_400;
const LEAST_POINTS = 120;

export function reportPage(input: ReportInput): string {
  const { rows, warnings, about } = input;
  const drawn = rows.flatMap(({ runs }) => runs.filter(({ pictures }) => pictures !== undefined));
  const share = Math.floor(PAGE_POINTS / CURVES_PER_RUN / Math.max(1, drawn.length));
  const mostPoints = Math.max(LEAST_POINTS, Math.min(MOST_POINTS, share));
  const names = [...new Set(rows.map(({ linkName }) => linkName))];
  const sections = names.map((name, index) => {
    const ofLink = rows.filter(({ linkName }) => linkName === name);
    return linkSection(ofLink, `l${index}`, mostPoints);
  });
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><title>lftp bench</title>',
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    `<style>${STYLE}</style></head><body><main>`,
    `<h1>lftp bench</h1><p class="soft">${escapeText(about)}</p>`,
    warningBox(warnings),
    summary(input),
    ...sections,
    '</main></body></html>\n',
  ].join('\n');
}

const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** Of the runs that are drawn, the one whose goodput is in the middle, the better of two. */
function middleRun({ runs }: Row): RunResult | undefined {
  const drawn = runs.filter(({ pictures }) => pictures !== undefined);
  drawn.sort((a, b) => figuresOf(a).goodputMbps - figuresOf(b).goodputMbps);
  return drawn[Math.floor(drawn.length / 2)];
}

function warningBox(warnings: readonly string[]): string {
  if (warnings.length === 0) return '';
  const items = warnings.map((warning) => `<li>${escapeText(warning)}</li>`).join('');
  return `<div class="warn" role="note"><strong>Not to be trusted</strong><ul>${items}</ul></div>`;
}

function summary({ rows, options }: ReportInput): string {
  const [titles = [], ...lines] = tableCells(rows, options);
  const head = titles.map(
    (title, i) => `<th scope="col"${i < 2 ? ' class="l"' : ''}>${title}</th>`,
  );
  const body = lines.map((cells) => {
    const written = cells.map((cell, i) => {
      if (i === 0) return `<th scope="row">${escapeText(cell)}</th>`;
      const isText = i === 1 || i >= titles.length;
      return `<td${isText ? ' class="l"' : ''}>${escapeText(cell)}</td>`;
    });
    return `<tr>${written.join('')}</tr>`;
  });
  const caption = escapeText(legendLines(options)[0] ?? '');
  const words = legendLines(options).slice(1).join(' ');
  return [
    '<section><h2>Results</h2><div class="scroll"><table>',
    `<caption>${caption}</caption>`,
    `<thead><tr>${head.join('')}<td></td></tr></thead>`,
    `<tbody>${body.join('')}</tbody></table></div>`,
    `<p class="soft">${escapeText(words)}</p></section>`,
  ].join('\n');
}

function linkSection(rows: readonly Row[], id: string, mostPoints: number): string {
  const [first] = rows;
  if (first === undefined) return '';
  const { linkName, link, sizeBytes } = first;
  const runs = rows.flatMap((row, rowIndex) =>
    row.runs.flatMap((run, index) => {
      const { pictures } = run;
      if (pictures === undefined) return [];
      const charts = runCharts(run, pictures, `${id}r${rowIndex}n${index}`, mostPoints);
      return [runDetails(run, index, run === middleRun(row), charts)];
    }),
  );
  return [
    `<section><h2>${escapeText(linkName)}</h2>`,
    `<p class="soft">${escapeText(`${describeLink(link)}; ${megabytes(sizeBytes)}`)}</p>`,
    `<figure>${goodputBars(rows, `${id}-bars`, linkName)}</figure>`,
    ...runs,
    '</section>',
  ].join('\n');
}

function runDetails(
  run: RunResult,
  index: number,
  isOpen: boolean,
  charts: readonly RunChart[],
): string {
  const { controller, seed } = run.order;
  const goodput = significant(figuresOf(run).goodputMbps);
  const cut = run.isComplete ? '' : ', cut off';
  const facts = `seed ${seed}: ${goodput} Mbit/s in ${run.seconds.toFixed(1)} s${cut}`;
  return [
    `<details${isOpen ? ' open' : ''}>`,
    `<summary>${escapeText(controller)}, run ${index + 1}<span>${facts}</span></summary>`,
    ...charts.map(figure),
    '</details>',
  ].join('\n');
}

function figure({ heading, legend, svg }: RunChart): string {
  const keys = legend.map(([style, meaning]) => {
    return `<span>${keyMark(style)}${escapeText(meaning)}</span>`;
  });
  return `<h3>${heading}</h3><figure><figcaption>${keys.join('')}</figcaption>${svg}</figure>`;
}

/** The mark of a legend, drawn as it is in the picture. */
function keyMark(style: string): string {
  const d =
    style === 'lost'
      ? crossPath([13], [6], 3)
      : style === 'again' || style === 'sent'
        ? dotPath([6, 13, 20], [6, 6, 6])
        : `M0 ${px(6)}H26`;
  const mark = element('path', { class: style, d });
  return element('svg', { viewBox: '0 0 26 12', 'aria-hidden': 'true' }, mark);
}
