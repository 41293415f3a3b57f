/** The flags of `lftp user set`: what is to be different about an account. */
import { isContrary, parseFolder, parseRights } from '../service/accounts/account-rules.ts';
import type { AccountChange } from '../service/accounts/account-store.ts';
import { parseHome } from '../service/accounts/account-name.ts';
import type { FlagSource } from './flag-source.ts';
import { parseBitRate, parseBytes, parseDuration } from './units.ts';
import { UsageError } from './usage-error.ts';

/** Takes a limit away. */
const NONE = 'none';

/** Later ones have more than four digits in their year, and nobody means them. */
const LATEST_DATE_MS = Date.UTC(10_000, 0, 1);

const RIGHTS_WHAT = 'list of rights, such as read,list or all:/folder';

/** @throws UsageError, also when there is nothing to change; LftpError 2 for a bad home */
export function readAccountChange(source: FlagSource, nowMs: number): AccountChange {
  const rights = {
    allow: source.parsed('allow', parseRights, RIGHTS_WHAT),
    deny: source.parsed('deny', parseRights, RIGHTS_WHAT),
    inherit: source.parsed('inherit', parseFolder, 'folder such as /inbox'),
  };
  if (isContrary(rights)) throw new UsageError('--allow and --deny say two things about one right');
  const home = source.text('home');
  const change: AccountChange = {
    home: home === undefined ? undefined : parseHome(home),
    isDisabled: disabled(source.isSet('disable'), source.isSet('enable')),
    rights: given(rights),
    limits: given({
      quotaBytes: source.parsed('quota', size, `size such as 10GB, or ${NONE}`),
      quotaFiles: source.parsed('quota-files', files, `number of files, or ${NONE}`),
      bytesPerSecond: source.parsed('rate', rate, `rate such as 50Mbit or 6MB, or ${NONE}`),
      maxSessions: source.parsed('sessions', count, `number of sessions, or ${NONE}`),
      expiresMs: source.parsed('expires', (text) => date(text, nowMs), DATE_WHAT),
    }),
  };
  if (given(change) !== undefined) return change;
  throw new UsageError('there is nothing to change', 'lftp user set --help shows what can be.');
}

const DATE_WHAT = `date such as 2030-12-31, time from now on such as 30d, or ${NONE}`;

/** Undefined when nothing in it is said. */
function given<T extends object>(values: T): T | undefined {
  return Object.values(values).some((value) => value !== undefined) ? values : undefined;
}

function disabled(isDisabled: boolean, isEnabled: boolean): boolean | undefined {
  if (isDisabled && isEnabled) throw new UsageError('--disable and --enable exclude each other');
  return isDisabled || isEnabled ? isDisabled : undefined;
}

function size(text: string): number | null | undefined {
  return text === NONE ? null : parseBytes(text);
}

function files(text: string): number | null | undefined {
  if (text === NONE) return null;
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

function rate(text: string): number | null | undefined {
  if (text === NONE) return null;
  const bytesPerSecond = Math.round((parseBitRate(text) ?? 0) / 8);
  return bytesPerSecond > 0 ? bytesPerSecond : undefined;
}

function count(text: string): number | null | undefined {
  if (text === NONE) return null;
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined;
}

/** A day begins at midnight UTC, and ends no account's time later than that. */
function date(text: string, nowMs: number): number | null | undefined {
  if (text === NONE) return null;
  const isDate = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const durationMs = /[a-z]$/i.test(text) ? parseDuration(text) : undefined;
  const dateMs = isDate ? Date.parse(text) : nowMs + (durationMs ?? NaN);
  return dateMs < LATEST_DATE_MS ? Math.round(dateMs) : undefined;
}
