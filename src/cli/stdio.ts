/** Standard input and output as the ends of a transfer. */
import { constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { EXIT, errorText, LftpError, systemCode } from '../service/error.ts';
import type { FileSink, FileSource } from '../service/file-ends.ts';

/** Standard input, read to its end; its size is not known before. */
export class StdinSource implements FileSource {
  readonly sizeBytes = null;
  readonly mtimeMs = Date.now();
  readonly mode = 0o600;
  readonly concurrentReads = 1;
  private readonly stream: Readable;
  private readonly chunks: AsyncIterator<unknown>;
  private rest: Uint8Array = new Uint8Array();

  constructor(stream: Readable) {
    this.stream = stream;
    this.chunks = stream[Symbol.asyncIterator]();
  }

  async read(buffer: Uint8Array, lengthBytes: number): Promise<number> {
    try {
      while (this.rest.length === 0) {
        const next = await this.chunks.next();
        if (next.done === true) return 0;
        if (next.value instanceof Uint8Array) this.rest = next.value;
      }
    } catch (error) {
      throw new LftpError(EXIT.LOCAL_IO, 'local', errorText(error), {
        path: '-',
        hint: 'Check what standard input is connected to.',
        cause: error,
      });
    }
    const taken = this.rest.subarray(0, lengthBytes);
    buffer.set(taken);
    this.rest = this.rest.subarray(taken.length);
    return taken.length;
  }

  isUnchanged(): Promise<boolean> {
    return Promise.resolve(true);
  }

  close(): Promise<void> {
    this.stream.destroy();
    return Promise.resolve();
  }
}

/** Standard output: bytes leave as they come, so nothing can be taken back. */
export class StdoutSink implements FileSink {
  /** Whoever reads the pipe wants what there is. */
  readonly runBytes = 1;
  private readonly stream: Writable;

  constructor(stream: Writable) {
    this.stream = stream;
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.stream.write(bytes, (error) => {
        if (error) reject(stdoutError(error));
        else resolve();
      });
    });
  }

  async commit(): Promise<void> {
    await this.close();
  }

  async discard(): Promise<void> {
    await this.close();
  }

  /** Ends an opening of our own, once the write that is under way no longer needs it. */
  private async close(): Promise<void> {
    const { stream } = this;
    if (stream === process.stdout || stream.closed) return;
    await new Promise<void>((resolve) => {
      stream.once('close', () => resolve());
      stream.destroy();
    });
  }
}

/**
 * Standard output as a stream that never blocks the process. Node writes to a pipe synchronously,
 * so a reader that pauses would stop the acknowledgements and lose the connection.
 * @param onError called when a later write fails
 */
export function openStdout(onError: (error: Error) => void): Writable {
  const stream = openPipe() ?? process.stdout;
  if (stream !== process.stdout) stream.on('error', onError);
  return stream;
}

/** A second opening of the pipe, with a mode of its own; undefined if it is none. */
function openPipe(): Socket | undefined {
  try {
    if (process.platform !== 'linux' || !fstatSync(1).isFIFO()) return undefined;
    const fd = openSync('/proc/self/fd/1', constants.O_WRONLY | constants.O_NONBLOCK);
    return new Socket({ fd, readable: false, writable: true });
  } catch {
    // No /proc, or a pipe that cannot be opened again: the ordinary stream serves.
    return undefined;
  }
}

function stdoutError(error: Error): LftpError {
  const code = systemCode(error);
  const isClosed = code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED';
  const exit = isClosed ? EXIT.STDOUT_CLOSED : code === 'ENOSPC' ? EXIT.NO_SPACE : EXIT.LOCAL_IO;
  return new LftpError(exit, 'local', `standard output: ${error.message}`, { cause: error });
}
