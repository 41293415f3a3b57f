/** The import arrow and the banned globals, from layers.json. */
import { readFileSync } from 'node:fs';
import ts from 'typescript';
import type { Law, Offence } from './laws.ts';
import { importsOf, lineOf, walk } from './source-tree.ts';
import type { Import, SourceFile } from './source-tree.ts';

interface Layer {
  /** Folders, or single files of folders that are otherwise out of reach. */
  readonly imports: readonly string[];
  /** Clock, chance, output and asynchrony are handed in: nothing of the platform is touched. */
  readonly pure?: boolean;
  /** Packages and built-in modules, `*` as a wildcard. */
  readonly modules?: readonly string[];
  readonly bannedModules?: readonly string[];
  /** Modules that only files with a certain word in their path touch. */
  readonly onlyIn?: Readonly<Record<string, string>>;
  readonly bannedGlobals?: readonly string[];
  readonly bannedMembers?: readonly string[];
}

interface Layers {
  readonly pureGlobals: readonly string[];
  readonly layers: Readonly<Record<string, Layer>>;
}

export const LAYERS = JSON.parse(
  readFileSync(new URL('layers.json', import.meta.url), 'utf8'),
) as Layers;

function layerOf(path: string): [folder: string, layer: Layer] | undefined {
  return Object.entries(LAYERS.layers).find(([folder]) => path.startsWith(`${folder}/`));
}

function isWithin(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`);
}

function matches(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function importFault(
  path: string,
  folder: string,
  layer: Layer,
  found: Import,
): string | undefined {
  const { specifier, target } = found;
  if (target !== undefined) {
    if (!target.endsWith('.ts')) return `'${specifier}' does not name its file`;
    const allowed = [folder, ...layer.imports].some((place) => isWithin(target, place));
    return allowed ? undefined : `'${specifier}': ${folder} may import ${layer.imports.join(', ')}`;
  }
  if (layer.bannedModules?.includes(specifier) === true) return `'${specifier}' in ${folder}`;
  const known = (layer.modules ?? []).some((pattern) => matches(specifier, pattern));
  if (!known) return `'${specifier}' in ${folder}`;
  const rule = Object.entries(layer.onlyIn ?? {}).find(([pattern]) => matches(specifier, pattern));
  if (rule === undefined || path.split('/').some(has(rule[1]))) return undefined;
  return `'${specifier}' outside the ${rule[1]}`;
}

function has(word: string): (part: string) => boolean {
  return (part) => part.includes(word);
}

export const importArrow: Law = (files) =>
  files.flatMap((file) => {
    const [folder, layer] = layerOf(file.path) ?? [];
    if (folder === undefined || layer === undefined) return [];
    return importsOf(file).flatMap((found): Offence[] => {
      const what = importFault(file.path, folder, layer, found);
      return what === undefined ? [] : [{ path: file.path, line: found.line, what }];
    });
  });

/** True for a name that stands for a value here, not for a property, a key or a type. */
function isFreeName(node: ts.Identifier): boolean {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) return false;
  if (ts.isPropertyAssignment(parent) && parent.name === node) return false;
  if (ts.isQualifiedName(parent) || ts.isJSDoc(parent)) return false;
  const declares =
    ts.isPropertySignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isGetAccessorDeclaration(parent) ||
    ts.isSetAccessorDeclaration(parent) ||
    ts.isBindingElement(parent);
  return !declares;
}

function globalFaults(file: SourceFile, layer: Layer): Offence[] {
  const found: Offence[] = [];
  const names = new Set(layer.pure === true ? LAYERS.pureGlobals : (layer.bannedGlobals ?? []));
  const members = new Set(layer.pure === true ? ['Math.random'] : (layer.bannedMembers ?? []));
  const offend = (node: ts.Node, what: string): void => {
    found.push({ path: file.path, line: lineOf(file, node), what });
  };
  walk(file, (node) => {
    if (ts.isIdentifier(node) && names.has(node.text) && isFreeName(node)) offend(node, node.text);
    if (ts.isPropertyAccessExpression(node) && members.has(node.getText())) {
      offend(node, node.getText());
    }
    if (layer.pure === true && node.kind === ts.SyntaxKind.AsyncKeyword) offend(node, 'async');
    if (layer.pure === true && ts.isAwaitExpression(node)) offend(node, 'await');
    return undefined;
  });
  return found;
}

export const bannedGlobals: Law = (files) =>
  files.flatMap((file) => {
    const layer = layerOf(file.path)?.[1];
    return layer === undefined ? [] : globalFaults(file, layer);
  });
