/** What a client can ask about names on the server: each request with the reader of its answer. */
import type { ClientSession, MakeRequest } from '../client-session.ts';
import { MAX_LISTED_ENTRIES } from '../limits.ts';
import type { Answer, WhoAmIAnswer } from '../messages.ts';
import { EXIT, LftpError } from '../error.ts';
import { componentFault, pathText } from '../path.ts';
import type { RemotePath } from '../path.ts';
import { brokenServer, unexpectedAnswer } from '../remote-error.ts';
import type { EntriesAnswer } from './operation-types.ts';
import { remoteEntry } from './remote-entry.ts';
import type { RemoteEntry } from './remote-entry.ts';

/** A request that moves no file. */
export interface Operation<T> {
  readonly request: MakeRequest;
  /** What errors name. */
  readonly path: RemotePath;
  /** Undefined: an answer of another kind. */
  readonly read: (answer: Answer) => T | undefined;
}

/** @throws LftpError as the server answered, or when the session is over */
export async function perform<T>(session: ClientSession, operation: Operation<T>): Promise<T> {
  const answer = await session.ask(operation.request);
  const result = operation.read(answer);
  if (result === undefined) throw unexpectedAnswer(answer, pathText(operation.path));
  return result;
}

const isDone = (answer: Answer): true | undefined => (answer.kind === 'done' ? true : undefined);

export function statOperation(path: RemotePath): Operation<RemoteEntry> {
  return {
    path,
    request: (id) => ({ op: 'stat', id, path }),
    read: (answer) => (answer.kind === 'entry' ? remoteEntry(answer.entry) : undefined),
  };
}

export function makeFolderOperation(path: RemotePath, parents: boolean): Operation<true> {
  return { path, request: (id) => ({ op: 'mkdir', id, path, parents }), read: isDone };
}

export function removeFolderOperation(path: RemotePath): Operation<true> {
  return { path, request: (id) => ({ op: 'rmdir', id, path }), read: isDone };
}

export function deleteOperation(path: RemotePath): Operation<true> {
  return { path, request: (id) => ({ op: 'delete', id, path }), read: isDone };
}

/** @param replace a file that is at `to` */
export function renameOperation(
  path: RemotePath,
  to: RemotePath,
  replace: boolean,
): Operation<true> {
  return { path, request: (id) => ({ op: 'rename', id, path, to, replace }), read: isDone };
}

/** @param mtimeMs ms since 1970 */
export function touchOperation(path: RemotePath, mtimeMs: number): Operation<true> {
  return { path, request: (id) => ({ op: 'touch', id, path, mtimeMs }), read: isDone };
}

export function chmodOperation(path: RemotePath, mode: number): Operation<true> {
  return { path, request: (id) => ({ op: 'chmod', id, path, mode }), read: isDone };
}

export interface Checksum {
  /** BLAKE3 of the whole file. */
  readonly checksum: Uint8Array;
  readonly bytes: number;
}

export function checksumOperation(path: RemotePath): Operation<Checksum> {
  return {
    path,
    request: (id) => ({ op: 'checksum', id, path }),
    read: (answer) => (answer.kind === 'checksum' ? answer : undefined),
  };
}

export interface Space {
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export function spaceOperation(path: RemotePath): Operation<Space> {
  return {
    path,
    request: (id) => ({ op: 'space', id, path }),
    read: (answer) => (answer.kind === 'space' ? answer : undefined),
  };
}

/** Asks for nothing but an answer. */
export const PING: Operation<true> = {
  path: [],
  request: (id) => ({ op: 'ping', id }),
  read: isDone,
};

/** Whom the server takes us for, and what that may do. */
export const WHO_AM_I: Operation<WhoAmIAnswer> = {
  path: [],
  request: (id) => ({ op: 'whoami', id }),
  read: (answer) => (answer.kind === 'whoami' ? answer : undefined),
};

/** One page; the first if `after` is undefined. */
export function listOperation(
  path: RemotePath,
  hidden: boolean,
  after?: string,
): Operation<EntriesAnswer> {
  return {
    path,
    request: (id) => ({ op: 'list', id, path, hidden, after }),
    read: (answer) => (answer.kind === 'entries' ? answer : undefined),
  };
}

/**
 * Everything in a folder by name, page after page; of what is no folder, itself.
 * @param most entries that are taken
 * @throws LftpError; 13 for names that no path may hold, or that do not rise
 */
export async function* listFolder(
  session: ClientSession,
  path: RemotePath,
  hidden: boolean,
  most = MAX_LISTED_ENTRIES,
): AsyncGenerator<RemoteEntry, void, undefined> {
  let last = '';
  let total = 0;
  let after: string | undefined;
  do {
    const page: EntriesAnswer = await perform(session, listOperation(path, hidden, after));
    for (const wireEntry of page.entries) {
      const entry = remoteEntry(wireEntry);
      if (componentFault(entry.name) !== undefined) throw brokenServer('a name that is none');
      if (entry.name <= last) throw brokenServer('a listing that runs in circles');
      if (total === most) throw tooManyError(path, most);
      last = entry.name;
      total += 1;
      yield entry;
    }
    if (page.next !== undefined && page.next <= (after ?? '')) {
      throw brokenServer('a listing that runs in circles');
    }
    after = page.next;
  } while (after !== undefined);
}

function tooManyError(path: RemotePath, most: number): LftpError {
  return new LftpError(EXIT.OTHER, 'local', `more than ${most} names in one folder`, {
    path: pathText(path),
    hint: 'Move some of them into folders.',
  });
}
