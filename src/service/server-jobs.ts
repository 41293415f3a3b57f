/** What the jobs of a server session have in common. */
import { ERROR } from '../wire/codes.ts';
import { errorText, EXIT, LftpError } from './error.ts';
import type { ServiceLog } from './log.ts';
import type { Answer } from './messages.ts';
import { pathFault, refusedPathError } from './path.ts';
import type { RemotePath } from './path.ts';
import type { Store } from './store.ts';
import { closeReasonOf } from './transfer-channel.ts';
import type { TransferChannel } from './transfer-channel.ts';

export interface JobContext {
  readonly channel: TransferChannel;
  readonly store: Store;
  readonly log: ServiceLog;
  answer(answer: Answer): Promise<void>;
}

/** What a session asks of whatever serves one request that moves files. */
export interface SessionJob {
  /** Whether a `dat` record of the client belongs to it. */
  readonly takesRecord: boolean;
  /** What the request still does is given up. */
  cancel(): void;
  giveDigest(digest: Uint8Array): void;
  /** Which of the chunks that both sides compared are to travel; heard once (P-RES-04). */
  giveWant?(ranges: readonly number[]): void;
  run(): Promise<void>;
}

/** The channel ended: there is nobody to answer. */
export const isClosing = (error: unknown): boolean => closeReasonOf(error) !== undefined;

export function answerFor(re: number, error: unknown): Answer {
  if (error instanceof LftpError) {
    const message = error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
    return { kind: 'error', re, error: error.code, message };
  }
  // What an unexpected error says may name folders outside the served one: it stays in the log.
  return { kind: 'error', re, error: ERROR.OTHER, message: 'the server failed' };
}

export const cancelled = (): LftpError =>
  new LftpError(ERROR.CANCELLED, 'remote', 'the client cancelled it');

export function badRangesError(): LftpError {
  return new LftpError(EXIT.PROTOCOL, 'remote', 'not understood: ranges of chunks out of order');
}

/**
 * Paths are checked when a request is queued, and what is refused is not kept: a queue of the
 * longest bad paths would be worth a peer's while.
 */
export function pathError(path: RemotePath): LftpError | undefined {
  const fault = pathFault(path);
  return fault === undefined ? undefined : refusedPathError(fault, path);
}

export function nameError(name: string | undefined): LftpError | undefined {
  return name === undefined ? undefined : pathError([name]);
}

export function reportTransfer(
  context: JobContext,
  op: string,
  path: string,
  bytes: number,
  error: unknown,
): void {
  const { address, port } = context.channel.peer;
  const fields = { op, path, address, port, bytes };
  if (error === undefined) context.log.info(fields, `${op} done`);
  else context.log.warn({ ...fields, error: errorText(error) }, `${op} failed`);
}
