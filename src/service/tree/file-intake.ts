/**
 * The files of a tree as they arrive: small ones are collected and written beside each other, large
 * ones are written as they come. What is whole and verified goes to the committer.
 */
import { createDigest } from '../../io/digest.ts';
import type { Digest } from '../../io/digest.ts';
import { ERROR } from '../../wire/codes.ts';
import { asError, EXIT, LftpError } from '../error.ts';
import { MAX_TREE_WRITES, SMALL_FILE_BYTES } from '../limits.ts';
import type { RemotePath } from '../path.ts';
import type { StagedFile } from '../store-staged.ts';
import { deferred } from '../turns.ts';
import type { Deferred } from '../turns.ts';
import type { GroupCommitter, GroupMember } from './group-committer.ts';
import type { SharedFolder } from './shared-folder.ts';
import type { FileEnd, FileEntry } from './tree-entries.ts';
import type { TreePlace } from './tree-place-store.ts';

/** A file, a folder that was made, or one that gets its times. */
export interface TreeMember extends GroupMember<SharedFolder> {
  readonly kind: 'file' | 'folder' | 'times';
  /** Undefined for what is not numbered in the stream. */
  readonly number: number | undefined;
  readonly path: RemotePath;
}

interface Intake {
  readonly number: number;
  readonly path: RemotePath;
  readonly entry: FileEntry;
  readonly folder: SharedFolder;
  bytes: number;
  /** Of a small file. */
  readonly content: Uint8Array | undefined;
  /** Of a large one. */
  readonly staged: StagedFile | undefined;
  readonly digest: Digest | undefined;
  fault: Error | undefined;
}

type OnFailed = (number: number, path: RemotePath, error: LftpError) => void;

export class FileIntake {
  private readonly place: TreePlace;
  private readonly committer: GroupCommitter<SharedFolder, TreeMember>;
  private readonly onFailed: OnFailed;
  private current: Intake | undefined;
  private readonly writes = new Set<Promise<void>>();
  /** Somebody waits for a write to end. */
  private oneLess: Deferred<undefined> | undefined;

  constructor(
    place: TreePlace,
    committer: GroupCommitter<SharedFolder, TreeMember>,
    onFailed: OnFailed,
  ) {
    this.place = place;
    this.committer = committer;
    this.onFailed = onFailed;
  }

  /** @param folder or why that could not be made: the content is passed over then */
  async begin(
    number: number,
    folder: SharedFolder | LftpError,
    path: RemotePath,
    entry: FileEntry,
  ): Promise<void> {
    try {
      const fault = this.place.faultOf(path);
      if (fault !== undefined) throw fault;
      if (folder instanceof LftpError) throw noFolderError(folder);
      await this.place.precheck(folder, entry, path);
      const isSmall = entry.sizeBytes <= SMALL_FILE_BYTES;
      const base = { number, path, entry, folder: folder.share(), bytes: 0, fault: undefined };
      if (isSmall) {
        const content = Buffer.allocUnsafe(entry.sizeBytes);
        this.current = { ...base, content, staged: undefined, digest: undefined };
      } else {
        this.current = await this.beginLarge(base);
      }
    } catch (error) {
      this.onFailed(number, path, this.place.errorAt(path, error));
    }
  }

  async content(bytes: Uint8Array): Promise<void> {
    const { current } = this;
    if (current === undefined || current.fault !== undefined) return;
    const at = current.bytes;
    current.bytes += bytes.length;
    if (current.bytes > current.entry.sizeBytes) {
      current.fault = lengthError();
      return;
    }
    current.content?.set(bytes, at);
    current.digest?.update(bytes);
    try {
      await current.staged?.write(bytes, at);
    } catch (error) {
      current.fault = asError(error);
    }
  }

  async end({ code, digest }: FileEnd): Promise<void> {
    const { current } = this;
    this.current = undefined;
    if (current === undefined) return;
    if (code !== 0) current.fault ??= earlyEnd(code);
    if (current.bytes !== current.entry.sizeBytes) current.fault ??= lengthError();
    while (this.writes.size >= MAX_TREE_WRITES) await (this.oneLess ??= deferred()).promise;
    const write = this.finish(current, digest).finally(() => {
      this.writes.delete(write);
      this.oneLess?.resolve(undefined);
      this.oneLess = undefined;
    });
    this.writes.add(write);
    // A large file has its bytes on the way to the disk: the next one waits for it.
    if (current.staged !== undefined) await write;
  }

  /** Resolves when every file that has ended is with the committer, or has failed. */
  async settle(): Promise<void> {
    while (this.writes.size > 0) await Promise.all(this.writes);
  }

  /** Removes what has begun and not ended. Never rejects. */
  async drop(): Promise<void> {
    await this.settle();
    const { current } = this;
    this.current = undefined;
    await current?.staged?.discard();
    await current?.folder.release();
  }

  private async beginLarge(base: Omit<Intake, 'content' | 'staged' | 'digest'>): Promise<Intake> {
    try {
      const digest = await createDigest();
      const staged = await this.place.stage(base.folder, base.entry, base.path);
      return { ...base, content: undefined, staged, digest };
    } catch (error) {
      await base.folder.release();
      throw error;
    }
  }

  /** Never rejects: what fails is told. */
  private async finish(intake: Intake, digest: Uint8Array): Promise<void> {
    const { number, path, folder, entry } = intake;
    let staged = intake.staged;
    try {
      if (intake.fault !== undefined) throw intake.fault;
      checkDigest(digest, await digestOf(intake));
      staged ??= await this.place.stage(folder, entry, path);
      if (intake.content !== undefined) await staged.write(intake.content, 0);
      await staged.seal(this.place.flush.isPerFile(folder));
    } catch (error) {
      await staged?.discard();
      this.onFailed(number, path, this.place.errorAt(path, error));
      await folder.release();
      return;
    }
    const whole = staged;
    await this.committer.add({
      kind: 'file',
      number,
      path,
      sizeBytes: entry.sizeBytes,
      folder,
      isLast: false,
      place: () => whole.putInPlace(),
      discard: () => whole.discard(),
    });
    await folder.release();
  }
}

async function digestOf({ content, digest }: Intake): Promise<Uint8Array> {
  if (digest !== undefined) return digest.digest();
  const own = await createDigest();
  own.update(content ?? new Uint8Array());
  return own.digest();
}

function checkDigest(told: Uint8Array, found: Uint8Array): void {
  if (told.every((byte, index) => byte === found[index])) return;
  throw new LftpError(EXIT.VERIFICATION, 'local', 'the file arrived, but its digest is wrong', {
    hint: 'Nothing was kept. Run the command again.',
  });
}

/** @param why the folder could not be made */
export function noFolderError({ code, hint }: LftpError): LftpError {
  return new LftpError(code, 'local', 'its folder could not be made', { hint });
}

function lengthError(): LftpError {
  return new LftpError(EXIT.VERIFICATION, 'remote', 'the file had another length than was told', {
    hint: 'Run the command again.',
  });
}

function earlyEnd(code: number): LftpError {
  if (code === ERROR.SOURCE_CHANGED) {
    const text = 'the file changed while it was being sent';
    return new LftpError(EXIT.SOURCE_CHANGED, 'remote', text);
  }
  return new LftpError(EXIT.REMOTE_IO, 'remote', 'the file could not be read');
}
