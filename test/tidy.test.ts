/** The house rules that a machine can check, one test for each; docs in CONTRIBUTING.md. */
import { describe, expect, it } from 'vitest';
import { bannedGlobals, importArrow } from './tidy/arrow.ts';
import { EXCEPTIONS, MOST_EXCEPTIONS } from './tidy/exceptions.ts';
import type { Exception } from './tidy/exceptions.ts';
import * as laws from './tidy/laws.ts';
import type { Law, Offence } from './tidy/laws.ts';
import { parse, readTree } from './tidy/source-tree.ts';

const LAWS: Readonly<Record<string, Law>> = {
  'imports follow the arrow': importArrow,
  'each folder leaves alone what it must not touch': bannedGlobals,
  'functions have at most 60 lines': laws.functionLength,
  'source files have at most 300 lines, tests 500': laws.fileLength,
  'lines have at most 100 columns': laws.lineLength,
  'nothing is left over, skipped or silenced': laws.leftovers,
  'no any': laws.noAny,
  'only erasable syntax': laws.erasableSyntax,
  'file names are kebab-case': laws.fileNames,
  'no dead source files': laws.noDeadFiles,
};

const tree = readTree();

function isExcused(law: string, offence: Offence, exceptions: readonly Exception[]): boolean {
  return exceptions.some((entry) => entry.law === law && entry.path === offence.path);
}

describe('tidy', () => {
  it.each(Object.entries(LAWS))('%s', (name, law) => {
    const offences = law(tree).filter((offence) => !isExcused(name, offence, EXCEPTIONS));
    expect(offences.map(({ path, line, what }) => `${path}:${line} ${what}`)).toEqual([]);
  });

  it('the exception list only shrinks', () => {
    expect(EXCEPTIONS.length).toBeLessThanOrEqual(MOST_EXCEPTIONS);
    const needless = EXCEPTIONS.filter(({ law, path }) => {
      const offences = LAWS[law]?.(tree) ?? [];
      return !offences.some((offence) => offence.path === path);
    });
    expect(needless).toEqual([]);
  });
});

describe('the laws see what they forbid', () => {
  const offencesIn = (law: Law, path: string, text: string): string[] =>
    law([parse(path, text)]).map(({ line, what }) => `${line} ${what}`);

  it('an import against the arrow', () => {
    const text = "import { a } from '../util/a.ts';\nimport { b } from '../io/b.ts';\n";
    expect(offencesIn(importArrow, 'src/transport/x.ts', text)).toEqual([
      "2 '../io/b.ts': src/transport may import src/crypto, src/wire, src/util",
    ]);
    expect(offencesIn(importArrow, 'src/wire/x.ts', "import 'node:fs';")).toHaveLength(1);
    expect(offencesIn(importArrow, 'src/service/session.ts', "import 'node:fs';")).toHaveLength(1);
    expect(offencesIn(importArrow, 'src/service/file-store.ts', "import 'node:fs';")).toEqual([]);
    const database = "await import('libsql');";
    expect(offencesIn(importArrow, 'src/service/a/login.ts', database)).toHaveLength(1);
    expect(offencesIn(importArrow, 'src/service/a/database-store.ts', database)).toEqual([]);
    expect(offencesIn(importArrow, 'src/service/x.ts', "import 'node:dgram';")).toHaveLength(1);
    expect(offencesIn(importArrow, 'src/cli/x.ts', "import 'left-pad';")).toHaveLength(1);
  });

  it('a clock, chance or waiting in a pure folder', () => {
    const text = 'async function f() { await Date.now(); return Math.random(); }';
    expect(offencesIn(bannedGlobals, 'src/wire/x.ts', text)).toEqual([
      '1 async',
      '1 await',
      '1 Date',
      '1 Math.random',
    ]);
    expect(offencesIn(bannedGlobals, 'src/wire/x.ts', 'const a = { process: 1 }.process')).toEqual(
      [],
    );
    expect(offencesIn(bannedGlobals, 'src/io/x.ts', 'process.exit(1)')).toEqual(['1 process.exit']);
    expect(offencesIn(bannedGlobals, 'src/cli/x.ts', 'process.exit(1)')).toEqual([]);
  });

  it('long functions, files and lines', () => {
    const long = `function f() {\n${'g();\n'.repeat(60)}}\n`;
    expect(offencesIn(laws.functionLength, 'src/a.ts', long)).toEqual(['1 function of 62 lines']);
    const group = `describe('x', () => {\n${'g();\n'.repeat(60)}});\n`;
    expect(offencesIn(laws.functionLength, 'test/a.ts', group)).toEqual([]);
    expect(offencesIn(laws.fileLength, 'src/a.ts', 'a;\n'.repeat(300))).toEqual([]);
    expect(offencesIn(laws.fileLength, 'src/a.ts', 'a;\n'.repeat(301))).toHaveLength(1);
    expect(offencesIn(laws.fileLength, 'test/a.ts', 'a;\n'.repeat(301))).toEqual([]);
    expect(offencesIn(laws.lineLength, 'src/a.ts', 'a'.repeat(101))).toEqual(['1 101 columns']);
  });

  it('leftovers, enums, names and dead files', () => {
    const skipped = ['it.sk', "ip('x')\n// TO", 'DO later'].join('');
    expect(offencesIn(laws.leftovers, 'test/a.ts', skipped)).toHaveLength(2);
    expect(offencesIn(laws.noAny, 'src/a.ts', '// as any\nlet a: any;')).toEqual(['2 any']);
    const syntax = 'enum A { B }\nclass C { constructor(private readonly d: number) {} }';
    expect(offencesIn(laws.erasableSyntax, 'src/a.ts', syntax)).toEqual([
      '1 enum',
      '2 parameter property',
    ]);
    expect(offencesIn(laws.fileNames, 'src/someThing.ts', '')).toHaveLength(1);
    expect(offencesIn(laws.noDeadFiles, 'src/a.ts', '')).toHaveLength(1);
  });
});
