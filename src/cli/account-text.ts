/** An account as it is shown: fields of an event, a row of a list, and all that there is to say. */
import { rulesText } from '../service/accounts/account-rules.ts';
import type { Account } from '../service/accounts/account-store.ts';
import { displayText } from '../service/display.ts';
import { pathText } from '../service/path.ts';
import { formatBitRate, formatBytes } from './units.ts';

export function accountFields(account: Account): object {
  const { name, home, createdMs, isDisabled, hasPassword, keys, rules, limits } = account;
  return {
    name,
    home: pathText(home),
    created: createdMs / 1000,
    disabled: isDisabled,
    password: hasPassword,
    keys: keys.map(({ fingerprint, comment, addedMs }) => ({
      fingerprint,
      comment,
      added: addedMs / 1000,
    })),
    rules: rules.map(({ path, allowed, denied }) => ({ path: pathText(path), allowed, denied })),
    quotaBytes: limits.quotaBytes ?? null,
    quotaFiles: limits.quotaFiles ?? null,
    bytesPerSecond: limits.bytesPerSecond ?? null,
    sessions: limits.maxSessions ?? null,
    expires: limits.expiresMs === undefined ? null : limits.expiresMs / 1000,
  };
}

export function accountTable(accounts: readonly Account[]): string {
  const rows = accounts.flatMap((account) => {
    const { name, home, isDisabled } = account;
    const row = `${name.padEnd(16)} ${pathText(home).padEnd(24)} ${waysIn(account)}`;
    const more = [...limitTexts(account), ...rightsTexts(account)].map((text) => `  ${text}`);
    return [isDisabled ? `${row}, disabled` : row, ...keyLines(account), ...more];
  });
  return rows.length === 0 ? 'There is no account.' : rows.join('\n');
}

/** Everything about one, line by line. */
export function accountPage(account: Account): string {
  const { name, home, isDisabled, createdMs } = account;
  return [
    `name      ${name}${isDisabled ? ', disabled' : ''}`,
    `home      ${pathText(home)} of the served folder`,
    `since     ${new Date(createdMs).toISOString()}`,
    `login     ${waysIn(account)}`,
    ...keyLines(account),
    `rights    ${rightsTexts(account).join('') || 'all'}`,
    `limits    ${limitTexts(account).join(', ') || 'none'}`,
  ].join('\n');
}

function waysIn({ hasPassword, keys }: Account): string {
  const ways = [hasPassword ? 'password' : '', keys.length > 0 ? `keys: ${keys.length}` : ''];
  return ways.filter((way) => way !== '').join(', ') || 'no way to log in';
}

function keyLines({ keys }: Account): readonly string[] {
  return keys.map((key) => `  ${key.fingerprint} ${displayText(key.comment)}`.trimEnd());
}

function rightsTexts({ rules }: Account): readonly string[] {
  return rules.length === 0 ? [] : [rulesText(rules)];
}

function limitTexts({ limits }: Account): readonly string[] {
  const { quotaBytes, quotaFiles, bytesPerSecond, maxSessions, expiresMs } = limits;
  return [
    quotaBytes === undefined ? '' : `quota: ${formatBytes(quotaBytes)}`,
    quotaFiles === undefined ? '' : `files: ${quotaFiles}`,
    bytesPerSecond === undefined ? '' : `rate: ${formatBitRate(8 * bytesPerSecond)}`,
    maxSessions === undefined ? '' : `sessions: ${maxSessions}`,
    expiresMs === undefined ? '' : `expires: ${new Date(expiresMs).toISOString()}`,
  ].filter((text) => text !== '');
}
