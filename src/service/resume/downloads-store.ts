/** Unfinished downloads of the person who runs the command, and their journals. */
import { randomBytes } from 'node:crypto';
import { basename, dirname, join, resolve } from 'node:path';
import { systemCode } from '../error.ts';
import type { FileSystem } from '../file-system.ts';
import type { FileSink } from '../file-ends.ts';
import type { Environment } from '../identity/data-folders.ts';
import { clientStateFolder } from '../identity/data-folders.ts';
import type { FileAnswer, OverwriteRule } from '../messages.ts';
import { nodeFileSystem } from '../store-file-system.ts';
import { createDownload, downloadOptions, stagedName } from '../store-local.ts';
import type { LocalTarget } from '../store-local.ts';
import type { HeldFile } from './client-held.ts';
import { CHUNK_BYTES } from './chunks.ts';
import { heldChunks, idleJournal, isUnderWay, KeptFile } from './kept-file-store.ts';
import type { KeptOptions } from './kept-file-store.ts';
import type { JournalHead } from './journal.ts';
import { journalPathOf } from './journal-path-store.ts';
import type { JournalEntry } from './journal-store.ts';
import { ownHolder } from './journal-store.ts';

export interface DownloadPlan {
  readonly target: LocalTarget;
  /** Where the file comes from, as an address. */
  readonly remote: string;
  readonly overwrite: OverwriteRule;
  /** True: the file gets the source's time and permissions. */
  readonly preserve: boolean;
  readonly environment: Environment;
  /** ms since 1970 */
  readonly nowMs: () => number;
}

/** One download: what an earlier try left of it, and where a new one goes. */
export class Download {
  private readonly plan: DownloadPlan;
  private readonly fileSystem: FileSystem;
  private readonly stateFolder: string;
  private readonly journalPath: string;
  private readonly local: string;

  constructor(plan: DownloadPlan, fileSystem: FileSystem = nodeFileSystem) {
    this.plan = plan;
    this.fileSystem = fileSystem;
    this.local = resolve(plan.target.path);
    this.stateFolder = clientStateFolder(plan.environment);
    this.journalPath = journalPathOf(this.stateFolder, 'get', plan.remote, this.local);
  }

  /** What can be gone on with, if anything. */
  async held(): Promise<HeldFile | undefined> {
    const entry = await idleJournal(this.fileSystem, this.journalPath);
    if (entry === undefined) return undefined;
    const partPath = join(this.plan.target.folder, basename(entry.part));
    const { sizeBytes, mtimeMs, mark } = entry;
    const chunks = heldChunks(entry);
    if (chunks === 0 || !(await this.isFile(partPath))) {
      await this.drop(entry);
      return undefined;
    }
    return {
      chunks,
      sizeBytes,
      mtimeMs,
      mark,
      take: (answer) => this.takeOver(entry, partPath, answer),
      drop: () => this.drop(entry),
    };
  }

  /** @throws LftpError 11, 14, 18 */
  async open(answer: FileAnswer): Promise<FileSink> {
    const { target, overwrite, preserve } = this.plan;
    // Of a file of one chunk nothing would be worth keeping.
    if (answer.size <= CHUNK_BYTES || isUnderWay(this.journalPath)) {
      return await createDownload(target, answer, overwrite, preserve);
    }
    const isReady = await this.makeStateFolder();
    if (!isReady) return await createDownload(target, answer, overwrite, preserve);
    return await KeptFile.create(await this.options(answer, 0));
  }

  private async takeOver(
    entry: JournalEntry,
    partPath: string,
    answer: FileAnswer,
  ): Promise<KeptFile> {
    const options = await this.options(answer, entry.mark?.bytes ?? 0);
    return await KeptFile.takeOver(options, entry, partPath);
  }

  private async options(answer: FileAnswer, heldBytes: number): Promise<KeptOptions> {
    const { target, remote, overwrite, preserve, nowMs } = this.plan;
    const { fileSystem, local } = this;
    const part = stagedName(target.name);
    const head: JournalHead = {
      kind: 'get',
      id: randomBytes(16).toString('hex'),
      owner: '',
      remote,
      local,
      part,
      sizeBytes: answer.size,
      mtimeMs: answer.mtimeMs,
      holder: ownHolder(),
      madeMs: nowMs(),
    };
    const staged = await downloadOptions(
      target,
      answer,
      overwrite,
      preserve,
      fileSystem,
      part,
      heldBytes,
    );
    return { staged, journalPath: this.journalPath, head };
  }

  private async makeStateFolder(): Promise<boolean> {
    try {
      await makeFolders(this.fileSystem, this.stateFolder);
      return true;
    } catch {
      // Without a place for journals files are fetched as ever, and not gone on with.
      return false;
    }
  }

  private async drop(entry: JournalEntry): Promise<void> {
    await this.fileSystem
      .unlink(join(this.plan.target.folder, basename(entry.part)))
      .catch(() => undefined);
    await this.fileSystem.unlink(this.journalPath).catch(() => undefined);
  }

  private async isFile(path: string): Promise<boolean> {
    const stats = await this.fileSystem.lstat(path).catch(() => undefined);
    return stats?.isFile() === true;
  }
}

/** Makes `path` and what is missing above it, for its owner alone. @throws the system's error */
export async function makeFolders(fileSystem: FileSystem, path: string): Promise<void> {
  try {
    await fileSystem.mkdir(path, 0o700);
  } catch (error) {
    const code = systemCode(error);
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolders(fileSystem, dirname(path));
    await makeFolders(fileSystem, path);
  }
}
