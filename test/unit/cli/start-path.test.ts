/**
 * What is loaded before a `get` sends its first datagram: every file costs half a millisecond of
 * processor time, and some packages tens of them.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { ROOT, importsOf, parse, walk } from '../../tidy/source-tree.ts';
import type { SourceFile } from '../../tidy/source-tree.ts';

/** Lines of imports that leave nothing behind when types are gone, or that wait to be asked. */
function idleLines(file: SourceFile): ReadonlySet<number> {
  const lines = new Set<number>();
  const lineOf = (node: ts.Node): number =>
    file.tree.getLineAndCharacterOfPosition(node.getStart(file.tree)).line + 1;
  walk(file, (node) => {
    if (
      ts.isImportDeclaration(node) &&
      node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
    ) {
      lines.add(lineOf(node.moduleSpecifier));
    }
    if (ts.isExportDeclaration(node) && node.isTypeOnly && node.moduleSpecifier !== undefined) {
      lines.add(lineOf(node.moduleSpecifier));
    }
    const isLater =
      ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
    const [first] = isLater ? node.arguments : [];
    if (first !== undefined) lines.add(lineOf(first));
    return undefined;
  });
  return lines;
}

const parsed = new Map<string, SourceFile>();

function fileAt(path: string): SourceFile {
  const file = parsed.get(path) ?? parse(path, readFileSync(join(ROOT, path), 'utf8'));
  parsed.set(path, file);
  return file;
}

/** Everything that importing `entry` loads: paths of our files, names of packages. */
function loadedBy(entry: string): ReadonlySet<string> {
  const loaded = new Set<string>();
  const visit = (path: string): void => {
    if (loaded.has(path)) return;
    loaded.add(path);
    const file = fileAt(path);
    const idle = idleLines(file);
    for (const { specifier, target, line } of importsOf(file)) {
      if (idle.has(line)) continue;
      if (target === undefined) loaded.add(specifier);
      else visit(target);
    }
  };
  visit(entry);
  return loaded;
}

const PACKAGES = ['yargs', 'pino', 'libsql', 'hash-wasm', 'sodium-native', '@napi-rs/blake-hash'];
const FOLDERS = ['src/sim/', 'src/cli/bench/', 'src/service/accounts/database'];
const FILES = [
  'src/service/server.ts',
  'src/io/listen.ts',
  'src/cli/parse-args.ts',
  'src/cli/tree-transfer.ts',
];

describe('the start of a transfer', () => {
  it.each(['src/cli/main.ts', 'src/cli/commands/get.ts', 'src/cli/commands/post.ts'])(
    'does not load with %s what it may not need',
    (entry) => {
      const loaded = [...loadedBy(entry)];
      const needless = loaded.filter(
        (name) =>
          PACKAGES.includes(name) ||
          FILES.includes(name) ||
          FOLDERS.some((folder) => name.startsWith(folder)),
      );
      expect(needless).toEqual([]);
      // The search itself works: it has followed imports, and has met a package.
      expect(loaded).toContain('src/service/error.ts');
      expect(loaded.length).toBeGreaterThan(20);
    },
  );

  it('would notice a package that is loaded at once', () => {
    expect(loadedBy('src/cli/parse-args.ts')).toContain('yargs');
  });
});
