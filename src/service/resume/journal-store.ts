/** Journals of unfinished transfers on disk (journal.ts), and who holds which of them. */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FileSystem, OpenHandle } from '../file-system.ts';
import {
  decodeJournal,
  encodeHead,
  encodeState,
  HEAD_BYTES,
  JOURNAL_BYTES,
  MARK_BYTES,
} from './journal.ts';
import type { Holder, JournalHead, JournalState } from './journal.ts';
import type { Mark } from './running-digest.ts';

export type JournalEntry = JournalHead & JournalState;

/** A journal that is being written: one process, one writer. */
export class Journal {
  private readonly fileSystem: FileSystem;
  private readonly path: string;
  private readonly handle: OpenHandle;
  private seq = 1;

  private constructor(fileSystem: FileSystem, path: string, handle: OpenHandle) {
    this.fileSystem = fileSystem;
    this.path = path;
    this.handle = handle;
  }

  /**
   * Writes a journal anew: the one before is replaced in one step, or stays.
   * @throws the system's error; RangeError for names that no journal has room for
   */
  static async write(
    fileSystem: FileSystem,
    path: string,
    head: JournalHead,
    state: JournalState,
  ): Promise<Journal> {
    const first = encodeHead(head);
    if (first === undefined) throw new RangeError('names too long for a journal');
    const fresh = `${path}.${randomBytes(4).toString('hex')}.new`;
    const handle = await fileSystem.open(fresh, 'create', 0o600);
    try {
      const bytes = Buffer.concat([first, encodeState(0, state), Buffer.alloc(MARK_BYTES, '\n')]);
      await writeAll(handle, bytes, 0);
      await handle.datasync();
      await fileSystem.rename(fresh, path);
      return new Journal(fileSystem, path, handle);
    } catch (error) {
      await handle.close().catch(() => undefined);
      await fileSystem.unlink(fresh).catch(() => undefined);
      throw error;
    }
  }

  /** All before `mark` is durable already. @throws the system's error */
  async mark(mark: Mark): Promise<void> {
    await this.put({ mark, done: undefined });
  }

  /** The file is in place, durably. @throws the system's error */
  async done(digest: Uint8Array, atMs: number): Promise<void> {
    await this.put({ mark: undefined, done: { digest, atMs } });
  }

  async close(): Promise<void> {
    await this.handle.close().catch(() => undefined);
  }

  async remove(): Promise<void> {
    await this.close();
    await this.fileSystem.unlink(this.path).catch(() => undefined);
  }

  private async put(state: JournalState): Promise<void> {
    const { seq } = this;
    this.seq += 1;
    await writeAll(this.handle, encodeState(seq, state), HEAD_BYTES + (seq % 2) * MARK_BYTES);
    await this.handle.datasync();
  }
}

/** What stands at `path`, or undefined where no journal can be read. */
export async function readJournal(
  fileSystem: FileSystem,
  path: string,
): Promise<JournalEntry | undefined> {
  let handle: OpenHandle;
  try {
    handle = await fileSystem.open(path, 'read');
  } catch {
    return undefined;
  }
  try {
    const bytes = Buffer.alloc(JOURNAL_BYTES);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, 0);
    return decodeJournal(bytes.subarray(0, bytesRead));
  } catch {
    // Whatever keeps a journal from being read: there is nothing to go on with.
    return undefined;
  } finally {
    await handle.close().catch(() => undefined);
  }
}

async function writeAll(handle: OpenHandle, bytes: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const left = bytes.length - done;
    done += (await handle.write(bytes, done, left, position + done)).bytesWritten;
  }
}

/** This process. */
export function ownHolder(): Holder {
  return { pid: process.pid, born: bornOf(process.pid) };
}

/** Whether another process that runs here holds the transfer. */
export function isHeldElsewhere({ pid, born }: Holder): boolean {
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Not ours to signal is alive all the same.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  return bornOf(pid) === born;
}

/** When the process began, in the kernel's count; the same number may be given out again. */
function bornOf(pid: number): string {
  try {
    // The name of the program stands in brackets and may hold anything, brackets too.
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
