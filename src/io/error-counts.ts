/** How often each error of a socket struck. */

/** Error codes told apart; any others are counted together. */
export const ERROR_CODES_COUNTED = 32;

export class ErrorCounts {
  /** By the system's code, as in `ECONNREFUSED`. */
  readonly byCode = new Map<string, number>();

  count(code: string): void {
    const { byCode } = this;
    const isNew = !byCode.has(code);
    const name = isNew && byCode.size >= ERROR_CODES_COUNTED ? 'OTHER' : code;
    byCode.set(name, (byCode.get(name) ?? 0) + 1);
  }
}

/** The system's code, else the name of the error. */
export function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.name;
}
