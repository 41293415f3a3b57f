/**
 * A file that is being received and outlives what interrupts that: what is flushed is noted in a
 * journal, and a later transfer goes on with it (docs/PROTOCOL.md, "Going on").
 *
 * Whoever goes on gives the unfinished file a new name first. Only one of several can, and nobody
 * who believed the file to be his writes under the new name.
 */
import { EXIT, LftpError } from '../error.ts';
import type { FileSink } from '../file-ends.ts';
import { FILE_RUN_BYTES } from '../limits.ts';
import { StagedFile } from '../store-staged.ts';
import type { StagedOptions } from '../store-staged.ts';
import type { JournalHead } from './journal.ts';
import { isHeldElsewhere, Journal, readJournal } from './journal-store.ts';
import type { JournalEntry } from './journal-store.ts';
import { CHUNK_BYTES } from './chunks.ts';
import type { Mark } from './running-digest.ts';

export interface KeptOptions {
  /** Its `stagedPath` ends in the head's `part`. */
  readonly staged: StagedOptions;
  readonly journalPath: string;
  readonly head: JournalHead;
  /** True: the journal stays once the file is in place, and tells its digest. */
  readonly remembers?: boolean | undefined;
  /** Flushes the folder of the unfinished file. */
  readonly syncParts?: (() => Promise<void>) | undefined;
  /** Called when the file was kept. */
  readonly afterKeep?: (() => Promise<void>) | undefined;
}

/** Transfers that this process works on, by the paths of their journals. */
const underWay = new Map<string, KeptFile>();

export class KeptFile implements FileSink {
  readonly runBytes = FILE_RUN_BYTES;
  private readonly staged: StagedFile;
  private readonly options: KeptOptions;
  /** Undefined: nothing can be noted, and nothing is kept. */
  private readonly journal: Promise<Journal | undefined>;
  /** What was durable when this transfer began, or became so in it. */
  mark: Mark | undefined;
  private isEnded = false;
  private isSuperseded = false;

  private constructor(staged: StagedFile, options: KeptOptions, mark: Mark | undefined) {
    this.staged = staged;
    this.options = options;
    this.mark = mark;
    const { journalPath, head } = options;
    const { fileSystem } = options.staged;
    underWay.set(journalPath, this);
    // Beside the transfer: no file waits for its journal.
    this.journal = Journal.write(fileSystem, journalPath, head, { mark, done: undefined }).catch(
      () => undefined,
    );
  }

  /** @throws LftpError as `StagedFile.create` does */
  static async create(options: KeptOptions): Promise<KeptFile> {
    return new KeptFile(await StagedFile.create(options.staged), options, undefined);
  }

  /**
   * Goes on with what `entry` tells of.
   * @param partPath where the unfinished file is
   * @throws LftpError when it is gone, or somebody else was faster
   */
  static async takeOver(
    options: KeptOptions,
    entry: JournalEntry,
    partPath: string,
  ): Promise<KeptFile> {
    const { staged } = options;
    try {
      await staged.fileSystem.rename(partPath, staged.stagedPath);
    } catch (error) {
      await staged.release();
      throw staged.wrapError(error);
    }
    const file = new KeptFile(await StagedFile.reopen(staged), options, entry.mark);
    await file.journal;
    return file;
  }

  /** 0 at the end. */
  async read(buffer: Uint8Array, lengthBytes: number, position: number): Promise<number> {
    return await this.staged.read(buffer, lengthBytes, position);
  }

  async write(bytes: Uint8Array, position: number): Promise<void> {
    this.requireOurs();
    await this.staged.write(bytes, position);
  }

  /** Data first, then the note of it: a journal never promises what a crash can take back. */
  async secure(mark: Mark): Promise<void> {
    const journal = await this.journal;
    if (journal === undefined || this.isEnded) return;
    await this.staged.flush();
    try {
      await journal.mark(mark);
    } catch {
      // The disk of the journal is full or gone: the older note stays true.
      return;
    }
    this.mark = mark;
    this.staged.outliveProcess();
  }

  async commit(digest?: Uint8Array): Promise<void> {
    this.requireOurs();
    const journal = await this.journal;
    const { remembers } = this.options;
    const isRemembered = remembers === true && digest !== undefined;
    try {
      if (isRemembered) await this.noteDone(digest).catch(() => undefined);
      await this.staged.commit();
    } catch (error) {
      await this.discard();
      throw error;
    }
    this.end();
    if (isRemembered) await journal?.close();
    else await journal?.remove();
  }

  async keep(): Promise<void> {
    if (this.isEnded) return;
    if (this.mark === undefined) {
      await this.discard();
      return;
    }
    this.end();
    await this.staged.leave();
    await (await this.journal)?.close();
    await this.options.afterKeep?.();
  }

  async discard(): Promise<void> {
    if (this.isEnded) return;
    this.end();
    await this.staged.discard();
    await (await this.journal)?.remove();
  }

  /** Another connection of the same client goes on with this file: this one writes no more. */
  async giveWay(): Promise<void> {
    this.isSuperseded = true;
    await this.keep();
  }

  /**
   * Believed only once the unfinished file is gone, which is when it gets its name. So that one has
   * to be on the disk first, or a power cut could take it away before the file has another.
   */
  private async noteDone(digest: Uint8Array): Promise<void> {
    await this.options.syncParts?.();
    await (await this.journal)?.done(digest, Date.now());
  }

  private requireOurs(): void {
    if (!this.isSuperseded) return;
    throw new LftpError(EXIT.TEMPORARY, 'local', 'another connection goes on with this file');
  }

  private end(): void {
    this.isEnded = true;
    const { journalPath } = this.options;
    if (underWay.get(journalPath) === this) underWay.delete(journalPath);
  }
}

/** Whether a transfer in this process works on that journal. */
export function isUnderWay(journalPath: string): boolean {
  return underWay.has(journalPath);
}

/** Whoever works on that journal in this process stops. */
export async function giveWay(journalPath: string): Promise<void> {
  await underWay.get(journalPath)?.giveWay();
}

/** Chunks that are held durably, as the journal says; they are hashed again before they count. */
export function heldChunks({ mark }: JournalEntry): number {
  return Math.floor((mark?.bytes ?? 0) / CHUNK_BYTES);
}

/** The journal of a transfer that nobody works on, if there is one. */
export async function idleJournal(
  fileSystem: StagedOptions['fileSystem'],
  journalPath: string,
): Promise<JournalEntry | undefined> {
  if (isUnderWay(journalPath)) return undefined;
  const entry = await readJournal(fileSystem, journalPath);
  return entry === undefined || isHeldElsewhere(entry.holder) ? undefined : entry;
}
