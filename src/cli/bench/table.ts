/** The bench's figures as lines of text. */
import { formatBitRate, formatDuration } from '../units.ts';
import type { Row } from './figures.ts';
import { describeLink, percent } from './link-spec.ts';

export interface TableOptions {
  readonly isSimulated: boolean;
  readonly limitMs: number;
  readonly runs: number;
}

export type Cells = readonly string[];

const NOTHING = '–';

/** Head, one line a row, and what the columns mean. */
export function tableText(rows: readonly Row[], options: TableOptions): string {
  const links = new Map(rows.map((row) => [row.linkName, row]));
  const lines = [
    ...[...links.values()].map(linkLine),
    '',
    ...aligned(tableCells(rows, options)),
    '',
    ...legendLines(options),
  ];
  return lines.join('\n');
}

/** Titles, and the cells of each row; behind the last title there is a remark. */
export function tableCells(rows: readonly Row[], options: TableOptions): readonly Cells[] {
  return [titles(options.isSimulated), ...rows.map((row) => cells(row, options))];
}

function linkLine({ linkName, link, sizeBytes, median }: Row): string {
  const { ceilingMbps } = median;
  const ceiling =
    ceilingMbps === undefined ? 'no ceiling' : `ceiling ${formatBitRate(ceilingMbps * 1e6)}`;
  return `${linkName}: ${describeLink(link)}; ${megabytes(sizeBytes)}, ${ceiling}`;
}

function titles(isSimulated: boolean): Cells {
  const always = ['link', 'controller', 'Mbit/s', 'of ceiling', 'sent again', 'wire/useful', 'RTT'];
  return isSimulated ? always : [...always, 'CPU s/GB'];
}

function cells(row: Row, { isSimulated, limitMs, runs }: TableOptions): Cells {
  const { median: figures, cutRuns } = row;
  const note = cutRuns === 0 ? '' : `${cutRuns} of ${runs} cut at ${formatDuration(limitMs)}`;
  const always = [
    row.linkName,
    row.controller,
    significant(figures.goodputMbps),
    figures.ceilingShare === undefined ? NOTHING : `${(figures.ceilingShare * 100).toFixed(1)} %`,
    `${(figures.retransmittedShare * 100).toFixed(2)} %`,
    fixed(figures.wireRatio, 3),
    figures.rttInflation === undefined ? NOTHING : `x ${figures.rttInflation.toFixed(2)}`,
  ];
  return isSimulated ? [...always, note] : [...always, fixed(figures.cpuSecondsPerGB, 1), note];
}

/** What the figures are, line by line. */
export function legendLines({ isSimulated, runs }: TableOptions): string[] {
  const time = isSimulated
    ? 'Virtual time: no clock, no sockets, the same figures every time.'
    : 'Real UDP sockets and files; the link is emulated on this machine.';
  return [
    `${time}${runs > 1 ? ` Medians of ${runs} runs.` : ''}`,
    'Ceiling: rate x (1 - loss) x payload share, less the rounds of a start with 32 segments and',
    'one to finish; a short transfer that spares a round gets beyond it. wire/useful: bytes on',
    'the line both ways, IP and UDP headers included, per byte of the file. RTT: median of the',
    "sender's smoothed round trip, over that of the empty link.",
    ...(isSimulated
      ? []
      : ['CPU: of both ends, user and system; of a small file mostly the start.']),
  ];
}

function fixed(value: number | undefined, digits: number): string {
  return value === undefined ? NOTHING : value.toFixed(digits);
}

/** `148`, `95.4`, `1.43`, `0.081`: enough digits to compare. */
export function significant(value: number): string {
  if (value >= 100) return value.toFixed(0);
  if (value >= 10) return value.toFixed(1);
  return value.toFixed(value >= 1 ? 2 : 3);
}

export function megabytes(bytes: number): string {
  if (bytes === 1) return '1 byte';
  return bytes < 1e6
    ? `${bytes.toLocaleString('en')} bytes`
    : `${Number((bytes / 1e6).toFixed(2))} MB`;
}

/** Names to the left, figures to the right, two blanks between. */
function aligned(rows: readonly Cells[]): string[] {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const isText = (column: number): boolean => column < 2 || column >= (rows[0]?.length ?? 0);
  return rows.map((row) =>
    widths
      .map((width, column) => {
        const cell = row[column] ?? '';
        return isText(column) ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

/** One finished run, for those who wait. */
export function runLine(row: Row, runName: string): string {
  const { goodputMbps, ceilingShare } = row.median;
  const share =
    ceilingShare === undefined ? '' : `, ${percent(round(ceilingShare))} of the ceiling`;
  const cut = row.cutRuns > 0 ? ', cut off' : '';
  return `${runName}: ${significant(goodputMbps)} Mbit/s${share}${cut}`;
}

function round(share: number): number {
  return Math.round(share * 1000) / 1000;
}
