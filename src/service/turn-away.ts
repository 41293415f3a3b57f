/** Telling a client why it is not served, or no longer, and letting it go. */
import { errorText, EXIT, LftpError } from './error.ts';
import { DISMISS_LIMIT_MS, TURN_AWAY_LIMIT_MS } from './limits.ts';
import { encodeMessage } from './messages.ts';
import type { TransferChannel } from './transfer-channel.ts';

export interface Refusal {
  readonly code: number;
  readonly message: string;
}

/** What went wrong here may name folders that are none of the client's business. */
export function toldError(error: unknown): Refusal {
  if (!(error instanceof LftpError)) return { code: EXIT.OTHER, message: 'the server failed' };
  const { code, where, message } = error;
  if (where === 'remote') return { code, message };
  // What is local here is remote there.
  return { code: code === EXIT.LOCAL_IO ? EXIT.REMOTE_IO : code, message: 'the server failed' };
}

export function logFields(error: unknown): object {
  const code = error instanceof LftpError ? error.code : EXIT.OTHER;
  return { code, error: errorText(error) };
}

/** Tells a client why it is not served, and lets it go (P-SVC-18). */
export async function turnAway(
  channel: TransferChannel,
  { code, message }: Refusal,
): Promise<void> {
  const left = tellAndDrain(channel, encodeMessage({ op: 'error', error: code, message }));
  // A client that stays has heard it by now, and its place is wanted by others (P-LOGIN-08).
  if (!(await within(TURN_AWAY_LIMIT_MS, left))) channel.abort(code);
}

/** The same for one that is being served: whatever is under way ends. Never rejects. */
export async function dismiss(channel: TransferChannel, { code, message }: Refusal): Promise<void> {
  const told = channel.sendMessage(encodeMessage({ op: 'error', error: code, message }));
  const left = told.then(() => channel.closed).catch(() => undefined);
  // Who has heard it leaves; nobody is asked to agree.
  await within(DISMISS_LIMIT_MS, left);
  channel.abort(code);
}

/** @returns false when the client goes on and sends a file */
async function tellAndDrain(channel: TransferChannel, message: Uint8Array): Promise<boolean> {
  try {
    await channel.sendMessage(message);
    channel.finish();
    // What it asks for is read and forgotten: a connection with something unread never ends.
    while ((await channel.nextMessage(0)) !== undefined);
    return true;
  } catch {
    return false;
  }
}

/** What `work` resolves with, or undefined after the limit. */
export async function within<T>(limitMs: number, work: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), limitMs);
  });
  const result = await Promise.race([work, limit]);
  clearTimeout(timer);
  return result;
}
