/** Searches anew for the first seed that notices each sabotage, and rewrites the table of them. */
import { writeFileSync } from 'node:fs';
import { type Finding, findFirst, formatTable } from '../../test/sim/sabotage-search.ts';
import { SABOTAGES } from '../../test/sim/sabotage.ts';

export const about = 'rewrite test/golden/sabotage.txt: which seed notices which bug';

const TABLE = 'test/golden/sabotage.txt';

export function run(): boolean {
  const findings: Finding[] = [];
  for (const sabotage of SABOTAGES) {
    const finding = findFirst(sabotage);
    console.log(`${sabotage.name}: ${finding ? `${finding.seed} ${finding.check}` : 'NOT FOUND'}`);
    if (finding !== undefined) findings.push(finding);
  }
  writeFileSync(TABLE, formatTable(findings));
  return findings.length === SABOTAGES.length;
}
