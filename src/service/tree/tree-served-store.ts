/** Whole trees of the served folder: found for reading, and made for an upload. */
import { randomBytes } from 'node:crypto';
import { EXIT, LftpError, systemCode } from '../error.ts';
import type { OverwriteRule } from '../message-types.ts';
import { checkPath, pathText, PRIVATE_NAME } from '../path.ts';
import type { RemotePath } from '../path.ts';
import { servedFileError } from '../store-errors.ts';
import { type Folder, walk } from '../store-walk.ts';
import type { EntryTimes } from './tree-entries.ts';
import { TreeFlush } from './tree-flush.ts';
import { shareFolder, TreePlace } from './tree-place-store.ts';
import type { PlaceRules } from './tree-place-store.ts';
import type { TreeView } from './tree-walk-store.ts';

/** A folder that is sent; whoever gets one releases its root. */
export interface SourceTree {
  readonly view: TreeView;
  readonly times: EntryTimes;
}

export interface TreeOffer {
  readonly path: RemotePath;
  /** Name to take when `path` is there (P-TREE-06). */
  readonly name?: string | undefined;
  readonly overwrite: OverwriteRule;
  readonly keep: boolean;
}

/** Where an uploaded tree goes; whoever gets one releases the root of its place. */
export interface TargetTree {
  readonly place: TreePlace;
  readonly path: RemotePath;
}

/**
 * The folder at `path` below `root`, or undefined if a file is there.
 * @param refusal why what is at a path may not be read, if so
 * @throws LftpError 4, 10, 15
 */
export async function openSourceTree(
  root: Folder,
  path: RemotePath,
  refusal: (path: RemotePath, isFile: boolean) => LftpError | undefined,
): Promise<SourceTree | undefined> {
  try {
    const parent = await walk(root, path.slice(0, -1));
    try {
      const name = path.at(-1) ?? '.';
      if ((await parent.stat(name))?.isFile() === true) return undefined;
      const refused = refusal(path, false);
      if (refused !== undefined) throw refused;
      const folder = await shareFolder(await parent.openFolder(name));
      const { mode, mtimeMs } = await folder.folder.handle.stat();
      const view: TreeView = {
        root: folder,
        base: path,
        isHidden: (entry) => entry.toLowerCase() === PRIVATE_NAME,
        refusal: (inside, isFile) => refusal([...path, ...inside], isFile),
        wrapError: servedFileError,
      };
      return { view, times: { mode: mode & 0o777, mtimeMs } };
    } finally {
      await parent.close();
    }
  } catch (error) {
    throw servedFileError(error, pathText(path));
  }
}

/**
 * The place of an upload: a new folder, or one that is there.
 * @param partial folder of unfinished files
 * @param rules about whoever brings it
 * @throws LftpError 4, 10, 15
 */
export async function openTargetTree(
  root: Folder,
  partial: Folder,
  offer: TreeOffer,
  rules: PlaceRules,
): Promise<TargetTree> {
  try {
    const { folder, path } = await openRoot(root, offer, rules);
    const shared = await shareFolder(folder);
    // One draw for all: chance costs more than anything else about a small file's name.
    const tag = randomBytes(12).toString('hex');
    let count = 0;
    const place = new TreePlace({
      root: shared,
      base: path,
      overwrite: offer.overwrite,
      keep: offer.keep,
      flush: new TreeFlush(shared, root.fileSystem.wholeFlush()),
      stagedPath: () => {
        count = (count + 1) % 2 ** 32;
        return partial.entry(`${tag}${count.toString(16).padStart(8, '0')}`);
      },
      rules,
      wrapError: servedFileError,
    });
    return { place, path };
  } catch (error) {
    throw servedFileError(error, pathText(offer.path));
  }
}

interface Root {
  readonly folder: Folder;
  readonly path: RemotePath;
}

async function openRoot(
  root: Folder,
  { path, name }: TreeOffer,
  { refusal }: PlaceRules,
): Promise<Root> {
  const make = async (parent: Folder, last: string, inside: RemotePath): Promise<Folder> => {
    if ((await parent.stat(last)) === undefined) {
      const refused = refusal('mkdir', inside);
      if (refused !== undefined) throw refused;
    }
    return await makeFolder(parent, last, inside);
  };
  const last = path.at(-1);
  const parent = await walk(root, path.slice(0, -1));
  try {
    const isThere = last === undefined || (await parent.stat(last))?.isDirectory() === true;
    if (!isThere) return { folder: await make(parent, last, path), path };
    const found = await parent.openFolder(last ?? '.');
    if (name === undefined) return { folder: found, path };
    try {
      const inside = [...path, name];
      checkPath(inside);
      return { folder: await make(found, name, inside), path: inside };
    } finally {
      await found.close();
    }
  } finally {
    await parent.close();
  }
}

/** The new name is flushed at once: an empty tree has no group that would do it. */
async function makeFolder(parent: Folder, name: string, path: RemotePath): Promise<Folder> {
  await parent.make(name);
  try {
    return await parent.openFolder(name);
  } catch (error) {
    if (systemCode(error) !== 'ENOTDIR') throw error;
    throw new LftpError(EXIT.REFUSED, 'local', 'a file stands where the folder should be', {
      path: pathText(path),
    });
  }
}
