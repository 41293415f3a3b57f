/**
 * Files that hold secrets or trust: each appears whole or not at all, survives a power cut once it
 * was told to be there, and is not read when others could have read or changed it.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { link, mkdir, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EXIT, LftpError, systemCode } from '../error.ts';
import { localFileError } from '../store-errors.ts';

/** Elsewhere the permission bits say nothing about who may read. */
const HAS_MODES = process.platform !== 'win32';

/** A lock that is older than this belongs to a process that died; the work takes milliseconds. */
const LOCK_STALE_MS = 10_000;

/** Waited for a lock before giving up. */
const LOCK_WAIT_MS = 20_000;

const LOCK_POLL_MS = 20;

/**
 * Makes the folder, 0700, if it is not there.
 * @throws LftpError 14 when it cannot be made
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await makeFolders(path);
  } catch (error) {
    throw localFileError(error, path);
  }
  const found = await stat(path);
  if (!found.isDirectory()) throw badFile(path, 'it is not a folder');
}

/**
 * Step by step and not by `recursive`: where a folder that exists takes no new ones and says that
 * it is not there, as below /proc, Node tries again for ever.
 */
async function makeFolders(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
    return;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return;
    if (systemCode(error) !== 'ENOENT' || dirname(path) === path) throw error;
  }
  await makeFolders(dirname(path));
  await mkdir(path, { mode: 0o700 }).catch((error: unknown) => {
    if (systemCode(error) !== 'EEXIST') throw error;
  });
}

/**
 * Makes a server's folder, 0700, if it is not there.
 * @throws LftpError 14 when it cannot be made, or when others may put their own files into it
 */
export async function makeServerFolder(path: string): Promise<void> {
  await makeFolder(path);
  const { mode } = await stat(path);
  if (!HAS_MODES || (mode & 0o022) === 0) return;
  throw new LftpError(EXIT.LOCAL_IO, 'local', `others may write into this folder (${bits(mode)})`, {
    path,
    hint: `Keys and accounts are not safe there. Close it: chmod 700 ${path}`,
  });
}

/**
 * Reads a small text file.
 * @param isSecret refuse a file that others can read
 * @returns undefined when there is none
 * @throws LftpError 14
 */
export async function readSmallFile(
  path: string,
  mostBytes: number,
  isSecret: boolean,
): Promise<string | undefined> {
  let handle: FileHandle | undefined;
  try {
    // Not waiting for a writer, should the name belong to a pipe.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile()) throw badFile(path, 'it is not a regular file');
    if (isSecret && HAS_MODES && (stats.mode & 0o077) !== 0) throw openToOthers(path, stats.mode);
    if (stats.size > mostBytes) throw badFile(path, `it is longer than ${mostBytes} bytes`);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(mostBytes + 1), 0);
    if (bytesRead > mostBytes) throw badFile(path, `it is longer than ${mostBytes} bytes`);
    return buffer.toString('utf8', 0, bytesRead);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw localFileError(error, path);
  } finally {
    await handle?.close();
  }
}

/**
 * Makes a file that is not there yet, in one step: of several processes exactly one does.
 * @returns false when the name is taken
 * @throws LftpError 11, 14
 */
export async function createFile(path: string, text: string, mode: number): Promise<boolean> {
  let staged: string | undefined;
  try {
    staged = await stage(path, text, mode);
    await link(staged, path);
    await syncFolder(dirname(path));
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw localFileError(error, path);
  } finally {
    if (staged !== undefined) await unlink(staged).catch(() => undefined);
  }
}

/**
 * Rewrites a file in one step while nobody else does.
 * @param edit from the old text, empty if there was none, to the new; undefined to leave it
 * @throws LftpError 11, 14, 21; what `edit` throws
 */
export async function editFile(
  path: string,
  mostBytes: number,
  edit: (text: string) => string | undefined,
): Promise<void> {
  await makeFolder(dirname(path));
  // Whoever keeps the file elsewhere, behind a link, wants it to stay there.
  const target = await realpath(path).catch(() => path);
  const unlock = await lock(target);
  try {
    const text = edit((await readSmallFile(target, mostBytes, false)) ?? '');
    if (text === undefined) return;
    if (Buffer.byteLength(text) > mostBytes) throw badFile(path, 'it would become too long');
    const staged = await stage(target, text, 0o600);
    await rename(staged, target).catch(async (error: unknown) => {
      await unlink(staged).catch(() => undefined);
      throw error;
    });
    await syncFolder(dirname(target));
  } catch (error) {
    throw localFileError(error, path);
  } finally {
    await unlock();
  }
}

/** Writes a file of another name beside `path` and flushes it. */
async function stage(path: string, text: string, mode: number): Promise<string> {
  const name = `.${basename(path)}.${randomBytes(8).toString('hex')}`;
  const staged = join(dirname(path), name);
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const handle = await open(staged, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } catch (error) {
    await unlink(staged).catch(() => undefined);
    throw error;
  } finally {
    await handle.close();
  }
  return staged;
}

/** A new name is only durable once its folder is. */
async function syncFolder(path: string): Promise<void> {
  if (!HAS_MODES) return;
  const handle = await open(path, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** @returns what gives the lock back */
async function lock(path: string): Promise<() => Promise<void>> {
  const name = `${path}.lock`;
  const endMs = performance.now() + LOCK_WAIT_MS;
  for (;;) {
    try {
      const handle = await open(name, 'wx', 0o600);
      await handle.close();
      return () => unlink(name).catch(() => undefined);
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw localFileError(error, path);
    }
    if (await breakStaleLock(name)) continue;
    if (performance.now() > endMs) throw lockedError(path, name);
    await new Promise((resolve) => setTimeout(resolve, LOCK_POLL_MS));
  }
}

/**
 * Moves the lock of a dead process away. Whoever moved a younger one by mistake, because a third
 * process was quicker, puts it back.
 */
async function breakStaleLock(name: string): Promise<boolean> {
  try {
    const seen = await stat(name);
    if (Date.now() - seen.mtimeMs < LOCK_STALE_MS) return false;
    const aside = `${name}.${randomBytes(8).toString('hex')}`;
    await rename(name, aside);
    const moved = await stat(aside);
    if (moved.ino !== seen.ino) await link(aside, name).catch(() => undefined);
    await unlink(aside);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return true;
    throw localFileError(error, name);
  }
}

function lockedError(path: string, lockPath: string): LftpError {
  return new LftpError(EXIT.BUSY, 'local', 'another process keeps this file locked', {
    path,
    hint: `Try again; if nothing runs any more, remove ${lockPath}`,
  });
}

function openToOthers(path: string, mode: number): LftpError {
  const text = `others may read this secret (${bits(mode)}), so it is not used`;
  return new LftpError(EXIT.LOCAL_IO, 'local', text, {
    path,
    hint: `If nobody has read it: chmod 600 ${path}`,
  });
}

/**
 * `next` takes the place of `path`, which is kept as `old`; each step is on disk before the next,
 * and there is a whole `path` at every moment.
 * @throws LftpError 14
 */
export async function replaceFile(path: string, next: string, old: string): Promise<void> {
  try {
    await unlink(old).catch((error: unknown) => {
      if (systemCode(error) !== 'ENOENT') throw error;
    });
    await link(path, old);
    await rename(next, path);
    await syncFolder(dirname(path));
  } catch (error) {
    throw localFileError(error, path);
  }
}

/** What is wrong with a file that was meant to be ours. */
export function badFile(path: string, what: string, hint?: string): LftpError {
  return new LftpError(EXIT.LOCAL_IO, 'local', what, {
    path,
    hint: hint ?? 'Check that this is the file you mean.',
  });
}

function bits(mode: number): string {
  return `mode ${(mode & 0o777).toString(8).padStart(4, '0')}`;
}
