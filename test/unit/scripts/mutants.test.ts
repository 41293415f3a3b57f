import { describe, expect, it } from 'vitest';
import { applyMutant, mutantsOf } from '../../../scripts/mutation/mutants.ts';

/** The texts that mutation makes of `text`. */
function mutated(text: string): string[] {
  return mutantsOf('a.ts', text).map((mutant) => applyMutant(text, mutant));
}

describe('mutants', () => {
  it('move boundaries and turn comparisons round', () => {
    expect(mutated('x = a < b;')).toEqual([';', 'x = a <= b;', 'x = a >= b;']);
    expect(mutated('const x = a === b;')).toEqual(['const x = a !== b;']);
  });

  it('swap arithmetic, bits and logic, but leave joined text alone', () => {
    expect(mutated('const x = a + b;')).toEqual(['const x = a - b;']);
    expect(mutated('const x = (a >>> b) & c;')).toEqual([
      'const x = (a >>> b) | c;',
      'const x = (a << b) & c;',
    ]);
    expect(mutated('const x = a && b;')).toEqual(['const x = a || b;']);
    expect(mutated("const x = 'a' + b;")).toEqual([]);
  });

  it('negate conditions once', () => {
    expect(mutated('if (a) b();')).toEqual(['if (!(a)) b();', 'if (a) ;']);
    expect(mutated('while (!a) b();')).toEqual(['while ((a)) b();', 'while (!a) ;']);
  });

  it('change constants, answers and the words that code compares', () => {
    expect(mutated('const x = 0x10;')).toEqual(['const x = 17;']);
    expect(mutated('const x = true;')).toEqual(['const x = false;']);
    expect(mutated("function f() { return 'short'; }")).toEqual([
      'function f() { return undefined; }',
      "function f() { return ''; }",
    ]);
    expect(mutated('const f = () => a;')).toEqual(['const f = () => undefined;']);
  });

  it('leave types, messages and imports alone and only turn assertions round', () => {
    expect(mutated("import { a } from 'b';\ntype C = 1 | 2;\nconst message = 'd';")).toEqual([]);
    expect(mutated("throw new Error('a' + 1);")).toEqual([]);
    expect(mutated("assert(a < 1, 'b');")).toEqual(["assert(!(a < 1), 'b');"]);
  });

  it('say where they are and what they did', () => {
    expect(mutantsOf('a.ts', '\nfor (;;) i++;')).toMatchObject([
      { line: 2, what: 'i++; -> removed' },
      { line: 2, what: 'i++ -> i--' },
    ]);
  });
});
