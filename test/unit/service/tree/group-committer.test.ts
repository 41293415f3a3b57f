import { describe, expect, it } from 'vitest';
import { GroupCommitter } from '../../../../src/service/tree/group-committer.ts';
import type { GroupMember } from '../../../../src/service/tree/group-committer.ts';
import { deferred } from '../../../../src/service/turns.ts';
import { settled } from '../login/door-rig.ts';

class FakeFolder {
  held = 1;

  share(): void {
    this.held += 1;
  }

  release(): Promise<void> {
    this.held -= 1;
    return Promise.resolve();
  }
}

interface Member extends GroupMember<FakeFolder> {
  readonly name: string;
}

/** A disk that does what it is told when it is told, and a diary of all of it. */
class Disk {
  readonly diary: string[] = [];
  readonly folder = new FakeFolder();
  nowMs = 0;
  failing = '';
  gate: Promise<unknown> = Promise.resolve();
  readonly committer: GroupCommitter<FakeFolder, Member>;

  constructor(members = 3, bytes = 1000) {
    const step = async (what: string): Promise<void> => {
      await this.gate;
      this.diary.push(what);
      if (this.failing === what) throw new Error(`${what} failed`);
    };
    const world = {
      flush: { content: () => step('flush'), names: () => step('names') },
      nowMs: () => this.nowMs,
      onStored: (all: readonly Member[]) =>
        void this.diary.push(`stored ${all.map(({ name }) => name).join(' ')}`),
      onFailed: ({ name }: Member) => void this.diary.push(`failed ${name}`),
    };
    this.committer = new GroupCommitter(world, { members, folders: 2, bytes, ageMs: 100 });
  }

  member(name: string, more: Partial<Member> = {}): Member {
    return {
      name,
      sizeBytes: 1,
      folder: this.folder,
      isLast: false,
      place: () => {
        this.diary.push(`place ${name}`);
        return this.failing === name ? Promise.reject(new Error(name)) : Promise.resolve();
      },
      discard: () => Promise.resolve(void this.diary.push(`discard ${name}`)),
      ...more,
    };
  }
}

describe('a group committer', () => {
  it('P-TREE-05 tells nothing before content, names and folders are flushed', async () => {
    const disk = new Disk();
    await disk.committer.add(disk.member('a'));
    await disk.committer.add(disk.member('b'));
    await disk.committer.finish();
    expect(disk.diary).toEqual(['flush', 'place a', 'place b', 'names', 'stored a b']);
    expect(disk.folder.held).toBe(1);
  });

  it('closes a group that is full, and one that is old', async () => {
    const disk = new Disk();
    for (const name of ['a', 'b', 'c', 'd']) await disk.committer.add(disk.member(name));
    expect(disk.committer.gathered).toBe(1);
    await settled();
    expect(disk.diary.at(-1)).toBe('stored a b c');
    disk.nowMs = 100;
    await disk.committer.add(disk.member('e'));
    await settled();
    expect(disk.diary.at(-1)).toBe('stored d e');
  });

  it.each([
    ['bytes', { sizeBytes: 1000 }],
    ['folders', { folder: new FakeFolder() }],
  ])('closes a group that is full of %s', async (_, more) => {
    const disk = new Disk(10);
    await disk.committer.add(disk.member('a'));
    await disk.committer.add(disk.member('b', more));
    await settled();
    expect(disk.diary.at(-1)).toBe('stored a b');
  });

  it('gathers one group while another is flushed, and then lets its caller wait', async () => {
    const disk = new Disk(2);
    const gate = deferred<undefined>();
    disk.gate = gate.promise;
    for (const name of ['a', 'b', 'c', 'd']) await disk.committer.add(disk.member(name));
    let isIn = false;
    const fifth = disk.committer.add(disk.member('e')).then(() => (isIn = true));
    await settled();
    expect(isIn).toBe(false);
    gate.resolve(undefined);
    await fifth;
    await disk.committer.finish();
    const stored = disk.diary.filter((line) => line.startsWith('stored'));
    expect(stored).toEqual(['stored a b', 'stored c d', 'stored e']);
  });

  it('P-TREE-05 believes no flush that failed', async () => {
    const disk = new Disk();
    disk.failing = 'flush';
    await disk.committer.add(disk.member('a'));
    await disk.committer.finish();
    expect(disk.diary).toEqual(['flush', 'failed a', 'discard a']);
    disk.diary.length = 0;
    disk.failing = 'names';
    await disk.committer.add(disk.member('b'));
    await disk.committer.finish();
    expect(disk.diary).toEqual(['flush', 'place b', 'names', 'failed b']);
    expect(disk.folder.held).toBe(1);
  });

  it('goes on beside a file that cannot be put in place', async () => {
    const disk = new Disk();
    disk.failing = 'a';
    await disk.committer.add(disk.member('a'));
    await disk.committer.add(disk.member('b'));
    await disk.committer.finish();
    expect(disk.diary).toContain('failed a');
    expect(disk.diary).toContain('discard a');
    expect(disk.diary.at(-1)).toBe('stored b');
  });

  it('P-TREE-10 gives folders their times after everything else', async () => {
    const disk = new Disk(10);
    await disk.committer.add(disk.member('inner', { isLast: true }));
    await disk.committer.add(disk.member('outer', { isLast: true }));
    await disk.committer.add(disk.member('file'));
    await disk.committer.finish();
    const placed = disk.diary.filter((line) => line.startsWith('place'));
    expect(placed).toEqual(['place file', 'place inner', 'place outer']);
  });

  it('discards what has gathered when it is dropped', async () => {
    const disk = new Disk();
    await disk.committer.add(disk.member('a'));
    await disk.committer.drop();
    expect(disk.diary).toEqual(['discard a']);
    expect(disk.folder.held).toBe(1);
  });
});
