/**
 * The one error type at the edge of the program: what happened, where, and the next step.
 *
 * Numbers 1…63 travel on the wire (wire/codes.ts ERROR) and are exit codes too, so that a script
 * reads the same number whichever side noticed the failure.
 */

/** Exit codes of the command line; 1…21 are also error codes of answers on the wire. */
export const EXIT = {
  OK: 0,
  OTHER: 1,
  USAGE: 2,
  SOME_FAILED: 3,
  MISSING: 4,
  TEMPORARY: 5,
  RESOLVE: 6,
  NO_ANSWER: 7,
  LOGIN: 8,
  HOST_KEY: 9,
  REFUSED: 10,
  NO_SPACE: 11,
  VERIFICATION: 12,
  PROTOCOL: 13,
  LOCAL_IO: 14,
  REMOTE_IO: 15,
  SOURCE_CHANGED: 16,
  SILENT: 17,
  EXISTS: 18,
  DEADLINE: 20,
  BUSY: 21,
  INTERRUPTED: 130,
  STDOUT_CLOSED: 141,
  TERMINATED: 143,
} as const;

/** Stable names: scripts match them, so a name once given never changes. */
const CODE_NAMES = new Map<number, string>([
  [EXIT.OTHER, 'other'],
  [EXIT.USAGE, 'usage'],
  [EXIT.SOME_FAILED, 'some-failed'],
  [EXIT.MISSING, 'missing'],
  [EXIT.TEMPORARY, 'temporary'],
  [EXIT.RESOLVE, 'resolve'],
  [EXIT.NO_ANSWER, 'no-answer'],
  [EXIT.LOGIN, 'login'],
  [EXIT.HOST_KEY, 'host-key'],
  [EXIT.REFUSED, 'refused'],
  [EXIT.NO_SPACE, 'no-space'],
  [EXIT.VERIFICATION, 'verification'],
  [EXIT.PROTOCOL, 'protocol'],
  [EXIT.LOCAL_IO, 'local-io'],
  [EXIT.REMOTE_IO, 'remote-io'],
  [EXIT.SOURCE_CHANGED, 'source-changed'],
  [EXIT.SILENT, 'silent'],
  [EXIT.EXISTS, 'exists'],
  [EXIT.DEADLINE, 'deadline'],
  [EXIT.BUSY, 'busy'],
  [EXIT.INTERRUPTED, 'interrupted'],
  [EXIT.STDOUT_CLOSED, 'stdout-closed'],
  [EXIT.TERMINATED, 'terminated'],
]);

/** Failures that the same command may outlive if it is tried again later. */
const TEMPORARY_CODES: ReadonlySet<number> = new Set([
  EXIT.TEMPORARY,
  EXIT.NO_ANSWER,
  EXIT.SOURCE_CHANGED,
  EXIT.SILENT,
  EXIT.BUSY,
]);

/** Which side noticed the failure, seen from whoever reads the message. */
export type Where = 'local' | 'remote';

export interface ErrorDetails {
  readonly path?: string | undefined;
  /** The next step, as a sentence. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

export class LftpError extends Error {
  /** Exit code of the program, and the code of an answer if it is 63 or less. */
  readonly code: number;
  readonly where: Where;
  readonly path: string | undefined;
  readonly hint: string | undefined;

  /** @param code one of EXIT; @param message what happened, without the path's escape codes */
  constructor(code: number, where: Where, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'LftpError';
    this.code = code;
    this.where = where;
    this.path = details.path;
    this.hint = details.hint;
  }

  /** The stable name of the code, for example `missing`. */
  get codeName(): string {
    return codeName(this.code);
  }

  /** Whether a later attempt may succeed without anything being changed by hand. */
  get isTemporary(): boolean {
    return TEMPORARY_CODES.has(this.code);
  }
}

/** The stable name of an exit code; `other` for a number without one. */
export function codeName(code: number): string {
  return CODE_NAMES.get(code) ?? 'other';
}

/** The `code` text of a Node system error such as ENOENT, or an empty text. */
export function systemCode(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** Anything that was thrown, as an error. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** The text of anything that was thrown. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
