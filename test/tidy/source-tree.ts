/** The tree as the tidy test sees it: every source file, parsed once. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface SourceFile {
  /** Path from the root of the project, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
  readonly tree: ts.SourceFile;
}

export interface Import {
  /** As written: `../util/assert.ts`, `node:fs`. */
  readonly specifier: string;
  readonly line: number;
  /** Path from the root for a relative import. */
  readonly target: string | undefined;
}

const FOLDERS = ['src', 'bin', 'bench', 'scripts', 'test'];

function filesUnder(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
}

export function parse(path: string, text: string): SourceFile {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
  return { path, text, lines: text.split('\n'), tree };
}

export function readTree(): SourceFile[] {
  return FOLDERS.flatMap(filesUnder).map((path) =>
    parse(path, readFileSync(join(ROOT, path), 'utf8')),
  );
}

export function lineOf(file: SourceFile, node: ts.Node): number {
  return file.tree.getLineAndCharacterOfPosition(node.getStart(file.tree)).line + 1;
}

/** Calls `visit` for every node of the file; a visitor answers false to leave a subtree out. */
export function walk(file: SourceFile, visit: (node: ts.Node) => boolean | undefined): void {
  const step = (node: ts.Node): void => {
    if (visit(node) !== false) ts.forEachChild(node, step);
  };
  step(file.tree);
}

/** Static and dynamic imports and re-exports; a dynamic one counts when its text is a literal. */
export function importsOf(file: SourceFile): Import[] {
  const found: Import[] = [];
  const add = (specifier: ts.Expression | undefined): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const text = specifier.text;
    const target = text.startsWith('.')
      ? relative(ROOT, resolve(ROOT, dirname(file.path), text)).replaceAll('\\', '/')
      : undefined;
    found.push({ specifier: text, line: lineOf(file, specifier), target });
  };
  walk(file, (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node.moduleSpecifier);
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0]);
    }
    return undefined;
  });
  return found;
}
