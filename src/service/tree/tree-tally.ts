/** Counts what became of a tree, and tells of what did not go well. */
import type { LftpError } from '../error.ts';
import type { RemotePath } from '../path.ts';
import type { LeftOutReason } from './tree-entries.ts';

/** Who hears of each name that did not go well; paths begin below the root of the tree. */
export interface TreeWatch {
  readonly onLeftOut: (path: RemotePath, why: LeftOutReason) => void;
  readonly onFailed: (path: RemotePath, error: LftpError) => void;
}

/** A folder or file that is in place. */
export interface Stored {
  readonly kind: 'file' | 'folder' | 'times';
  readonly sizeBytes: number;
}

export class TreeTally {
  private readonly watch: TreeWatch;
  files = 0;
  folders = 0;
  bytes = 0;
  /** Symbolic links and special files. */
  leftOut = 0;
  failed = 0;

  constructor(watch: TreeWatch) {
    this.watch = watch;
  }

  /** Whether anything of the tree is missing now. */
  get isPartial(): boolean {
    return this.leftOut + this.failed > 0;
  }

  store(members: Iterable<Stored>): void {
    for (const { kind, sizeBytes } of members) {
      if (kind === 'folder') this.folders += 1;
      if (kind !== 'file') continue;
      this.files += 1;
      this.bytes += sizeBytes;
    }
  }

  fail(path: RemotePath, error: LftpError): void {
    this.failed += 1;
    this.watch.onFailed(path, error);
  }

  leaveOut(path: RemotePath, why: LeftOutReason): void {
    this.leftOut += 1;
    this.watch.onLeftOut(path, why);
  }
}
