/**
 * Walks a tree that is to be sent, one name after the other: no folder is held whole in memory,
 * each is entered from a held handle, and no symbolic link is followed (P-TREE-07).
 */
import { displayText } from '../display.ts';
import type { LftpError } from '../error.ts';
import { systemCode } from '../error.ts';
import type { FolderName, FolderNames } from '../file-system.ts';
import { pathFault, pathText, refusedPathError } from '../path.ts';
import type { RemotePath } from '../path.ts';
import type { SharedFolder } from './shared-folder.ts';
import { LEFT_OUT } from './tree-entries.ts';
import type { EntryTimes, LeftOutReason } from './tree-entries.ts';
import { shareFolder } from './tree-place-store.ts';

/** Names read from a folder at once. */
const NAMES_AT_ONCE = 128;

export interface TreeView {
  readonly root: SharedFolder;
  /** Path of the root, as the limits of paths count it. */
  readonly base: RemotePath;
  /** Whether the name is ours alone, and passed over in silence. */
  readonly isHidden: (name: string) => boolean;
  /** Why the file at `path` may not be read, or the folder not be listed, if so. */
  readonly refusal: (path: RemotePath, isFile: boolean) => LftpError | undefined;
  readonly wrapError: (error: unknown, shownPath: string) => LftpError;
}

export type WalkStep =
  | {
      readonly kind: 'enter';
      readonly name: string;
      readonly path: RemotePath;
      readonly times: EntryTimes;
    }
  | { readonly kind: 'leave' }
  /** A name that looked like a file; its folder is shared, and has to be released. */
  | {
      readonly kind: 'file';
      readonly name: string;
      readonly path: RemotePath;
      readonly folder: SharedFolder;
    }
  | {
      readonly kind: 'leftOut';
      readonly name: string;
      readonly path: RemotePath;
      readonly why: LeftOutReason;
    }
  | {
      readonly kind: 'failed';
      readonly name: string;
      readonly path: RemotePath;
      readonly error: LftpError;
    };

interface Level {
  readonly folder: SharedFolder;
  readonly path: RemotePath;
  readonly names: FolderNames;
}

/** Depth first, in the order of the file system. The root stays the caller's. */
export async function* walkTree(view: TreeView): AsyncGenerator<WalkStep, void, undefined> {
  const levels: Level[] = [];
  try {
    levels.push(await openLevel(view.root.share(), []));
    for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
      const entry = await readName(view, level);
      if (entry === undefined) {
        levels.pop();
        await closeLevel(level);
        if (levels.length > 0) yield { kind: 'leave' };
        continue;
      }
      if ('kind' in entry) {
        yield entry;
        continue;
      }
      const step = await stepAt(view, level, entry);
      if (step === undefined) continue;
      if (!('opened' in step)) {
        yield step;
        continue;
      }
      levels.push(step.opened);
      yield step.step;
    }
  } finally {
    for (const level of levels) await closeLevel(level);
  }
}

/** The next name; a folder that cannot be read on is a failure of its own, and then over. */
async function readName(view: TreeView, level: Level): Promise<FolderName | WalkStep | undefined> {
  try {
    return (await level.names.read()) ?? undefined;
  } catch (error) {
    await level.names.close().catch(() => undefined);
    if (systemCode(error) === 'ERR_DIR_CLOSED') return undefined;
    return failedAt(view, level.path, error);
  }
}

function failedAt(view: TreeView, path: RemotePath, error: unknown): WalkStep {
  const shown = pathText([...view.base, ...path]);
  const name = displayText(path.at(-1) ?? '.');
  return { kind: 'failed', name, path, error: view.wrapError(error, shown) };
}

interface Entered {
  readonly opened: Level;
  readonly step: WalkStep;
}

async function stepAt(
  view: TreeView,
  level: Level,
  entry: FolderName,
): Promise<WalkStep | Entered | undefined> {
  const { name } = entry;
  if (view.isHidden(name)) return undefined;
  const path = [...level.path, name];
  if (entry.isSymbolicLink()) return { kind: 'leftOut', name, path, why: LEFT_OUT.LINK };
  if (!entry.isFile() && !entry.isDirectory()) {
    return { kind: 'leftOut', name, path, why: LEFT_OUT.SPECIAL };
  }
  const whole = [...view.base, ...path];
  const fault = pathFault(whole);
  const refused =
    fault === undefined ? view.refusal(path, entry.isFile()) : refusedPathError(fault, whole);
  if (refused !== undefined) return failedAt(view, path, refused);
  if (entry.isFile()) return { kind: 'file', name, path, folder: level.folder.share() };
  return await enter(view, level, name, path);
}

async function enter(
  view: TreeView,
  level: Level,
  name: string,
  path: RemotePath,
): Promise<WalkStep | Entered> {
  try {
    const folder = await shareFolder(await level.folder.folder.openFolder(name));
    const { mode, mtimeMs } = await folder.folder.handle.stat();
    const times = { mode: mode & 0o777, mtimeMs };
    const opened = await openLevel(folder, path);
    return { opened, step: { kind: 'enter', name, path, times } };
  } catch (error) {
    return failedAt(view, path, error);
  }
}

/** Takes the folder over, also when it cannot be listed. */
async function openLevel(folder: SharedFolder, path: RemotePath): Promise<Level> {
  try {
    const { fileSystem } = folder.folder;
    const names = await fileSystem.openNames(folder.folder.entry('.'), NAMES_AT_ONCE);
    return { folder, path, names };
  } catch (error) {
    await folder.release();
    throw error;
  }
}

async function closeLevel({ names, folder }: Level): Promise<void> {
  await names.close().catch(() => undefined);
  await folder.release();
}
