/**
 * Receives a tree from one `dat` record: folders are made as they come, small files are written
 * while later ones arrive, and all are put in place by groups (group-committer.ts).
 *
 * A file that fails is told and passed over (P-TREE-04), and so is everything below a folder that
 * could not be made. Nothing is held but what is being written and two groups of names.
 */
import { assert } from '../../util/assert.ts';
import { EXIT, LftpError } from '../error.ts';
import { PeerLeft } from '../file-receiver.ts';
import {
  GROUP_AGE_MS,
  GROUP_MAX_BYTES,
  MAX_GROUP_FOLDERS,
  MAX_GROUP_MEMBERS,
  TREE_RUN_BYTES,
} from '../limits.ts';
import type { RemotePath } from '../path.ts';
import type { TransferChannel } from '../transfer-channel.ts';
import { FileIntake, noFolderError } from './file-intake.ts';
import type { TreeMember } from './file-intake.ts';
import { GroupCommitter } from './group-committer.ts';
import type { SharedFolder } from './shared-folder.ts';
import { TreeDecoder } from './tree-decoder.ts';
import type { TreeEvent } from './tree-decoder.ts';
import type { EntryTimes, FailedEntry, FolderEntry, LeftOutReason } from './tree-entries.ts';
import type { TreePlace } from './tree-place-store.ts';

/** Who hears what becomes of the entries; folders and files are numbered together, from 0. */
export interface ReceiveWatch {
  /** They are in place and flushed. */
  readonly onStored: (members: readonly TreeMember[]) => void;
  /** @param number undefined for what has none: times of a folder, or the sender's own failure */
  readonly onFailed: (number: number | undefined, path: RemotePath, error: LftpError) => void;
  readonly onSenderFailed: (path: RemotePath, failed: FailedEntry) => void;
  readonly onLeftOut: (path: RemotePath, why: LeftOutReason) => void;
  readonly nowMs: () => number;
}

/** A folder that the stream is in, or why it could not be made. */
interface Level {
  readonly folder: SharedFolder | LftpError;
  readonly path: RemotePath;
  readonly times: EntryTimes | undefined;
}

export class TreeReceiver {
  private readonly channel: TransferChannel;
  private readonly place: TreePlace;
  private readonly watch: ReceiveWatch;
  private readonly decoder = new TreeDecoder();
  private readonly committer: GroupCommitter<SharedFolder, TreeMember>;
  private readonly files: FileIntake;
  private readonly levels: Level[];
  private nextNumber = 0;

  /** @param rootTimes what the root gets in the end, if times are kept */
  constructor(
    channel: TransferChannel,
    place: TreePlace,
    rootTimes: EntryTimes | undefined,
    watch: ReceiveWatch,
  ) {
    this.channel = channel;
    this.place = place;
    this.watch = watch;
    const onFailed = (member: TreeMember, error: Error): void =>
      watch.onFailed(member.number, member.path, place.errorAt(member.path, error));
    this.committer = new GroupCommitter(
      { flush: place.flush, nowMs: watch.nowMs, onStored: watch.onStored, onFailed },
      {
        members: MAX_GROUP_MEMBERS,
        folders: MAX_GROUP_FOLDERS,
        bytes: GROUP_MAX_BYTES,
        ageMs: GROUP_AGE_MS,
      },
    );
    this.files = new FileIntake(place, this.committer, (number, path, error) =>
      watch.onFailed(number, path, error),
    );
    const times = place.keep ? rootTimes : undefined;
    this.levels = [{ folder: place.root.share(), path: [], times }];
  }

  /**
   * Reads the record to its end. Resolves when everything is in place, or told to have failed.
   * @returns the code of an early end, 0 for a whole tree
   * @throws LftpError 13 for what is no tree; the channel's error when that closed
   */
  async run(): Promise<number> {
    try {
      const code = await this.readRecord();
      await this.files.settle();
      if (code !== 0) return code;
      const root = this.levels.pop();
      if (root !== undefined) await this.leave(root);
      await this.committer.finish();
      return 0;
    } finally {
      await this.files.drop();
      await this.committer.drop();
      for (const { folder } of this.levels) await releaseOf(folder);
    }
  }

  private async readRecord(): Promise<number> {
    for (;;) {
      const run = await this.channel.nextRun(TREE_RUN_BYTES);
      if (run === undefined) throw new PeerLeft();
      const { end, error } = run;
      try {
        this.decoder.push(run.slab.bytes.subarray(0, run.length));
        await this.handleAll();
      } finally {
        this.channel.releaseRun(run);
      }
      if (!end) continue;
      if (error === 0 && !this.decoder.isWhole) throw brokenTree('a tree that breaks off');
      return error;
    }
  }

  private async handleAll(): Promise<void> {
    for (;;) {
      const event = this.decoder.next();
      if (event === undefined) break;
      await this.handle(event);
    }
    // What is left of the run belongs to it, and it goes back now.
    this.decoder.keepRest();
  }

  private async handle(event: TreeEvent): Promise<void> {
    const { folder, path } = this.top;
    switch (event.kind) {
      case 'fault':
        throw brokenTree(event.fault);
      case 'folder':
        await this.enter(event);
        return;
      case 'up': {
        const level = this.levels.pop();
        if (level !== undefined) await this.leave(level);
        return;
      }
      case 'file':
        await this.files.begin(this.number(), folder, [...path, event.name], event);
        return;
      case 'content':
        await this.files.content(event.bytes);
        return;
      case 'fileEnd':
        await this.files.end(event);
        return;
      case 'leftOut':
        this.watch.onLeftOut([...path, event.name], event.why);
        return;
      case 'failed':
        this.watch.onSenderFailed([...path, event.name], event);
        return;
    }
  }

  private get top(): Level {
    const top = this.levels.at(-1);
    assert(top !== undefined, 'the decoder told of a folder that has ended');
    return top;
  }

  private number(): number {
    this.nextNumber += 1;
    return this.nextNumber - 1;
  }

  private async enter(entry: FolderEntry): Promise<void> {
    const { folder: parent, path: parentPath } = this.top;
    const number = this.number();
    const path = [...parentPath, entry.name];
    try {
      const fault = this.place.faultOf(path);
      if (fault !== undefined) throw fault;
      if (parent instanceof LftpError) throw noFolderError(parent);
      const folder = await this.place.enter(parent, entry.name, path);
      this.levels.push({ folder, path, times: this.place.keep ? entry : undefined });
      await this.committer.add({
        kind: 'folder',
        number,
        path,
        sizeBytes: 0,
        folder: parent,
        isLast: false,
        place: () => Promise.resolve(),
        discard: () => Promise.resolve(),
      });
    } catch (error) {
      const folder = this.place.errorAt(path, error);
      this.levels.push({ folder, path, times: undefined });
      this.watch.onFailed(number, path, folder);
    }
  }

  /** P-TREE-10: its files are renamed into it before it gets its time. */
  private async leave({ folder, path, times }: Level): Promise<void> {
    if (folder instanceof LftpError) return;
    if (times !== undefined) {
      await this.files.settle();
      await this.committer.add({
        kind: 'times',
        number: undefined,
        path,
        sizeBytes: 0,
        folder,
        isLast: true,
        place: () => this.place.finishFolder(folder, times, path),
        discard: () => Promise.resolve(),
      });
    }
    await folder.release();
  }
}

async function releaseOf(folder: Level['folder']): Promise<void> {
  if (!(folder instanceof LftpError)) await folder.release();
}

function brokenTree(what: string): LftpError {
  return new LftpError(EXIT.PROTOCOL, 'remote', `not understood: ${what}`, {
    hint: 'Both sides must run versions that speak the same protocol.',
  });
}
