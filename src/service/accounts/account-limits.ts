/** How much an account may have and use; what is undefined has no limit. */
import type { Row, SqlValue } from './database-store.ts';
import { numberOf } from './row-fields.ts';

export interface AccountLimits {
  /** Of the files in its home. */
  readonly quotaBytes: number | undefined;
  readonly quotaFiles: number | undefined;
  /** Of all its sessions, each way. */
  readonly bytesPerSecond: number | undefined;
  readonly maxSessions: number | undefined;
  /** ms since 1970: from then on nobody comes in by it. */
  readonly expiresMs: number | undefined;
}

/** Null takes a limit away; what is undefined stays. */
export type LimitsChange = { readonly [K in keyof AccountLimits]?: number | null | undefined };

export const NO_LIMITS: AccountLimits = {
  quotaBytes: undefined,
  quotaFiles: undefined,
  bytesPerSecond: undefined,
  maxSessions: undefined,
  expiresMs: undefined,
};

const COLUMNS = {
  quotaBytes: 'quota_bytes',
  quotaFiles: 'quota_files',
  bytesPerSecond: 'bytes_per_second',
  maxSessions: 'max_sessions',
  expiresMs: 'expires_ms',
} as const satisfies Record<keyof AccountLimits, string>;

export type LimitColumn = (typeof COLUMNS)[keyof AccountLimits];

/** @param row of the table `account` */
export function limitsOf(row: Row): AccountLimits {
  const limit = (column: LimitColumn): number | undefined =>
    row[column] === null ? undefined : numberOf(row, column);
  return {
    quotaBytes: limit(COLUMNS.quotaBytes),
    quotaFiles: limit(COLUMNS.quotaFiles),
    bytesPerSecond: limit(COLUMNS.bytesPerSecond),
    maxSessions: limit(COLUMNS.maxSessions),
    expiresMs: limit(COLUMNS.expiresMs),
  };
}

/** Columns and what they become. */
export function limitUpdates(change: LimitsChange): readonly (readonly [LimitColumn, SqlValue])[] {
  const names = Object.keys(COLUMNS) as (keyof AccountLimits)[];
  return names.flatMap((name) => {
    const value = change[name];
    return value === undefined ? [] : [[COLUMNS[name], value] as const];
  });
}
