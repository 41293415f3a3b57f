/** Trying again after a connection that was open broke off (docs/PROTOCOL.md, "Going on"). */
import { setTimeout as sleep } from 'node:timers/promises';
import { codeName, EXIT, LftpError } from '../service/error.ts';
import { displayText } from '../service/display.ts';
import type { Output } from './output.ts';
import { formatDuration } from './units.ts';

/** Answers and the like are no new bytes of a file. */
export const NEWS_BYTES = 65_536;

const FIRST_WAIT_MS = 1000;
const MOST_WAIT_MS = 30_000;

/** What one attempt tells about itself while it runs. */
export interface Attempt {
  /** The server let us in: what breaks off from here on is worth another attempt. */
  onOpen(): void;
  /** Bytes of the file moved in this attempt. */
  onBytes(): void;
}

export interface RetryContext {
  readonly output: Output;
  readonly signal: AbortSignal;
  /** How long without a new byte; ms, 0 = no further attempt. */
  readonly retryTimeMs: number;
  readonly nowMs: () => number;
}

/** Ends of an open connection that a later one may not have. */
const BROKEN: ReadonlySet<number> = new Set([EXIT.TEMPORARY, EXIT.SILENT]);

/** A server that is not back yet. */
const NOT_BACK: ReadonlySet<number> = new Set([...BROKEN, EXIT.RESOLVE, EXIT.NO_ANSWER, EXIT.BUSY]);

/**
 * Runs `attempt` until it succeeds. One whose connection never opened is not repeated, unless an
 * earlier one did.
 * @throws what the attempt threw; LftpError 5 when the time for it is used up; the signal's reason
 */
export async function withRetries<T>(
  context: RetryContext,
  attempt: (watch: Attempt) => Promise<T>,
): Promise<T> {
  const { signal, nowMs, output, retryTimeMs } = context;
  let sinceMs = nowMs();
  let waitMs = FIRST_WAIT_MS;
  const seen = { hasOpened: false, hasMoved: false };
  const watch: Attempt = {
    onOpen: () => {
      seen.hasOpened = true;
    },
    onBytes: () => {
      seen.hasMoved = true;
    },
  };
  for (let number = 1; ; number += 1) {
    try {
      return await attempt(watch);
    } catch (error) {
      signal.throwIfAborted();
      if (!isWorthRetrying(error, seen.hasOpened, number) || retryTimeMs === 0) throw error;
      if (seen.hasMoved) {
        sinceMs = nowMs();
        waitMs = FIRST_WAIT_MS;
        seen.hasMoved = false;
      }
      const leftMs = sinceMs + retryTimeMs - nowMs();
      if (leftMs <= 0) throw usedUpError(error, retryTimeMs);
      const thisWaitMs = Math.min(waitMs, leftMs);
      tell(output, number, thisWaitMs, error);
      await pause(thisWaitMs, signal);
      waitMs = Math.min(2 * waitMs, MOST_WAIT_MS);
    }
  }
}

function isWorthRetrying(error: unknown, hasOpened: boolean, number: number): error is LftpError {
  if (!(error instanceof LftpError) || !hasOpened) return false;
  return (number === 1 ? BROKEN : NOT_BACK).has(error.code);
}

function tell(output: Output, attempt: number, waitMs: number, error: LftpError): void {
  const { code, message } = error;
  const waitSeconds = waitMs / 1000;
  output.event('retry', { attempt, waitSeconds, code, name: codeName(code), message });
  output.say(`${displayText(message)}; trying again in ${formatDuration(waitMs)}`);
}

async function pause(waitMs: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(waitMs, undefined, { signal });
  } catch {
    signal.throwIfAborted();
  }
}

function usedUpError(error: LftpError, retryTimeMs: number): LftpError {
  const text = `${error.message}; no new byte came for ${formatDuration(retryTimeMs)}`;
  return new LftpError(EXIT.TEMPORARY, error.where, text, {
    cause: error,
    hint: 'The same command goes on where this one ended.',
  });
}
