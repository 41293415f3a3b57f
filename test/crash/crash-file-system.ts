/** The store's file system over a crash disk: calls end in an order that a seed decides. */
import type { CrashDisk } from '../../src/sim/crash-disk.ts';
import type { CrashNode } from '../../src/sim/crash-tree.ts';
import type { Random } from '../../src/util/random.ts';
import type {
  FileStats,
  FileSystem,
  FolderName,
  FolderNames,
  OpenHandle,
} from '../../src/service/file-system.ts';

/** Turns of the microtask queue that a call takes at most. */
const MOST_TURNS = 3;

type Turns = <T>(act: () => T) => Promise<T>;

function statsOf(node: CrashNode): FileStats {
  const { mode, mtimeMs } = node.meta;
  return {
    size: node.kind === 'file' ? node.sizeBytes : 0,
    mtimeMs,
    mode,
    uid: process.getuid?.() ?? 0,
    dev: 1,
    ino: node.id,
    isFile: () => node.kind === 'file',
    isDirectory: () => node.kind === 'folder',
    isSymbolicLink: () => false,
  };
}

class CrashHandle implements OpenHandle {
  readonly fd: number;
  private readonly disk: CrashDisk;
  private readonly turns: Turns;

  constructor(fd: number, disk: CrashDisk, turns: Turns) {
    this.fd = fd;
    this.disk = disk;
    this.turns = turns;
  }

  async read(buffer: Uint8Array, offset: number, lengthBytes: number, position: number) {
    const into = buffer.subarray(offset, offset + lengthBytes);
    return { bytesRead: await this.turns(() => this.disk.read(this.fd, into, position)) };
  }

  async write(buffer: Uint8Array, offset: number, lengthBytes: number, position: number) {
    const bytes = buffer.subarray(offset, offset + lengthBytes);
    return { bytesWritten: await this.turns(() => this.disk.write(this.fd, bytes, position)) };
  }

  truncate(sizeBytes: number): Promise<void> {
    return this.turns(() => this.disk.truncate(this.fd, sizeBytes));
  }

  sync(): Promise<void> {
    return this.turns(() => this.disk.flush(this.fd));
  }

  datasync(): Promise<void> {
    return this.sync();
  }

  stat(): Promise<FileStats> {
    return this.turns(() => statsOf(this.disk.lookHeld(this.fd)));
  }

  chmod(mode: number): Promise<void> {
    return this.turns(() => this.disk.chmod(this.disk.lookHeld(this.fd), mode));
  }

  utimes(_atimeS: number, mtimeS: number): Promise<void> {
    return this.turns(() => this.disk.utimes(this.disk.lookHeld(this.fd), mtimeS * 1000));
  }

  close(): Promise<void> {
    return this.turns(() => this.disk.close(this.fd));
  }
}

class CrashNames implements FolderNames {
  private readonly left: FolderName[];

  constructor(names: FolderName[]) {
    this.left = names;
  }

  read(): Promise<FolderName | null> {
    return Promise.resolve(this.left.shift() ?? null);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** @param hasWholeFlush whether one call flushes all of the disk */
export function crashFileSystem(
  disk: CrashDisk,
  random: Random,
  hasWholeFlush: boolean,
): FileSystem {
  const turns: Turns = async (act) => {
    for (let left = random.integer(1, MOST_TURNS); left > 0; left -= 1) await Promise.resolve();
    return act();
  };
  const open = async (path: string, isFolder: boolean) =>
    new CrashHandle(await turns(() => disk.open(path, isFolder)), disk, turns);
  const look = (path: string): Promise<FileStats> => turns(() => statsOf(disk.look(path)));
  return {
    isAnchored: true,
    folderPath: (handle) => `#${handle.fd}`,
    open: async (path, how, mode = 0o666) => {
      if (how !== 'create') return await open(path, how === 'folder' || how === 'folderLinked');
      return new CrashHandle(await turns(() => disk.create(path, mode & ~0o022)), disk, turns);
    },
    statNow: (handle) => statsOf(disk.lookHeld(handle.fd)),
    lstat: look,
    stat: look,
    realpath: (path) => turns(() => path),
    requireWritable: async (path) => {
      await look(path);
    },
    readdir: async (path) => (await turns(() => disk.list(path))).map(([name]) => name),
    openNames: async (path) =>
      new CrashNames(
        (await turns(() => disk.list(path))).map(([name, isFolder]) => ({
          name,
          isFile: () => !isFolder,
          isDirectory: () => isFolder,
          isSymbolicLink: () => false,
        })),
      ),
    mkdir: (path, mode = 0o777) => turns(() => disk.mkdir(path, mode & ~0o022)),
    rmdir: (path) => turns(() => disk.rmdir(path)),
    rename: (from, to) => turns(() => disk.rename(from, to)),
    link: (from, to) => turns(() => disk.link(from, to)),
    unlink: (path) => turns(() => disk.unlink(path)),
    unlinkNow: (path) => disk.unlink(path),
    chmod: (path, mode) => turns(() => disk.chmod(disk.look(path), mode)),
    statfs: async () => {
      const { blocks, free } = await turns(() => disk.space());
      return { bsize: 4096, blocks, bavail: free };
    },
    wholeFlush: () => (hasWholeFlush ? (fd) => turns(() => disk.flushAll(fd)) : undefined),
  };
}
