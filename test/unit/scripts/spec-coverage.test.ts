import { describe, expect, it } from 'vitest';
import { checkLegs, definedRules } from '../../../scripts/rules/legs.ts';
import type { TestReport } from '../../../scripts/rules/legs.ts';

// Ids are put together here, so that this file's own titles and text cite nothing.
const id = (word: string, number: number): string => `P-${word}-0${number}`;

function report(...tests: [fullName: string, status: string][]): TestReport {
  return {
    testResults: [{ assertionResults: tests.map(([fullName, status]) => ({ fullName, status })) }],
  };
}

const SPEC = `**${id('OPEN', 1)}** A peer must.\n**${id('OPEN', 2)}** See ${id('CLOSE', 9)}.`;
const CODE = [
  { path: 'src/a.ts', text: `// ${id('OPEN', 1)}` },
  { path: 'src/b.ts', text: `/** Keeps ${id('OPEN', 2)}. */` },
];

describe('rules of the protocol', () => {
  it('are defined only where their id stands in bold', () => {
    expect(definedRules(SPEC)).toEqual([id('OPEN', 1), id('OPEN', 2)]);
  });

  it('stand when defined, cited and proven', () => {
    const both = report([`opening ${id('OPEN', 1)} ${id('OPEN', 2)} holds`, 'passed']);
    expect(checkLegs(SPEC, CODE, both)).toEqual({
      rules: [id('OPEN', 1), id('OPEN', 2)],
      faults: [],
    });
  });

  it('fall without a citation or a passing test', () => {
    const { faults } = checkLegs(SPEC, CODE.slice(1), report([id('OPEN', 1), 'passed']));
    expect(faults).toEqual([
      `${id('OPEN', 1)} is not cited in the code`,
      `${id('OPEN', 2)} has no passing test`,
    ]);
  });

  it('fall with a test that failed or never ran, even beside one that passed', () => {
    const mixed = report(
      [id('OPEN', 1), 'passed'],
      [`first ${id('OPEN', 2)}`, 'passed'],
      [`second ${id('OPEN', 2)}`, 'skipped'],
    );
    expect(checkLegs(SPEC, CODE, mixed).faults).toEqual([
      `${id('OPEN', 2)} has a test that did not pass: second ${id('OPEN', 2)}`,
    ]);
  });

  it('must exist when cited, and only once', () => {
    const proven = report([`${id('OPEN', 1)} ${id('OPEN', 2)} ${id('GONE', 1)}`, 'passed']);
    const { faults } = checkLegs(`${SPEC}\n**${id('OPEN', 1)}**`, CODE, proven);
    expect(faults).toEqual([
      `${id('OPEN', 1)} is defined twice`,
      `${id('GONE', 1)} is cited but not defined: ` +
        `${id('OPEN', 1)} ${id('OPEN', 2)} ${id('GONE', 1)}`,
    ]);
    expect(checkLegs('no rules', [], report()).faults).toHaveLength(1);
  });
});
