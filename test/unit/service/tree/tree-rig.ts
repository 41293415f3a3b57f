/** Trees on disk, made and read back, and moved over the sessions of a rig. */
import { lstat, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TransferResult } from '../../../../src/service/client-get.ts';
import type { ClientSession } from '../../../../src/service/client-session.ts';
import type { OverwriteRule } from '../../../../src/service/messages.ts';
import type { RemotePath } from '../../../../src/service/path.ts';
import { getTree } from '../../../../src/service/tree/client-get-tree.ts';
import { postTree } from '../../../../src/service/tree/client-post-tree.ts';
import {
  openLocalPlace,
  openLocalTree,
  planLocalRoot,
} from '../../../../src/service/tree/tree-local-store.ts';
import { TreeTally } from '../../../../src/service/tree/tree-tally.ts';
import { NEVER, QUIET } from '../session-rig.ts';

/** Content by path; `null` for an empty folder. */
export type Listing = Readonly<Record<string, string | null>>;

export async function plant(root: string, listing: Listing): Promise<void> {
  for (const [path, content] of Object.entries(listing)) {
    const whole = join(root, path);
    await mkdir(content === null ? whole : dirname(whole), { recursive: true });
    if (content !== null) await writeFile(whole, content);
  }
}

/** What is there: files with their content, empty folders, and what is neither as its kind. */
export async function harvest(root: string, below = ''): Promise<Listing> {
  const found: Record<string, string | null> = {};
  const names = await readdir(join(root, below));
  if (names.length === 0 && below !== '') found[below] = null;
  for (const name of names.sort()) {
    const path = below === '' ? name : `${below}/${name}`;
    const stats = await lstat(join(root, path));
    if (stats.isDirectory()) Object.assign(found, await harvest(root, path));
    else if (stats.isFile()) found[path] = (await readFile(join(root, path))).toString('latin1');
    else found[path] = stats.isSymbolicLink() ? '-> link' : '-> special';
  }
  return found;
}

export interface Moved {
  readonly tally: TreeTally;
  /** Path and code of what failed, and path of what was left out. */
  readonly failed: Readonly<Record<string, number>>;
  readonly leftOut: readonly string[];
  readonly path: RemotePath;
}

export interface MoveOptions {
  readonly overwrite?: OverwriteRule;
  readonly keep?: boolean;
  readonly signal?: AbortSignal;
  readonly name?: string | undefined;
}

function watching() {
  const failed: Record<string, number> = {};
  const leftOut: string[] = [];
  const watch = {
    onFailed: (path: RemotePath, { code }: { code: number }) => {
      failed[path.join('/')] = code;
    },
    onLeftOut: (path: RemotePath) => void leftOut.push(path.join('/')),
  };
  return { failed, leftOut, watch };
}

export async function fetchTree(
  client: ClientSession,
  path: RemotePath,
  local: string,
  options: MoveOptions = {},
): Promise<Moved> {
  const { failed, leftOut, watch } = watching();
  const root = await planLocalRoot(local, undefined);
  const { overwrite = 'always', keep = false, signal = NEVER } = options;
  const result: TreeTally | TransferResult = await getTree(client, {
    path,
    signal,
    observer: QUIET,
    watch,
    openPlace: () => openLocalPlace(root, overwrite, keep),
    openSink: () => Promise.reject(new Error('a file')),
  });
  if (!(result instanceof TreeTally)) throw new Error('a file');
  return { tally: result, failed, leftOut, path };
}

export async function sendFolder(
  client: ClientSession,
  local: string,
  path: RemotePath,
  options: MoveOptions = {},
): Promise<Moved> {
  const { failed, leftOut, watch } = watching();
  const source = await openLocalTree(local);
  if (source === undefined) throw new Error('a file');
  const { overwrite = 'always', keep = false, signal = NEVER, name } = options;
  const offer = { path, name, source, overwrite, keep, signal, observer: QUIET, watch };
  try {
    const posted = await postTree(client, offer);
    return { tally: posted.tally, failed, leftOut, path: posted.path };
  } finally {
    await source.view.root.release();
  }
}
