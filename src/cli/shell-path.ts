/** Paths as they are typed in the shell: against the folder that one is in. */
import type { RemotePath } from '../service/path.ts';

export interface TypedPath {
  readonly path: RemotePath;
  /** It ended in a slash, or can only be a folder. */
  readonly isFolder: boolean;
}

/** Unlike in an address, `.` and `..` mean what they mean to people; above `/` there is `/`. */
export function resolvePath(cwd: RemotePath, text: string): TypedPath {
  const parts = text.split('/');
  const path: string[] = text.startsWith('/') ? [] : [...cwd];
  for (const part of parts) {
    if (part === '..') path.pop();
    else if (part !== '' && part !== '.') path.push(part);
  }
  const last = parts.at(-1) ?? '';
  return { path, isFolder: path.length === 0 || ['', '.', '..'].includes(last) };
}

/** How a path is typed so that the shell reads the same again. */
export function quoteWord(text: string): string {
  return text.replace(/[\s"'\\;#*?[\]]/g, (letter) => `\\${letter}`);
}
