/** Laws over one file or the whole tree. Each answers with its offences, `path:line what`. */
import ts from 'typescript';
import { importsOf, lineOf, walk } from './source-tree.ts';
import type { SourceFile } from './source-tree.ts';

export interface Offence {
  readonly path: string;
  readonly line: number;
  readonly what: string;
}

export type Law = (files: readonly SourceFile[]) => Offence[];

const MAX_FUNCTION_LINES = 60;
const MAX_SOURCE_LINES = 300;
const MAX_TEST_LINES = 500;
const MAX_COLUMNS = 100;

function isTest(file: SourceFile): boolean {
  return file.path.startsWith('test/');
}

function each(
  check: (file: SourceFile, offend: (line: number, what: string) => void) => void,
): Law {
  return (files) => {
    const found: Offence[] = [];
    for (const file of files) {
      check(file, (line, what) => found.push({ path: file.path, line, what }));
    }
    return found;
  };
}

export const fileLength: Law = each((file, offend) => {
  const limit = isTest(file) ? MAX_TEST_LINES : MAX_SOURCE_LINES;
  const count = file.lines.length - (file.lines.at(-1) === '' ? 1 : 0);
  if (count > limit) offend(count, `${count} lines, at most ${limit}`);
});

export const lineLength: Law = each((file, offend) => {
  file.lines.forEach((line, index) => {
    if (line.length > MAX_COLUMNS) offend(index + 1, `${line.length} columns`);
  });
});

/** A group of tests is a chapter, not a function: its length is the file's business. */
function isTestGroup(node: ts.Node): boolean {
  return (
    ts.isCallExpression(node.parent) &&
    /^describe\b/.test(node.parent.expression.getText()) &&
    node.parent.arguments.some((argument) => argument === node)
  );
}

export const functionLength: Law = each((file, offend) => {
  walk(file, (node) => {
    if (!ts.isFunctionLike(node) || !('body' in node) || isTestGroup(node)) return undefined;
    const first = lineOf(file, node);
    const last = file.tree.getLineAndCharacterOfPosition(node.getEnd()).line + 1;
    const count = last - first + 1;
    if (count > MAX_FUNCTION_LINES) offend(first, `function of ${count} lines`);
    return undefined;
  });
});

// Put together from halves, so that this file does not offend against itself.
const LEFTOVERS = [
  ['TO', 'DO'],
  ['FIX', 'ME'],
  ['XX', 'X\\b'],
  ['\\.sk', 'ip\\('],
  ['\\.sk', 'ipIf\\('],
  ['\\.on', 'ly\\('],
  ['\\.to', 'do\\('],
  ['\\.fa', 'ils\\('],
  ['eslint-', 'disable'],
  ['@ts-', 'ignore'],
  ['@ts-', 'expect-error'],
  ['@ts-', 'nocheck'],
  ['v8 ', 'ignore'],
  ['prettier-', 'ignore'],
].map(([left, right]) => new RegExp(`${left}${right}`));

export const leftovers: Law = each((file, offend) => {
  file.lines.forEach((line, index) => {
    for (const pattern of LEFTOVERS) {
      const match = pattern.exec(line);
      if (match !== null) offend(index + 1, `'${match[0]}'`);
    }
  });
});

/** `any` switches the compiler off; `unknown` and a check say the same honestly. */
export const noAny: Law = each((file, offend) => {
  walk(file, (node) => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) offend(lineOf(file, node), 'any');
    return undefined;
  });
});

/** Only syntax that a type stripper can erase: the build step should be able to vanish. */
export const erasableSyntax: Law = each((file, offend) => {
  walk(file, (node) => {
    if (ts.isEnumDeclaration(node)) offend(lineOf(file, node), 'enum');
    if (ts.isModuleDeclaration(node)) offend(lineOf(file, node), 'namespace');
    if (ts.isParameter(node) && ts.isParameterPropertyDeclaration(node, node.parent)) {
      offend(lineOf(file, node), 'parameter property');
    }
    return undefined;
  });
});

export const fileNames: Law = each((file, offend) => {
  const name = file.path.split('/').at(-1)!;
  if (!/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|bench|d))?\.ts$/.test(name)) offend(1, 'not kebab-case');
});

/**
 * Nothing lies about unused: every file under src must be reachable over imports from a program, a
 * script or a bench. The simulator serves the tests, so its files may be reached from there too.
 */
export const noDeadFiles: Law = (files) => {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const reached = new Set<string>();
  const visit = (path: string): void => {
    const file = byPath.get(path);
    if (file === undefined || reached.has(path)) return;
    reached.add(path);
    for (const { target } of importsOf(file)) {
      if (target !== undefined && target.startsWith('src/')) visit(target);
    }
  };
  for (const file of files) {
    if (/^(bin|scripts|bench)\//.test(file.path)) visit(file.path);
    if (!isTest(file)) continue;
    for (const { target } of importsOf(file)) {
      if (target !== undefined && target.startsWith('src/sim/')) visit(target);
    }
  }
  return files
    .filter((file) => file.path.startsWith('src/') && !reached.has(file.path))
    .map((file) => ({ path: file.path, line: 1, what: 'nothing that runs imports it' }));
};
