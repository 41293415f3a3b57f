/**
 * What ends a command from outside: Ctrl-C, SIGTERM, a deadline, nobody reading the output.
 *
 * The first one ends the work in order; the second ends the process at once. Either way no
 * unfinished file is left behind.
 */
import { EXIT, LftpError, systemCode } from '../service/error.ts';

export class Interrupts {
  private readonly controller = new AbortController();
  private readonly exitNow: (code: number) => void;
  private timer: NodeJS.Timeout | undefined;
  /** While set, Ctrl-C goes to it: the shell stops its job and stays. */
  onInterrupt: (() => boolean) | undefined;

  /** @param exitNow ends the process */
  constructor(exitNow: (code: number) => void) {
    this.exitNow = exitNow;
  }

  /** Aborted with an LftpError as its reason. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get reason(): LftpError | undefined {
    const reason: unknown = this.controller.signal.reason;
    return reason instanceof LftpError ? reason : undefined;
  }

  listen(): void {
    process.on('SIGINT', () => this.interrupt());
    process.on('SIGTERM', () =>
      this.end(new LftpError(EXIT.TERMINATED, 'local', 'ended by SIGTERM')),
    );
    // A closed output ends a pipeline quietly; a closed error output must not end anything.
    process.stdout.on('error', (error: Error) => this.onOutputError(error));
    process.stderr.on('error', () => undefined);
  }

  /** Ctrl-C, from the signal or from a terminal in raw mode. */
  interrupt(): void {
    if (this.onInterrupt?.() === true) return;
    this.end(new LftpError(EXIT.INTERRUPTED, 'local', 'interrupted'));
  }

  /** Standard output failed; mostly, whoever read it has closed it. */
  onOutputError(error: Error): void {
    if (systemCode(error) !== 'EPIPE') {
      const code = systemCode(error) === 'ENOSPC' ? EXIT.NO_SPACE : EXIT.LOCAL_IO;
      const text = `standard output: ${error.message}`;
      const hint = 'Check what standard output is connected to.';
      this.end(new LftpError(code, 'local', text, { cause: error, hint }));
      return;
    }
    this.end(
      new LftpError(EXIT.STDOUT_CLOSED, 'local', 'standard output is closed', { cause: error }),
    );
  }

  /** The time for the whole command; ms, undefined or Infinity for none. */
  limit(durationMs: number | undefined): void {
    // `setTimeout` takes 31 bits; what lasts longer than 24 days has no limit worth a timer.
    if (durationMs === undefined || durationMs >= 2 ** 31) return;
    const error = new LftpError(EXIT.DEADLINE, 'local', 'the time allowed is used up', {
      hint: 'Allow more with --max-time.',
    });
    this.timer = setTimeout(() => this.end(error), durationMs);
    this.timer.unref();
  }

  /** Ends the command because of `error`; a second end does not wait any more. */
  end(error: LftpError): void {
    if (!this.controller.signal.aborted) this.controller.abort(error);
    else if (error.code !== EXIT.STDOUT_CLOSED) this.exitNow(error.code);
  }

  close(): void {
    clearTimeout(this.timer);
  }
}
