/**
 * Each rule of docs/PROTOCOL.md stands on three legs: its definition, a citation in the code that
 * keeps it, and a test with its id in the title that ran and passed. This finds the missing ones.
 */

const DEFINED = /\*\*(P-[A-Z]+-\d\d)\*\*/g;
const CITED = /\bP-[A-Z]+-\d\d\b/g;

/** What vitest's JSON reporter writes, as far as it is read here. */
export interface TestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
    }[];
  }[];
}

export interface NamedText {
  readonly path: string;
  readonly text: string;
}

export interface Legs {
  /** Ids in the order in which the document defines them. */
  readonly rules: readonly string[];
  /** One sentence for each thing that is wrong; empty when every rule stands. */
  readonly faults: readonly string[];
}

export function definedRules(markdown: string): string[] {
  return [...markdown.matchAll(DEFINED)].map((match) => match[1] ?? '');
}

function citations(texts: readonly NamedText[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const { path, text } of texts) {
    for (const [id] of text.matchAll(CITED)) if (!found.has(id)) found.set(id, path);
  }
  return found;
}

function titles(report: TestReport, passed: boolean): Map<string, string> {
  const names = report.testResults
    .flatMap((file) => file.assertionResults)
    .filter((test) => (test.status === 'passed') === passed)
    .map((test) => ({ path: test.fullName, text: test.fullName }));
  return citations(names);
}

/**
 * @param markdown text of docs/PROTOCOL.md
 * @param code the files under src
 * @param report of the last run of the whole suite
 */
export function checkLegs(markdown: string, code: readonly NamedText[], report: TestReport): Legs {
  const rules = definedRules(markdown);
  const known = new Set(rules);
  const cited = citations(code);
  const passed = titles(report, true);
  const broken = titles(report, false);
  const faults: string[] = [];
  if (rules.length === 0) faults.push('docs/PROTOCOL.md defines no rule');
  rules.forEach((id, index) => {
    if (rules.indexOf(id) !== index) faults.push(`${id} is defined twice`);
  });
  for (const id of known) {
    if (!cited.has(id)) faults.push(`${id} is not cited in the code`);
    const failure = broken.get(id);
    if (failure !== undefined) faults.push(`${id} has a test that did not pass: ${failure}`);
    else if (!passed.has(id)) faults.push(`${id} has no passing test`);
  }
  const citing = [...cited, ...passed, ...broken];
  for (const [id, where] of citing) {
    if (!known.has(id)) faults.push(`${id} is cited but not defined: ${where}`);
  }
  return { rules: [...known], faults: [...new Set(faults)] };
}
