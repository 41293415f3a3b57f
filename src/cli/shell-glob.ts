/** `*`, `?` and `[…]` in names, on the server and here. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { displayText } from '../service/display.ts';
import { asError, EXIT, LftpError } from '../service/error.ts';
import type { RemoteEntry } from '../service/operations/remote-entry.ts';
import type { RemotePath } from '../service/path.ts';

export function hasGlob(text: string): boolean {
  return /[*?[]/.test(text);
}

/**
 * Whether a name is meant by a pattern. A dot at its beginning has to be written. Runs in time
 * proportional to both lengths: a name comes from a stranger.
 */
export function matchesGlob(pattern: string, name: string): boolean {
  if (name === pattern) return true;
  if (name.startsWith('.') && !pattern.startsWith('.')) return false;
  const tokens = tokensOf(pattern);
  let [at, token] = [0, 0];
  let star: { readonly at: number; readonly token: number } | undefined;
  while (at < name.length) {
    const present = tokens[token];
    if (present === '*') {
      star = { at, token };
      token += 1;
    } else if (present?.(name.charAt(at)) === true) {
      at += 1;
      token += 1;
    } else if (star !== undefined) {
      // The last star takes one letter more.
      star = { at: star.at + 1, token: star.token };
      at = star.at;
      token = star.token + 1;
    } else return false;
  }
  return tokens.slice(token).every((rest) => rest === '*');
}

type Token = '*' | ((letter: string) => boolean);

function tokensOf(pattern: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const letter = pattern.charAt(at);
    const set = letter === '[' ? /^\[([!^]?)(.[^\]]*)\]/s.exec(pattern.slice(at)) : null;
    if (set !== null) {
      const [all, not = '', letters = ''] = set;
      tokens.push((candidate) => isInSet(letters, candidate) === (not === ''));
      at += all.length - 1;
    } else if (letter === '*') tokens.push('*');
    else if (letter === '?') tokens.push(() => true);
    else tokens.push((candidate) => candidate === letter);
  }
  return tokens;
}

/** `abc` or `a-c`. */
function isInSet(letters: string, candidate: string): boolean {
  for (let at = 0; at < letters.length; at += 1) {
    const from = letters.charAt(at);
    const to = letters.charAt(at + 1) === '-' ? letters.charAt(at + 2) : '';
    if (to === '') {
      if (candidate === from) return true;
      continue;
    }
    if (candidate >= from && candidate <= to) return true;
    at += 2;
  }
  return false;
}

/** Lists a folder of the server. */
export type ListRemote = (path: RemotePath) => AsyncIterable<RemoteEntry>;

/**
 * The paths that a pattern means, in the order of their names; without a wildcard, `path` itself.
 * @throws LftpError 4 when nothing is meant
 */
export async function expandRemote(path: RemotePath, list: ListRemote): Promise<RemotePath[]> {
  let found: RemotePath[] = [[]];
  for (const [depth, component] of path.entries()) {
    if (!hasGlob(component)) {
      found = found.map((upper) => [...upper, component]);
      continue;
    }
    const isLast = depth === path.length - 1;
    const next: RemotePath[] = [];
    for (const upper of found) {
      for await (const { name, kind } of list(upper)) {
        if (!isLast && kind !== 'folder') continue;
        if (matchesGlob(component, name)) next.push([...upper, name]);
      }
    }
    found = next;
  }
  if (found.length > 0) return found;
  throw noMatchError(EXIT.MISSING, 'remote', path.join('/'));
}

/** The same among the files of this machine. @throws LftpError 14 when nothing is meant */
export async function expandLocal(pattern: string): Promise<string[]> {
  if (!hasGlob(pattern)) return [pattern];
  const parts = pattern.split('/');
  let found = [pattern.startsWith('/') ? '/' : ''];
  for (const [depth, part] of parts.entries()) {
    if (part === '') continue;
    if (!hasGlob(part)) {
      found = found.map((upper) => join(upper, part));
      continue;
    }
    const isLast = depth === parts.length - 1;
    const next: string[] = [];
    for (const upper of found) {
      for (const { name, isFolder } of await namesIn(upper)) {
        if ((isLast || isFolder) && matchesGlob(part, name)) next.push(join(upper, name));
      }
    }
    found = next;
  }
  if (found.length > 0) return found;
  throw noMatchError(EXIT.LOCAL_IO, 'local', pattern);
}

async function namesIn(folder: string) {
  try {
    const entries = await readdir(folder === '' ? '.' : folder, { withFileTypes: true });
    const names = entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
    return names.sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw new LftpError(EXIT.LOCAL_IO, 'local', asError(error).message, { path: folder });
  }
}

function noMatchError(code: number, where: 'local' | 'remote', pattern: string): LftpError {
  return new LftpError(code, where, 'no name fits the pattern', { path: displayText(pattern) });
}
