/** A clock that all processes and threads of one machine read alike. */

/** Milliseconds, monotonic; only differences mean something. */
export function sharedNowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
