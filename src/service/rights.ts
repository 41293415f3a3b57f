/**
 * What an account may do with what, folder by folder: the one place that everything asks which
 * reads or changes files for a client.
 */
import type { Access } from './access.ts';
import { EXIT, LftpError } from './error.ts';
import { pathText } from './path.ts';
import type { RemotePath } from './path.ts';

/**
 * `read`: what is in a file. `write`: new files, and others in place of those that are there.
 * `delete` and `rename`: files and folders. `mkdir`: new folders. `list`: the names in a folder,
 * and what a name stands for.
 */
export const RIGHTS = ['read', 'write', 'delete', 'rename', 'mkdir', 'list'] as const;
export type Right = (typeof RIGHTS)[number];

/** What is said about a folder and all that is in it; of a right in neither list, nothing. */
export interface PathRule {
  readonly path: RemotePath;
  readonly allowed: readonly Right[];
  readonly denied: readonly Right[];
}

/** Whoever a session acts for; rules are looked up at each question: a change acts at once. */
export interface RightsHolder {
  readonly access: Access;
  readonly rules?: readonly PathRule[] | undefined;
}

/** Where files may be dropped with `--anonymous=drop` (P-LOGIN-09). */
export const INCOMING = 'incoming';

/**
 * P-ACCT-01: of the rules that say something about `right` and lead to `path`, the longest wins.
 * @param path as the account sees it, checked
 */
export function may(holder: RightsHolder, right: Right, path: RemotePath): boolean {
  if (!mayByAccess(holder.access, right, path)) return false;
  let longest = -1;
  let isAllowed = true;
  for (const rule of holder.rules ?? []) {
    if (rule.path.length <= longest || !leadsTo(rule.path, path)) continue;
    if (!rule.denied.includes(right) && !rule.allowed.includes(right)) continue;
    longest = rule.path.length;
    isAllowed = rule.allowed.includes(right);
  }
  return isAllowed;
}

/** The same for `path` and everything below it: what a whole tree is done to has to be. */
export function mayBelow(holder: RightsHolder, right: Right, path: RemotePath): boolean {
  const inside = (holder.rules ?? []).filter((rule) => leadsTo(path, rule.path));
  return may(holder, right, path) && inside.every((rule) => may(holder, right, rule.path));
}

/**
 * Whether what is at `from` may be called `to`. P-ACCT-02: nothing is moved out from under a rule,
 * or whoever may rename could read what is kept from it.
 */
export function mayMove(holder: RightsHolder, from: RemotePath, to: RemotePath): boolean {
  if (!may(holder, 'rename', from) || !may(holder, 'rename', to)) return false;
  const isRuled = (holder.rules ?? []).some(({ path }) => path.length > 0 && leadsTo(from, path));
  const isGained = (right: Right): boolean => may(holder, right, to) && !may(holder, right, from);
  return !isRuled && !RIGHTS.some(isGained);
}

/** Why `right` is not to be had at `path`, if so. */
export function refusal(
  holder: RightsHolder,
  right: Right,
  path: RemotePath,
): LftpError | undefined {
  return may(holder, right, path) ? undefined : refusedError(VERBS[right], path);
}

/** Why nothing is moved, if so. */
export function moveRefusal(
  holder: RightsHolder,
  from: RemotePath,
  to: RemotePath,
): LftpError | undefined {
  return mayMove(holder, from, to) ? undefined : refusedError(VERBS.rename, from);
}

const VERBS: Readonly<Record<Right, string>> = {
  read: 'read',
  write: 'write',
  delete: 'delete',
  rename: 'rename',
  mkdir: 'make a folder',
  list: 'list',
};

function refusedError(verb: string, path: RemotePath): LftpError {
  return new LftpError(EXIT.REFUSED, 'local', `you may not ${verb} here`, {
    path: pathText(path),
    hint: 'Whoever runs the server can allow it with lftp user set.',
  });
}

/** Rights of the folder as a whole, before any rule of an account. */
function mayByAccess(access: Access, right: Right, path: RemotePath): boolean {
  if (access === 'rw') return true;
  const isReading = right === 'read' || right === 'list';
  if (access === 'ro') return isReading;
  // Where the file system does not tell large letters from small ones, it is the same folder.
  const isIncoming = path[0]?.toLowerCase() === INCOMING;
  if (isReading) return !isIncoming;
  return path[0] === INCOMING && (right === 'write' || right === 'mkdir');
}

function leadsTo(folder: RemotePath, path: RemotePath): boolean {
  return folder.length <= path.length && folder.every((name, index) => name === path[index]);
}
