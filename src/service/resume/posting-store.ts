/** A client's journals of files that it sends: they name the transfer, so that it can go on. */
import { randomBytes } from 'node:crypto';
import type { FileSystem } from '../file-system.ts';
import type { FileSource } from '../file-ends.ts';
import type { Environment } from '../identity/data-folders.ts';
import { clientStateFolder } from '../identity/data-folders.ts';
import { nodeFileSystem } from '../store-file-system.ts';
import { CHUNK_BYTES } from './chunks.ts';
import { makeFolders } from './downloads-store.ts';
import type { JournalHead } from './journal.ts';
import { journalPathOf } from './journal-path-store.ts';
import { isHeldElsewhere, Journal, ownHolder, readJournal } from './journal-store.ts';

/** What a `post` says of itself, so that it can be gone on with. */
export interface PostTransfer {
  readonly transfer: Uint8Array;
  /** The server has been asked for it before. */
  readonly isAgain: boolean;
}

export interface PostingPlan {
  readonly remote: string;
  /** The file that is sent, as an absolute path. */
  readonly local: string;
  readonly environment: Environment;
  /** ms since 1970 */
  readonly nowMs: () => number;
}

export class Posting {
  private readonly plan: PostingPlan;
  private readonly fileSystem: FileSystem;
  private readonly folder: string;
  private readonly path: string;
  private journal: Promise<Journal | undefined> = Promise.resolve(undefined);

  constructor(plan: PostingPlan, fileSystem: FileSystem = nodeFileSystem) {
    this.plan = plan;
    this.fileSystem = fileSystem;
    this.folder = clientStateFolder(plan.environment);
    this.path = journalPathOf(this.folder, 'post', plan.remote, plan.local);
  }

  /**
   * Undefined for a file that is not worth it, or that another process sends there just now.
   * @param onChanged called when another version of the file was begun; what it throws ends this
   */
  async begin(
    { sizeBytes, mtimeMs }: FileSource,
    onChanged: () => void,
  ): Promise<PostTransfer | undefined> {
    if (sizeBytes === null || sizeBytes <= CHUNK_BYTES) return undefined;
    const found = await readJournal(this.fileSystem, this.path);
    if (found !== undefined && isHeldElsewhere(found.holder)) return undefined;
    const isAgain = found?.sizeBytes === sizeBytes && found.mtimeMs === mtimeMs;
    if (found !== undefined && !isAgain) onChanged();
    const id = isAgain ? found.id : randomBytes(16).toString('hex');
    const { remote, local, nowMs } = this.plan;
    const head: JournalHead = {
      kind: 'post',
      id,
      owner: '',
      remote,
      local,
      part: '',
      sizeBytes,
      mtimeMs,
      holder: ownHolder(),
      madeMs: isAgain ? found.madeMs : nowMs(),
    };
    // Beside the transfer: the first byte does not wait for it.
    this.journal = this.write(head);
    const transfer = new Uint8Array(Buffer.from(id, 'hex'));
    return { transfer, isAgain };
  }

  /** The file is sent, or can never be. */
  async finish(): Promise<void> {
    await (await this.journal)?.remove();
  }

  /** Somebody may go on with it. */
  async leave(): Promise<void> {
    await (await this.journal)?.close();
  }

  private async write(head: JournalHead): Promise<Journal | undefined> {
    try {
      await makeFolders(this.fileSystem, this.folder);
      const state = { mark: undefined, done: undefined };
      return await Journal.write(this.fileSystem, this.path, head, state);
    } catch {
      // Without a place for journals files are sent as ever, and not gone on with.
      return undefined;
    }
  }
}
