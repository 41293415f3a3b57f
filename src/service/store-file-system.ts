/** The file system of this machine. */
import { constants, existsSync, fstatSync, unlinkSync } from 'node:fs';
import {
  access,
  chmod,
  link,
  lstat,
  mkdir,
  open,
  opendir,
  readdir,
  realpath,
  rename,
  rmdir,
  stat,
  statfs,
  unlink,
} from 'node:fs/promises';
import { fileSystemFlush } from '../io/file-system-flush.ts';
import type { FileSystem, OpenHow } from './file-system.ts';

const { O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } =
  constants;

const FLAGS: Readonly<Record<OpenHow, number>> = {
  read: O_RDONLY | O_NONBLOCK | O_NOFOLLOW,
  readLinked: O_RDONLY | O_NONBLOCK,
  folder: O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
  folderLinked: O_RDONLY | O_DIRECTORY,
  create: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
  update: O_RDWR | O_NONBLOCK | O_NOFOLLOW,
};

const HAS_PROC = process.platform === 'linux' && existsSync('/proc/self/fd');

export const nodeFileSystem: FileSystem = {
  isAnchored: HAS_PROC,
  folderPath: (handle, path) => (HAS_PROC ? `/proc/self/fd/${handle.fd}` : path),
  open: (path, how, mode = 0o666) => open(path, FLAGS[how], mode),
  statNow: (handle) => fstatSync(handle.fd),
  lstat: (path) => lstat(path),
  stat: (path) => stat(path),
  realpath: (path) => realpath(path),
  requireWritable: (path) => access(path, constants.W_OK),
  readdir: (path) => readdir(path),
  openNames: (path, namesAtOnce) => opendir(path, { bufferSize: namesAtOnce }),
  mkdir: (path, mode = 0o777) => mkdir(path, mode),
  rmdir,
  rename,
  link,
  unlink,
  unlinkNow: unlinkSync,
  chmod,
  statfs: (path) => statfs(path),
  wholeFlush: fileSystemFlush,
};
