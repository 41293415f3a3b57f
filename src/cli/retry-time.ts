/** Without a new byte for this long a command gives up, unless `--retry-time` says otherwise. */
export const DEFAULT_RETRY_TIME_MS = 900_000;
