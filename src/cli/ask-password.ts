/**
 * Where passwords come from: a terminal that does not show them, or standard input when a flag says
 * so. Never from the command line or a variable, which other processes can read.
 */
import { passwordFault } from '../service/accounts/slow-hash.ts';
import { EXIT, LftpError } from '../service/error.ts';
import { PASSWORD_MAX_BYTES } from '../service/limits.ts';
import type { TextSink } from './output.ts';
import { UsageError } from './usage-error.ts';

/** Times that a new password may be typed in two ways before it is given up. */
const ROUNDS = 3;

/** The part of `process.stdin` that is needed. */
export interface PasswordInput {
  readonly isTTY?: boolean;
  setRawMode?(isRaw: boolean): unknown;
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  off(event: 'data', listener: (chunk: Uint8Array) => void): unknown;
  off(event: 'end', listener: () => void): unknown;
  resume(): unknown;
  pause(): unknown;
  [Symbol.asyncIterator](): AsyncIterator<unknown>;
}

export interface PasswordSource {
  readonly input: PasswordInput;
  /** Shows the question; a terminal too, or nobody would see it. */
  readonly screen: TextSink & { readonly isTTY?: boolean };
  readonly signal: AbortSignal;
  /** Ctrl-C arrives as a letter while a terminal shows nothing. */
  readonly onInterrupt: () => void;
}

/**
 * A new password, typed twice on a terminal.
 * @throws UsageError 2; the signal's reason
 */
export async function readNewPassword(
  source: PasswordSource,
  isFromStdin: boolean,
): Promise<string> {
  if (isFromStdin) return await readPassword(source.input);
  requireTerminal(source);
  for (let round = 1; round <= ROUNDS; round += 1) {
    const first = checked(await askHidden('New password: ', source));
    if ((await askHidden('The same again: ', source)) === first) return first;
    source.screen.write('These were two different passwords.\n');
  }
  throw new UsageError('the password was not typed the same way twice', 'Nothing was changed.');
}

/**
 * Asks without showing what is typed.
 * @throws UsageError 2 when the terminal was closed; the signal's reason
 */
export async function askHidden(question: string, source: PasswordSource): Promise<string> {
  const { input, screen, signal, onInterrupt } = source;
  signal.throwIfAborted();
  const decoder = new TextDecoder();
  let typed: readonly string[] = [];
  // First, so that what is typed as soon as the question stands is neither shown nor taken for an
  // edit of the terminal's own line: a Ctrl-D would arrive as a letter without meaning.
  input.setRawMode?.(true);
  screen.write(question);
  let stop: () => void = () => undefined;
  try {
    return await new Promise<string>((resolve, reject) => {
      const onAbort = (): void => reject(reasonOf(signal));
      const onEnd = (): void => reject(new UsageError('no password was typed'));
      const onData = (chunk: Uint8Array): void => {
        for (const letter of decoder.decode(chunk, { stream: true })) {
          if (letter === '\r' || letter === '\n') return resolve(typed.join(''));
          if (letter === '\u0003') return onInterrupt();
          if (letter === '\u0004') return onEnd();
          typed = afterLetter(typed, letter);
        }
      };
      stop = () => {
        signal.removeEventListener('abort', onAbort);
        input.off('data', onData);
        input.off('end', onEnd);
      };
      signal.addEventListener('abort', onAbort);
      input.on('data', onData);
      input.on('end', onEnd);
      input.resume();
    });
  } finally {
    stop();
    input.setRawMode?.(false);
    input.pause();
    screen.write('\n');
  }
}

/** Backspace takes a letter back and Ctrl-U all of them; what is far too long is not kept. */
function afterLetter(typed: readonly string[], letter: string): readonly string[] {
  if (letter === '\u007f' || letter === '\b') return typed.slice(0, -1);
  if (letter === '\u0015') return [];
  return typed.length > PASSWORD_MAX_BYTES ? typed : [...typed, letter];
}

/** A password on standard input. @throws UsageError 2 */
export async function readPassword(input: PasswordInput): Promise<string> {
  return checked(await readAll(input));
}

/** All of standard input; one line end behind the password is not part of it. */
async function readAll(input: PasswordInput): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of { [Symbol.asyncIterator]: () => input[Symbol.asyncIterator]() }) {
    if (!(chunk instanceof Uint8Array)) continue;
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > PASSWORD_MAX_BYTES + 2) break;
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
    return text.replace(/\r?\n$/, '');
  } catch {
    throw new UsageError('the password is not UTF-8');
  }
}

function checked(password: string): string {
  const fault = passwordFault(password);
  if (fault !== undefined) throw new UsageError(fault);
  return password;
}

function requireTerminal({ input, screen }: PasswordSource): void {
  if (input.isTTY === true && screen.isTTY === true) return;
  throw new UsageError(
    'there is no terminal to ask for a password',
    'Hand it over on standard input with --password-stdin, or give a key instead.',
  );
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new LftpError(EXIT.INTERRUPTED, 'local', 'interrupted');
}
