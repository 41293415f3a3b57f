/** Steps of the commit protocol left out or in the wrong order, one at a time. */
import type { FileSystem, OpenHandle } from '../../src/service/file-system.ts';
import type { Sabotage } from './crash-world.ts';

type Change = (handle: OpenHandle, isFolder: boolean, path: string) => Partial<OpenHandle>;

/** `fileSystem` whose handles do something else where `change` says so. */
function withHandles(fileSystem: FileSystem, change: Change): FileSystem {
  return {
    ...fileSystem,
    open: async (path, how, mode) => {
      const handle = await fileSystem.open(path, how, mode);
      const isFolder = how === 'folder' || how === 'folderLinked';
      return Object.assign(Object.create(handle) as OpenHandle, change(handle, isFolder, path));
    },
  };
}

const nothing = (): Promise<void> => Promise.resolve();

const withoutFileFlush: Sabotage = (fileSystem) =>
  withHandles(fileSystem, (_, isFolder) => (isFolder ? {} : { sync: nothing }));

const withoutFolderFlush: Sabotage = (fileSystem) =>
  withHandles(fileSystem, (_, isFolder) => (isFolder ? { sync: nothing } : {}));

const withoutWholeFlush: Sabotage = (fileSystem) => ({
  ...fileSystem,
  wholeFlush: () => nothing,
});

/** The content is flushed, but only when the file has its name. */
const renameBeforeFlush: Sabotage = (fileSystem) => {
  const owed = new Map<string, () => Promise<void>>();
  const later = withHandles(fileSystem, (handle, isFolder, path) => {
    if (isFolder) return {};
    return { sync: () => Promise.resolve(void owed.set(path, () => handle.sync())) };
  });
  const rename = async (from: string, to: string): Promise<void> => {
    await fileSystem.rename(from, to);
    await owed.get(from)?.();
  };
  return { ...later, rename };
};

/** The old file goes before the new one comes. */
const removeBeforeRename: Sabotage = (fileSystem) => ({
  ...fileSystem,
  rename: async (from, to) => {
    await fileSystem.unlink(to).catch(() => undefined);
    await fileSystem.rename(from, to);
  },
});

/** What must replace nothing does, after the last look. */
const linkReplaces: Sabotage = (fileSystem) => ({
  ...fileSystem,
  link: async (from, to) => {
    await fileSystem.unlink(to).catch(() => undefined);
    await fileSystem.link(from, to);
  },
});

/** A flush that fails is tried again, and the second answer believed. */
const repeatedFlush: Sabotage = (fileSystem) =>
  withHandles(fileSystem, (handle) => ({ sync: () => handle.sync().catch(() => handle.sync()) }));

/** Unfinished files lie beside the finished ones. */
const visiblePartials: Sabotage = (fileSystem) => {
  const moved = (path: string): string =>
    /\/[0-9a-f]{32}$/.test(path) ? `/served/${path.split('/').at(-1) ?? ''}` : path;
  return {
    ...fileSystem,
    open: (path, how, mode) => fileSystem.open(moved(path), how, mode),
    rename: (from, to) => fileSystem.rename(moved(from), to),
    link: (from, to) => fileSystem.link(moved(from), to),
    unlink: (path) => fileSystem.unlink(moved(path)),
  };
};

export interface SabotageCase {
  readonly name: string;
  readonly scenario: string;
  readonly sabotage: Sabotage;
  /** Whether it takes a flush that fails. */
  readonly hasFault?: boolean;
  readonly hasWholeFlush?: boolean;
}

export const SABOTAGE: readonly SabotageCase[] = [
  { name: 'no flush of the file', scenario: 'one after the other', sabotage: withoutFileFlush },
  { name: 'no flush of the folder', scenario: 'new files', sabotage: withoutFolderFlush },
  {
    name: 'no flush of a home',
    scenario: 'the first file of a home',
    sabotage: withoutFolderFlush,
  },
  { name: 'no flush after a rename', scenario: 'names that change', sabotage: withoutFolderFlush },
  { name: 'no flush of a group', scenario: 'a tree in many groups', sabotage: withoutWholeFlush },
  {
    name: 'no flush of the files of a tree',
    scenario: 'a tree in one group',
    sabotage: withoutFileFlush,
    hasWholeFlush: false,
  },
  {
    name: 'no flush of the folders of a tree',
    scenario: 'a tree in one group',
    sabotage: withoutFolderFlush,
    hasWholeFlush: false,
  },
  { name: 'flushed after the rename', scenario: 'new files', sabotage: renameBeforeFlush },
  { name: 'removed before the rename', scenario: 'several at once', sabotage: removeBeforeRename },
  { name: 'a link that replaces', scenario: 'two that may not replace', sabotage: linkReplaces },
  { name: 'a flush repeated', scenario: 'new files', sabotage: repeatedFlush, hasFault: true },
  { name: 'partials in sight', scenario: 'new files', sabotage: visiblePartials },
];
