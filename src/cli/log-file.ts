/** Pino, loaded when somebody wants a log. */
import { openSync, writeSync } from 'node:fs';
import type { Logger } from 'pino';
import { displayJson } from '../service/display.ts';
import type { LftpError } from '../service/error.ts';
import { localFileError } from '../service/store-errors.ts';

/** Takes whole lines. */
interface LineSink {
  write(line: string): unknown;
}

/**
 * A JSON log to `path`, or to standard error if there is none.
 * @param onFault told once, when the file takes no more: the log ends there, the work goes on
 * @throws LftpError 14 when the file cannot be opened, 11 when the disk is full
 */
export async function openLog(
  path: string | undefined,
  level: string,
  onFault: (error: LftpError) => void,
): Promise<Logger> {
  const { default: pino } = await import('pino');
  const sink: LineSink = path === undefined ? process.stderr : new LogFile(path, onFault);
  // JSON escapes only the oldest controls; a log is read on terminals that know more of them.
  const gate = { write: (line: string) => sink.write(displayJson(line)) };
  return pino({ level, base: null, name: 'lftp' }, gate);
}

/**
 * A file that lines are added to, each at once, so that the last one before a crash is there.
 * Pino's own destination throws on a full disk, or waits for ever until the disk has room.
 */
class LogFile implements LineSink {
  private readonly path: string;
  private readonly onFault: (error: LftpError) => void;
  private readonly descriptor: number;
  private isBroken = false;

  constructor(path: string, onFault: (error: LftpError) => void) {
    this.path = path;
    this.onFault = onFault;
    try {
      this.descriptor = openSync(path, 'a');
    } catch (error) {
      throw localFileError(error, path);
    }
  }

  write(line: string): void {
    if (this.isBroken) return;
    try {
      let rest: Uint8Array = Buffer.from(line);
      while (rest.length > 0) rest = rest.subarray(writeSync(this.descriptor, rest));
    } catch (error) {
      this.isBroken = true;
      this.onFault(localFileError(error, this.path));
    }
  }
}
