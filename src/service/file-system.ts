/**
 * What the store asks of a file system, and nothing else: this machine's is in
 * store-file-system.ts, and tests put one beneath that loses power after any call.
 *
 * Paths are as `Folder.entry` builds them: from a held handle where the system can do that. Every
 * call rejects with an error whose `code` is the system's, for example ENOSPC.
 */

/** What is known of an entry. */
export interface FileStats {
  readonly size: number;
  /** ms since 1970 */
  readonly mtimeMs: number;
  readonly mode: number;
  readonly uid: number;
  /** Number of the file system. */
  readonly dev: number;
  readonly ino: number;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

/** A name in a folder that is being read. */
export interface FolderName {
  readonly name: string;
  isFile(): boolean;
  isDirectory(): boolean;
  isSymbolicLink(): boolean;
}

/** The names of a folder, one after the other. */
export interface FolderNames {
  /** Null at the end. @throws ERR_DIR_CLOSED when it is closed */
  read(): Promise<FolderName | null>;
  close(): Promise<void>;
}

/** Space of a file system, in blocks. */
export interface SpaceStats {
  readonly bsize: number;
  readonly blocks: number;
  /** Blocks that we may still fill. */
  readonly bavail: number;
}

/** An open file or folder. */
export interface OpenHandle {
  readonly fd: number;
  read(
    buffer: Uint8Array,
    offset: number,
    lengthBytes: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>;
  /** May write less than it was given. */
  write(
    buffer: Uint8Array,
    offset: number,
    lengthBytes: number,
    position: number,
  ): Promise<{ readonly bytesWritten: number }>;
  truncate(sizeBytes: number): Promise<void>;
  /** Content and what is known of it; of a folder, its names. A failure is final. */
  sync(): Promise<void>;
  /** Content, and of the rest what is needed to read it. */
  datasync(): Promise<void>;
  stat(): Promise<FileStats>;
  chmod(mode: number): Promise<void>;
  /** Times in seconds since 1970. */
  utimes(atimeS: number, mtimeS: number): Promise<void>;
  close(): Promise<void>;
}

/**
 * How something is opened. Only `readLinked` and `folderLinked` follow a symbolic link at the end
 * of the path; nothing waits for the writer of a pipe; `create` fails when the name is taken.
 */
export type OpenHow = 'read' | 'readLinked' | 'folder' | 'folderLinked' | 'create' | 'update';

/** Flushes all of a file system by any descriptor on it. @throws when anything could not be */
export type FlushWhole = (descriptor: number) => Promise<void>;

export interface FileSystem {
  /** Whether `folderPath` anchors a path at the handle, whatever becomes of the folder's name. */
  readonly isAnchored: boolean;
  /** Begin of paths into the folder that `handle` holds; `path` is where it was opened. */
  folderPath(handle: OpenHandle, path: string): string;
  /** @param mode of a file that is created, less the umask; 0o666 if it is left out */
  open(path: string, how: OpenHow, mode?: number): Promise<OpenHandle>;
  /** Of what is open: it lies in memory, and asking in line costs less than waiting. */
  statNow(handle: OpenHandle): FileStats;
  /** The entry itself, link or not. */
  lstat(path: string): Promise<FileStats>;
  /** What is behind links. */
  stat(path: string): Promise<FileStats>;
  realpath(path: string): Promise<string>;
  /** Fails when we may not write there. */
  requireWritable(path: string): Promise<void>;
  readdir(path: string): Promise<string[]>;
  /** @param namesAtOnce names that are read in one go */
  openNames(path: string, namesAtOnce: number): Promise<FolderNames>;
  /** @param mode 0o777 less the umask if it is left out */
  mkdir(path: string, mode?: number): Promise<void>;
  rmdir(path: string): Promise<void>;
  /** Replaces what is there, in one step. */
  rename(from: string, to: string): Promise<void>;
  /** Fails when the name is taken. */
  link(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** For the last moment before the process ends. */
  unlinkNow(path: string): void;
  chmod(path: string, mode: number): Promise<void>;
  statfs(path: string): Promise<SpaceStats>;
  /** One flush for all; undefined where there is none, or none that tells of failures. */
  wholeFlush(): FlushWhole | undefined;
}
