/** A command that cannot be understood: shown with how to use it, exit code 2. */
import { EXIT, LftpError } from '../service/error.ts';

export class UsageError extends LftpError {
  /** @param message what is wrong; @param hint the next step, when the usage does not say it */
  constructor(message: string, hint?: string) {
    super(EXIT.USAGE, 'local', message, { hint });
    this.name = 'UsageError';
  }
}

/** A usage error, and the text that shows how to do better. */
export class ParseFailure extends UsageError {
  readonly usage: string;

  constructor(message: string, usage: string) {
    super(message);
    this.usage = usage;
  }
}
