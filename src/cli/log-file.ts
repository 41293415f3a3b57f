/** Pino, loaded when somebody wants a log. */
import type { Logger } from 'pino';
import { displayJson } from '../service/display.ts';
import { EXIT, errorText, LftpError } from '../service/error.ts';

export interface LogSink {
  readonly log: Logger;
  /** Writes out what is buffered. */
  flush(): void;
}

/**
 * A JSON log to `path`, or to standard error if there is none.
 * @throws LftpError 14 when the file cannot be written
 */
export async function openLog(path: string | undefined, level: string): Promise<LogSink> {
  const { default: pino } = await import('pino');
  try {
    const destination = pino.destination({ dest: path ?? 2, sync: true });
    // JSON escapes only the oldest controls; a log is read on terminals that know more of them.
    const gate = { write: (line: string) => destination.write(displayJson(line)) };
    const log = pino({ level, base: null, name: 'lftp' }, gate);
    return { log, flush: () => destination.flushSync() };
  } catch (error) {
    throw new LftpError(EXIT.LOCAL_IO, 'local', errorText(error), {
      path,
      hint: 'Choose another place with --log-file.',
      cause: error,
    });
  }
}
