/** What `--overwrite` means, the same for a `get` and a `post` (P-SVC-13). */
import type { OverwriteRule } from './messages.ts';

export interface FileTimes {
  readonly sizeBytes: number | null;
  /** ms since 1970 */
  readonly mtimeMs: number;
}

/** File systems keep times to different fractions; closer than this counts as the same. */
const SAME_TIME_MS = 1;

/** Whether `source` may replace a `target` that is there. */
export function mayReplace(rule: OverwriteRule, source: FileTimes, target: FileTimes): boolean {
  switch (rule) {
    case 'never':
      return false;
    case 'always':
      return true;
    case 'older':
      return target.mtimeMs < source.mtimeMs - SAME_TIME_MS;
    case 'differ':
      return (
        target.sizeBytes !== source.sizeBytes ||
        Math.abs(target.mtimeMs - source.mtimeMs) > SAME_TIME_MS
      );
  }
}
