/**
 * Puts received files in place by groups: flush what they hold, rename each, flush the folders, and
 * only then tell that they are safe (P-TREE-05). While one group is flushed the next one gathers.
 *
 * It knows neither disk nor network: members, flush, clock and listener are given to it.
 */
import { asError } from '../error.ts';

/** One file or folder on its way to its name. */
export interface GroupMember<Folder> {
  readonly sizeBytes: number;
  /** The folder whose names change; it is held until they are flushed. */
  readonly folder: Folder;
  /** Comes after all others, in the order of adding: folders get their times when they are full. */
  readonly isLast: boolean;
  /** Called when the content is flushed. */
  place(): Promise<void>;
  /** Removes every trace; never rejects. */
  discard(): Promise<void>;
}

export interface GroupWorld<Folder, Member> {
  readonly flush: {
    content(): Promise<void>;
    names(folders: Iterable<Folder>): Promise<void>;
  };
  readonly nowMs: () => number;
  readonly onStored: (members: readonly Member[]) => void;
  readonly onFailed: (member: Member, error: Error) => void;
}

export interface GroupCaps {
  readonly members: number;
  readonly folders: number;
  readonly bytes: number;
  /** A group that began this long ago is closed when the next member comes. */
  readonly ageMs: number;
}

/** Names that are put in place at once. */
const PLACES_AT_ONCE = 8;

export interface HeldFolder {
  share(): unknown;
  release(): Promise<void>;
}

class Group<Folder, Member> {
  readonly members: Member[] = [];
  readonly folders = new Set<Folder>();
  bytes = 0;
  readonly openedMs: number;

  constructor(openedMs: number) {
    this.openedMs = openedMs;
  }
}

export class GroupCommitter<Folder extends HeldFolder, Member extends GroupMember<Folder>> {
  private readonly world: GroupWorld<Folder, Member>;
  private readonly caps: GroupCaps;
  private open: Group<Folder, Member> | undefined;
  private committing: Promise<void> | undefined;

  constructor(world: GroupWorld<Folder, Member>, caps: GroupCaps) {
    this.world = world;
    this.caps = caps;
  }

  /** Members that are not in place yet, of the group that gathers. */
  get gathered(): number {
    return this.open?.members.length ?? 0;
  }

  /** Takes the member over; waits while one group is flushed and the next one is full. */
  async add(member: Member): Promise<void> {
    while (this.isFull && this.committing !== undefined) await this.committing;
    const nowMs = this.world.nowMs();
    const group = (this.open ??= new Group(nowMs));
    group.members.push(member);
    group.bytes += member.sizeBytes;
    if (!group.folders.has(member.folder)) {
      member.folder.share();
      group.folders.add(member.folder);
    }
    const isOld = nowMs - group.openedMs >= this.caps.ageMs;
    if ((isOld || this.isFull) && this.committing === undefined) this.close();
  }

  /** Everything that was added is in place, or has failed, and that was told. */
  async finish(): Promise<void> {
    while (this.committing !== undefined || this.open !== undefined) {
      if (this.committing === undefined) this.close();
      await this.committing;
    }
  }

  /** Discards what has gathered; a group that is being flushed is finished first. */
  async drop(): Promise<void> {
    const group = this.open;
    this.open = undefined;
    await this.committing;
    if (group === undefined) return;
    for (const member of group.members) await member.discard();
    for (const folder of group.folders) await folder.release();
  }

  private get isFull(): boolean {
    const { open, caps } = this;
    if (open === undefined) return false;
    const { members, folders, bytes } = open;
    const isCrowded = members.length >= caps.members || folders.size >= caps.folders;
    return isCrowded || bytes >= caps.bytes;
  }

  private close(): void {
    const group = this.open;
    if (group === undefined) return;
    this.open = undefined;
    this.committing = this.commit(group).finally(() => {
      this.committing = undefined;
      // It filled up while nobody could flush it, and perhaps nobody adds to it any more.
      if (this.isFull) this.close();
    });
  }

  private async commit({ members, folders }: Group<Folder, Member>): Promise<void> {
    const { flush, onStored, onFailed } = this.world;
    const isIn = new Set<Member>();
    const place = async (member: Member): Promise<void> => {
      try {
        await member.place();
        isIn.add(member);
      } catch (error) {
        onFailed(member, asError(error));
        await member.discard();
      }
    };
    try {
      await flush.content();
    } catch (error) {
      for (const member of members) {
        onFailed(member, asError(error));
        await member.discard();
      }
      await releaseAll(folders);
      return;
    }
    await eachOf(
      members.filter(({ isLast }) => !isLast),
      PLACES_AT_ONCE,
      place,
    );
    for (const member of members) if (member.isLast) await place(member);
    try {
      await flush.names(folders);
      onStored(members.filter((member) => isIn.has(member)));
    } catch (error) {
      for (const member of isIn) onFailed(member, asError(error));
    }
    await releaseAll(folders);
  }
}

async function releaseAll(folders: Iterable<HeldFolder>): Promise<void> {
  for (const folder of folders) await folder.release();
}

/** `work` on each item, on at most `most` of them at once. */
async function eachOf<T>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  const workers = Array.from({ length: most }, async () => {
    for (const item of left) await work(item);
  });
  await Promise.all(workers);
}
