/**
 * `npm run promises`: each promise, the tests that show it, how often they tried and what that says
 * of the share of failures. Reads the report of the last `npm test`; writes the README's table.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { newestMs, sourcesUnder } from './files.ts';
import { PROMISES } from './promises/promised.ts';
import { scoresOf, tableOf, withTable } from './promises/scoreboard.ts';
import type { TestReport } from './promises/scoreboard.ts';

const REPORT = 'node_modules/.cache/vitest-report.json';
const README = 'README.md';

function main(): number {
  if (!existsSync(REPORT)) {
    console.error(`${REPORT} is missing: run npm test first`);
    return 1;
  }
  if (newestMs([REPORT]) < newestMs([...sourcesUnder('src'), ...sourcesUnder('test')])) {
    console.error('the last test report is older than the sources: run npm test again');
    return 1;
  }
  const report = JSON.parse(readFileSync(REPORT, 'utf8')) as TestReport;
  const scores = scoresOf(PROMISES, report);
  const table = tableOf(scores);
  console.log(table);
  const isKept = scores.every(({ failed }) => failed === 0);
  const text = readFileSync(README, 'utf8');
  // Only what holds is shown to others.
  if (isKept && withTable(text, table) !== text) writeFileSync(README, withTable(text, table));
  return isKept ? 0 : 1;
}

process.exitCode = main();
