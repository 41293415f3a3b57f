/** Whom questions can be put to: somebody at a terminal, or nobody. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { askHidden } from './ask-password.ts';
import type { Interrupts } from './interrupts.ts';

export interface Person {
  /** What was typed, without its line end. @throws the signal's reason */
  ask(question: string): Promise<string>;
  /** The same, without showing what is typed. */
  askHidden(question: string): Promise<string>;
}

/** Undefined when input or screen is no terminal: no question may hang there. */
export function personAtTerminal(interrupts: Interrupts): Person | undefined {
  const { stdin: input, stderr: screen } = process;
  if (!input.isTTY || !screen.isTTY) return undefined;
  const { signal } = interrupts;
  const onInterrupt = (): void => interrupts.interrupt();
  return {
    ask: async (question) => {
      const reader = createInterface({ input, output: screen });
      reader.on('SIGINT', onInterrupt);
      try {
        return await reader.question(question, { signal });
      } catch (error) {
        signal.throwIfAborted();
        throw error;
      } finally {
        reader.close();
      }
    },
    askHidden: (question) => askHidden(question, { input, screen, signal, onInterrupt }),
  };
}

/** A screen that can be told not to show what is typed, for a line editor that echoes. */
export class MutableScreen extends Writable {
  isMuted = false;
  private readonly screen: NodeJS.WriteStream;

  constructor(screen: NodeJS.WriteStream) {
    super();
    this.screen = screen;
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
