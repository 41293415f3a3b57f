/** What a report of the tests says about each promise. Pure. */
import type { Promised, Proof } from './promised.ts';

/** The part of vitest's JSON report that is needed. */
export interface TestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

export interface Score {
  readonly promise: string;
  readonly files: readonly string[];
  readonly tests: number;
  /** What was tried, so many times in all. */
  readonly runs: number;
  readonly failed: number;
}

/** @throws Error for a proof that names no test */
export function scoresOf(promises: readonly Promised[], report: TestReport): readonly Score[] {
  return promises.map(({ promise, proofs }) => {
    const parts = proofs.map((proof) => partOf(proof, report));
    const sum = (pick: (part: Part) => number): number =>
      parts.reduce((total, part) => total + pick(part), 0);
    return {
      promise,
      files: [...new Set(proofs.map(({ file }) => file))],
      tests: sum(({ tests }) => tests),
      runs: sum(({ runs }) => runs),
      failed: sum(({ failed }) => failed),
    };
  });
}

interface Part {
  readonly tests: number;
  readonly runs: number;
  readonly failed: number;
}

function partOf(proof: Proof, report: TestReport): Part {
  const { file, title = '', runs = 1, leastRuns } = proof;
  const results = report.testResults.find(({ name }) => name.endsWith(`/${file}`));
  const meant = (results?.assertionResults ?? []).filter(({ fullName }) =>
    // vitest joins the names of groups by a blank, people by >.
    fullName.includes(title.replaceAll(' >', '')),
  );
  if (meant.length === 0) throw new Error(`${file} has no test "${title}"`);
  const failed = meant.filter(({ status }) => status !== 'passed').length;
  return { tests: meant.length, runs: leastRuns ?? runs * meant.length, failed };
}

/**
 * Highest share of failures that so many runs without one leave likely: 95 % of all times less
 * than 3/N.
 */
function boundOf({ runs, failed }: Score): string {
  if (failed > 0) return 'FAILED';
  const percent = 300 / runs;
  return percent >= 50 ? '-' : `${Number(percent.toPrecision(2))} %`;
}

/** Rows of a table in Markdown. */
export function tableOf(scores: readonly Score[]): string {
  const rows = scores.map((score) => {
    const links = score.files.map((file) => `[${shortName(file)}](${file})`).join(', ');
    const runs = score.runs.toLocaleString('en-US');
    return `| ${score.promise} | ${links} | ${score.tests} | ${runs} | ${boundOf(score)} |`;
  });
  return [
    '| promise | shown by | tests | tried | fails at most |',
    '|---|---|---:|---:|---:|',
    ...rows,
  ].join('\n');
}

function shortName(file: string): string {
  return file.replace(/^.*\//, '').replace('.test.ts', '');
}

const BEGIN = '<!-- promises: written by npm run promises -->';
const END = '<!-- end of promises -->';

/** The text with another table between its marks. @throws Error without them */
export function withTable(text: string, table: string): string {
  const from = text.indexOf(BEGIN);
  const to = text.indexOf(END);
  if (from < 0 || to < from) throw new Error(`no place for the promises: ${BEGIN}`);
  return `${text.slice(0, from + BEGIN.length)}\n\n${table}\n\n${text.slice(to)}`;
}
