import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PROMISES } from '../../../scripts/promises/promised.ts';
import { scoresOf, tableOf, withTable } from '../../../scripts/promises/scoreboard.ts';

const promises = [
  { promise: 'one', proofs: [{ file: 'test/a.test.ts', title: 'group > many', runs: 600 }] },
  {
    promise: 'two',
    proofs: [{ file: 'test/a.test.ts' }, { file: 'test/b.test.ts', leastRuns: 60 }],
  },
];

function report(status: string): Parameters<typeof scoresOf>[1] {
  const passed = (fullName: string): { fullName: string; status: string } => ({
    fullName,
    status: 'passed',
  });
  const results = [passed('group many a'), passed('group many b'), { fullName: 'other', status }];
  return {
    testResults: [
      { name: '/x/test/a.test.ts', assertionResults: results },
      { name: '/x/test/b.test.ts', assertionResults: [passed('another')] },
    ],
  };
}

describe('the scoreboard of promises', () => {
  it('counts tests and tries, and bounds the share of failures by 3/N', () => {
    const table = tableOf(scoresOf(promises, report('passed')));
    expect(table.split('\n').slice(2)).toEqual([
      '| one | [a](test/a.test.ts) | 2 | 1,200 | 0.25 % |',
      '| two | [a](test/a.test.ts), [b](test/b.test.ts) | 4 | 63 | 4.8 % |',
    ]);
  });

  it('bounds nothing where a test failed', () => {
    const scores = scoresOf(promises, report('failed'));
    expect(scores.map(({ failed }) => failed)).toEqual([0, 1]);
    expect(tableOf(scores)).toContain('| 4 | 63 | FAILED |');
  });

  it('takes no promise on trust', () => {
    const bare = [{ promise: 'three', proofs: [{ file: 'test/a.test.ts', title: 'none such' }] }];
    expect(() => scoresOf(bare, report('passed'))).toThrow(
      'test/a.test.ts has no test "none such"',
    );
  });

  it('replaces the table between its marks, and nothing else', () => {
    const readme = readFileSync('README.md', 'utf8');
    const changed = withTable(readme, '| a table |');
    expect(changed).toContain('| a table |');
    expect(withTable(changed, '| a table |')).toBe(changed);
    expect(() => withTable('no marks', '')).toThrow('no place for the promises');
  });

  it('is what README shows: the promises that there are, and files that are there', () => {
    const readme = readFileSync('README.md', 'utf8');
    for (const { promise, proofs } of PROMISES) {
      expect(readme).toContain(`| ${promise} |`);
      for (const { file } of proofs) {
        expect([file, existsSync(file)]).toEqual([file, true]);
        expect(readme).toContain(`(${file})`);
      }
    }
  });
});
