/** `npm run rules`: every protocol rule must be cited in the code and proven by a passing test. */
import { existsSync, readFileSync } from 'node:fs';
import { newestMs, readNamed, sourcesUnder } from './files.ts';
import { checkLegs } from './rules/legs.ts';
import type { TestReport } from './rules/legs.ts';

const SPECIFICATION = 'docs/PROTOCOL.md';
const REPORT = 'node_modules/.cache/vitest-report.json';

function main(): number {
  for (const path of [SPECIFICATION, REPORT]) {
    if (existsSync(path)) continue;
    console.error(`${path} is missing${path === REPORT ? ': run npm test first' : ''}`);
    return 1;
  }
  const code = sourcesUnder('src');
  if (newestMs([REPORT]) < newestMs([SPECIFICATION, ...code, ...sourcesUnder('test')])) {
    console.error('the last test report is older than the sources: run npm test again');
    return 1;
  }
  const report = JSON.parse(readFileSync(REPORT, 'utf8')) as TestReport;
  const { rules, faults } = checkLegs(readFileSync(SPECIFICATION, 'utf8'), readNamed(code), report);
  for (const fault of faults) console.error(fault);
  console.log(`${rules.length} rules, ${faults.length} faults`);
  return faults.length === 0 ? 0 : 1;
}

process.exitCode = main();
