/** Whom questions can be put to: somebody at a terminal, or nobody. */
import type { Interface } from 'node:readline';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { EXIT, LftpError } from '../service/error.ts';
import { askHidden } from './ask-password.ts';
import type { Interrupts } from './interrupts.ts';

export interface Person {
  /** What was typed, without its line end. @throws the signal's reason; LftpError 130 */
  ask(question: string, signal: AbortSignal): Promise<string>;
  /** The same, without showing what is typed. */
  askHidden(question: string, signal: AbortSignal): Promise<string>;
}

/** Undefined when input or screen is no terminal: no question may hang there. */
export function personAtTerminal(interrupts: Interrupts): Person | undefined {
  const { stdin: input, stderr: screen } = process;
  if (!input.isTTY || !screen.isTTY) return undefined;
  const onInterrupt = (): void => interrupts.interrupt();
  return {
    ask: async (question, signal) => {
      const reader = createInterface({ input, output: screen });
      reader.on('SIGINT', onInterrupt);
      try {
        return await orEnd(reader, reader.question(question, { signal }));
      } catch (error) {
        if (signal.aborted) screen.write('\n');
        signal.throwIfAborted();
        throw error;
      } finally {
        reader.close();
      }
    },
    askHidden: (question, signal) => askHidden(question, { input, screen, signal, onInterrupt }),
  };
}

/** Questions in the midst of a shell: the line editor has the terminal, so it has to put them. */
export function personAtPrompt(reader: Interface, screen: MutableScreen): Person {
  const ask = async (question: string, signal: AbortSignal): Promise<string> => {
    signal.throwIfAborted();
    // Answers are no commands, and some are secret: the editor must not offer them again.
    const forget = (history: string[]): void => void history.shift();
    reader.once('history', forget);
    try {
      return await orEnd(reader, answerTo(reader, question, signal));
    } finally {
      reader.off('history', forget);
    }
  };
  return {
    ask,
    askHidden: async (question, signal) => {
      const typed = ask(question, signal);
      screen.isMuted = true;
      try {
        return await typed;
      } finally {
        screen.isMuted = false;
        process.stderr.write('\n');
      }
    },
  };
}

function answerTo(reader: Interface, question: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      // What was typed so far is no command either.
      reader.write(null, { ctrl: true, name: 'e' });
      reader.write(null, { ctrl: true, name: 'u' });
      reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    reader.question(question, { signal }, (answer) => {
      signal.removeEventListener('abort', onAbort);
      resolve(answer);
    });
  });
}

/** Ctrl-D ends the terminal's input, and an answer never comes. */
async function orEnd(
  reader: Pick<Interface, 'once' | 'off'>,
  answer: Promise<string>,
): Promise<string> {
  let onClose: () => void = () => undefined;
  const closed = new Promise<never>((_, reject) => {
    const hint = 'Run it again, and answer.';
    const text = 'the question was not answered';
    onClose = () => reject(new LftpError(EXIT.INTERRUPTED, 'local', text, { hint }));
  });
  reader.once('close', onClose);
  try {
    return await Promise.race([answer, closed]);
  } finally {
    reader.off('close', onClose);
  }
}

/** A screen that can be told not to show what is typed, for a line editor that echoes. */
export class MutableScreen extends Writable {
  isMuted = false;
  private readonly screen: NodeJS.WriteStream;

  constructor(screen: NodeJS.WriteStream) {
    super();
    this.screen = screen;
    // The line editor draws its line anew.
    screen.on('resize', () => this.emit('resize'));
  }

  /** The line editor wraps lines by it. */
  get columns(): number {
    return this.screen.columns;
  }

  override _write(chunk: Uint8Array, _encoding: string, done: () => void): void {
    if (!this.isMuted) this.screen.write(chunk);
    done();
  }
}
