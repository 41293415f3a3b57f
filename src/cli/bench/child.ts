/** A process of the bench: one end of a transfer, with heap, event loop and pool of its own. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { errorText } from '../../service/error.ts';

/** A child that says nothing for this long after it was started has failed. */
const START_LIMIT_MS = 20_000;

interface Failure {
  readonly failure: string;
}

export class Child<Answer extends object> {
  private readonly process: ChildProcess;
  private readonly name: string;
  private errors = '';
  /** Answers that are not the one that is waited for. */
  onNews: ((answer: Answer) => void) | undefined;

  /** @param moduleUrl a file that calls {@link serveParent}; @param name for errors */
  constructor(moduleUrl: string, name: string) {
    this.name = name;
    this.process = fork(fileURLToPath(moduleUrl), {
      // Structured clones keep infinities, which JSON does not.
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
    });
    this.process.stderr?.on('data', (chunk: Buffer) => {
      this.errors = (this.errors + chunk.toString()).slice(-2_000);
    });
    this.process.on('error', () => undefined);
  }

  /**
   * Sends `order` and resolves with the first answer that `isAnswer` takes.
   * @throws when the child fails or ends instead, or after `limitMs` of silence
   */
  async ask<T extends Answer>(
    order: object,
    isAnswer: (answer: Answer) => answer is T,
    limitMs = START_LIMIT_MS,
  ): Promise<T> {
    const ended = new AbortController();
    try {
      return await new Promise<T>((resolve, reject) => {
        const { signal } = ended;
        const fail = (why: string): void => reject(new Error(`the bench's ${this.name} ${why}`));
        const timer = setTimeout(() => fail('does not answer'), limitMs);
        signal.addEventListener('abort', () => clearTimeout(timer));
        const onMessage = (message: Answer | Failure): void => {
          if ('failure' in message) fail(`failed: ${message.failure}`);
          else if (isAnswer(message)) resolve(message);
          else this.onNews?.(message);
        };
        const onExit = (): void => fail(`ended: ${this.errors}`);
        this.process.on('message', onMessage).on('exit', onExit);
        signal.addEventListener('abort', () => {
          this.process.off('message', onMessage).off('exit', onExit);
        });
        this.process.send(order, (error) => {
          if (error !== null) fail(`cannot be reached: ${error.message} ${this.errors}`);
        });
      });
    } finally {
      ended.abort();
    }
  }

  /** Ends the process; resolves when it is gone. */
  async end(): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const gone = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await gone;
  }
}

/** Whether the file at `moduleUrl` is what this process was started for. */
export function isProgram(moduleUrl: string): boolean {
  return process.send !== undefined && process.argv[1] === fileURLToPath(moduleUrl);
}

/** The child's side: each order goes to `handle`; without a parent there is no child. */
export function serveParent(handle: (order: unknown) => Promise<void>): void {
  // Ctrl-C at a terminal reaches the whole group; the parent ends its children itself.
  process.on('SIGINT', () => undefined);
  process.on('disconnect', () => process.exit(0));
  process.on('message', (order) => {
    handle(order).catch((error: unknown) => tellParent({ failure: errorText(error) }));
  });
}

export function tellParent(answer: object): void {
  process.send?.(answer);
}
