/** Walks through what is on the server, one request after the other. */
import type { ClientSession } from '../service/client-session.ts';
import { EXIT, LftpError } from '../service/error.ts';
import {
  deleteOperation,
  listFolder,
  perform,
  removeFolderOperation,
} from '../service/operations/client-operations.ts';
import { checkPath } from '../service/path.ts';
import type { RemotePath } from '../service/path.ts';

/** Requests under way at once; a session bears twice as many. */
const REMOVALS_AT_ONCE = 32;

export interface Removal {
  readonly session: ClientSession;
  readonly signal: AbortSignal;
  readonly onRemoved: (path: RemotePath) => void;
  /** Called for each name that stays; the rest goes on. */
  readonly onFailed: (error: LftpError) => void;
}

/**
 * Removes a folder with all that is in it, the deepest first; of links the links.
 * @throws LftpError for what ends the session; the signal's reason
 */
export async function removeTree(removal: Removal, path: RemotePath): Promise<void> {
  const { session, signal, onRemoved } = removal;
  // However deep a server says that its folders are.
  checkPath(path);
  const underWay = new Set<Promise<void>>();
  const remove = async (inside: RemotePath): Promise<void> => {
    await perform(session, deleteOperation(inside));
    onRemoved(inside);
  };
  for await (const { name, kind } of listFolder(session, path, true)) {
    signal.throwIfAborted();
    const inside = [...path, name];
    if (kind === 'folder') {
      await tolerate(removal, removeTree(removal, inside));
      continue;
    }
    const removing = tolerate(removal, remove(inside)).finally(() => underWay.delete(removing));
    underWay.add(removing);
    if (underWay.size >= REMOVALS_AT_ONCE) await Promise.race(underWay);
  }
  await Promise.all(underWay);
  await tolerate(
    removal,
    perform(session, removeFolderOperation(path)).then(() => onRemoved(path)),
  );
}

/** What the server refuses is told; what ends the session ends all. */
async function tolerate({ session, onFailed }: Removal, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (session.error !== undefined || !(error instanceof LftpError)) throw error;
    onFailed(error);
  }
}

/** The exit code of a command that went on after failures. */
export function someFailed(failures: number): number {
  return failures === 0 ? EXIT.OK : EXIT.SOME_FAILED;
}
