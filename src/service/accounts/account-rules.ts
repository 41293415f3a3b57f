/** The rules about an account's rights: as they are typed, kept and changed. */
import { EXIT, LftpError } from '../error.ts';
import { MAX_ACCOUNT_RULES } from '../limits.ts';
import { pathFault, pathText } from '../path.ts';
import type { RemotePath } from '../path.ts';
import { RIGHTS } from '../rights.ts';
import type { PathRule, Right } from '../rights.ts';
import type { AccountDatabase } from './database-store.ts';
import { textOf } from './row-fields.ts';

/** Rights of one folder and all that is in it. */
export interface RightsAt {
  readonly path: RemotePath;
  readonly rights: readonly Right[];
}

/** What is said anew; the rest stays. */
export interface RightsChange {
  readonly allow?: RightsAt | undefined;
  readonly deny?: RightsAt | undefined;
  /** A folder about which nothing is said any more. */
  readonly inherit?: RemotePath | undefined;
}

/** `read,list`, `all`, `write:/inbox`. Undefined: nothing of the kind. */
export function parseRights(text: string): RightsAt | undefined {
  const [, names = '', , folder] = /^([^:]*)(:(.*))?$/s.exec(text) ?? [];
  const path = folder === undefined ? [] : parseFolder(folder);
  const words = names.split(',').map((word) => word.trim());
  if (path === undefined) return undefined;
  if (words.length === 1 && words[0] === 'all') return { path, rights: RIGHTS };
  const rights = RIGHTS.filter((right) => words.includes(right));
  return rights.length === words.length ? { path, rights } : undefined;
}

/** A folder as the account sees it: `/`, `/a/b`, `a/b/`. Undefined: none. */
export function parseFolder(text: string): RemotePath | undefined {
  if (text === '') return undefined;
  const path = text.replace(/^\//, '').replace(/\/$/, '').split('/');
  if (path.length === 1 && path[0] === '') return [];
  return pathFault(path) === undefined ? path : undefined;
}

/** As {@link parseRights} takes it, but for the two kinds. */
export function rulesText(rules: readonly PathRule[]): string {
  const part = (verb: string, rights: readonly Right[], path: RemotePath): string[] =>
    rights.length === 0 ? [] : [`${verb} ${namesOf(rights)}:${pathText(path)}`];
  return rules
    .flatMap(({ path, allowed, denied }) => [
      ...part('deny', denied, path),
      ...part('allow', allowed, path),
    ])
    .join(', ');
}

function namesOf(rights: readonly Right[]): string {
  return rights.length === RIGHTS.length ? 'all' : rights.join(',');
}

export class AccountRules {
  private readonly database: AccountDatabase;

  constructor(database: AccountDatabase) {
    this.database = database;
  }

  /** @param account number of its row */
  of(account: number): readonly PathRule[] {
    const sql = 'SELECT * FROM account_rule WHERE account = ? ORDER BY path';
    return this.database.rows(sql, account).map((row) => {
      const path = textOf(row, 'path');
      return {
        path: path === '' ? [] : path.split('/'),
        allowed: rightsOf(textOf(row, 'allowed')),
        denied: rightsOf(textOf(row, 'denied')),
      };
    });
  }

  /** To be called inside a transaction. @throws LftpError 2 when there are too many */
  change(account: number, change: RightsChange): void {
    const rules = changedRules(this.of(account), change);
    if (rules.length > MAX_ACCOUNT_RULES) throw tooManyRules();
    this.database.run('DELETE FROM account_rule WHERE account = ?', account);
    for (const { path, allowed, denied } of rules) {
      const values = [path.join('/'), allowed.join(','), denied.join(',')];
      this.database.run('INSERT INTO account_rule VALUES (?, ?, ?, ?)', account, ...values);
    }
  }
}

/** What is said about all rights comes before what is said about one of them. */
export function changedRules(
  rules: readonly PathRule[],
  { allow, deny, inherit }: RightsChange,
): readonly PathRule[] {
  const byPath = new Map(rules.map((rule) => [rule.path.join('/'), rule]));
  if (inherit !== undefined) byPath.delete(inherit.join('/'));
  const steps = [
    { said: allow, isAllowed: true },
    { said: deny, isAllowed: false },
  ].sort((a, b) => (b.said?.rights.length ?? 0) - (a.said?.rights.length ?? 0));
  for (const { said, isAllowed } of steps) {
    if (said === undefined) continue;
    const key = said.path.join('/');
    const { allowed = [], denied = [] } = byPath.get(key) ?? {};
    const others = (rights: readonly Right[]): readonly Right[] =>
      rights.filter((right) => !said.rights.includes(right));
    const more = (rights: readonly Right[]): readonly Right[] =>
      RIGHTS.filter((right) => said.rights.includes(right) || rights.includes(right));
    byPath.set(key, {
      path: said.path,
      allowed: isAllowed ? more(allowed) : others(allowed),
      denied: isAllowed ? others(denied) : more(denied),
    });
  }
  return [...byPath.values()];
}

/** Whether one right of one folder is both given and kept back. */
export function isContrary({ allow, deny }: RightsChange): boolean {
  if (allow === undefined || deny === undefined) return false;
  if (allow.path.join('/') !== deny.path.join('/')) return false;
  const isAll = ({ rights }: RightsAt): boolean => rights.length === RIGHTS.length;
  if (isAll(allow) !== isAll(deny)) return false;
  return allow.rights.some((right) => deny.rights.includes(right));
}

function rightsOf(text: string): readonly Right[] {
  return RIGHTS.filter((right) => text.split(',').includes(right));
}

function tooManyRules(): LftpError {
  const text = `an account has rules about at most ${MAX_ACCOUNT_RULES} folders`;
  return new LftpError(EXIT.USAGE, 'local', text, {
    hint: 'Take one away first: lftp user set NAME --inherit FOLDER',
  });
}
