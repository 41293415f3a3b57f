/** Looks for the first seed that finds each sabotage, and writes and reads the table of them. */
import type { CheckName } from '../../src/sim/failure.ts';
import { runScenario } from '../../src/sim/run-seed.ts';
import { drawScenario } from '../../src/sim/scenario.ts';
import type { Sabotage } from './sabotage.ts';

export const MOST_SEEDS = 2_000;

export interface Finding {
  readonly name: string;
  readonly seed: number;
  readonly check: CheckName;
}

/** Runs one seed with the bug in; undefined when nothing was noticed. */
export function findAt(sabotage: Sabotage, seed: number): Finding | undefined {
  const scenario = drawScenario(seed);
  // Large transfers take long and bring nothing that small ones do not, as far as these bugs go.
  if (scenario.isLarge) return undefined;
  const undo = sabotage.apply();
  try {
    const { check } = runScenario(scenario);
    return check === undefined ? undefined : { name: sabotage.name, seed, check };
  } finally {
    undo();
  }
}

/** The first seed below {@link MOST_SEEDS} that finds the bug. */
export function findFirst(sabotage: Sabotage): Finding | undefined {
  for (let seed = 0; seed < MOST_SEEDS; seed += 1) {
    const finding = findAt(sabotage, seed);
    if (finding !== undefined) return finding;
  }
  return undefined;
}

const HEAD = `\
# Bugs that were put into the transport one at a time, the first seed of the simulator that
# noticed each, and the check that did. Written by \`npm run long -- sabotage\`.
`;

export function formatTable(findings: readonly Finding[]): string {
  const rows = findings.map(
    ({ name, seed, check }) => `${name.padEnd(50)}${String(seed).padStart(6)}  ${check}\n`,
  );
  return `${HEAD}\n${rows.join('')}`;
}

/** The rows by name. */
export function parseTable(text: string): Map<string, Finding> {
  const rows = text.split('\n').map((line) => /^(.*?)\s+(\d+)  (\w+)$/.exec(line));
  const findings = rows
    .filter((row) => row !== null)
    .map((row) => ({ name: row[1]!, seed: Number(row[2]), check: row[3] as CheckName }));
  return new Map(findings.map((finding) => [finding.name, finding]));
}
