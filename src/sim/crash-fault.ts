/** An error that the crash disk gives at a certain call, once or from then on. */

/** What is asked of the disk; those that change something come first. */
export const CALLS = [
  'create',
  'write',
  'truncate',
  'flush file',
  'flush folder',
  'flush all',
  'link',
  'rename',
  'unlink',
  'mkdir',
  'rmdir',
  'chmod',
  'utimes',
  'open',
  'read',
  'list',
  'look',
  'space',
  'close',
] as const;

export type Call = (typeof CALLS)[number];

export type DiskCode =
  | 'EDQUOT'
  | 'EEXIST'
  | 'EIO'
  | 'EISDIR'
  | 'EBADF'
  | 'EMFILE'
  | 'ENOENT'
  | 'ENOSPC'
  | 'ENOTDIR'
  | 'ENOTEMPTY'
  | 'EPERM';

/** An error as the system gives it: the code is what counts. */
export class DiskError extends Error {
  readonly code: DiskCode;

  constructor(code: DiskCode, call: string) {
    super(`${code}: ${call}`);
    this.code = code;
  }
}

const TAKES_SPACE: ReadonlySet<Call> = new Set<Call>([
  'create',
  'write',
  'truncate',
  'flush file',
  'flush folder',
  'flush all',
  'link',
  'rename',
  'mkdir',
]);
const TAKES_HANDLE: ReadonlySet<Call> = new Set<Call>(['create', 'open', 'list']);
const WRITES: ReadonlySet<Call> = new Set<Call>(['write']);

/**
 * EIO can come from every call, the others from those that ask for what there is none of. `late` is
 * a write that is taken and lost afterwards: only a flush can tell.
 */
export type FaultKind = 'EIO' | 'ENOSPC' | 'EDQUOT' | 'EMFILE' | 'late';

function isApt(kind: FaultKind, call: Call): boolean {
  switch (kind) {
    case 'EIO':
      return true;
    case 'late':
      return WRITES.has(call);
    case 'EMFILE':
      return TAKES_HANDLE.has(call);
    case 'ENOSPC':
    case 'EDQUOT':
      return TAKES_SPACE.has(call);
  }
}

export class Fault {
  readonly kind: FaultKind;
  /** The call that it struck first. */
  struckAt: Call | undefined;
  private readonly at: number;
  private readonly isLasting: boolean;
  private count = 0;
  private isOver = false;

  /** @param at the first apt call that it strikes, from 1 on */
  constructor(kind: FaultKind, at: number, isLasting: boolean) {
    this.kind = kind;
    this.at = at;
    this.isLasting = isLasting;
  }

  /** What the system says. */
  get code(): DiskCode {
    return this.kind === 'late' ? 'EIO' : this.kind;
  }

  /** Whether calls it strikes succeed, and what they did is lost afterwards. */
  get isLate(): boolean {
    return this.kind === 'late';
  }

  /** Whether this call fails. */
  strikes(call: Call): boolean {
    if (this.isOver || !isApt(this.kind, call)) return false;
    this.count += 1;
    if (this.count < this.at) return false;
    if (this.count > this.at && !this.isLasting) return false;
    this.struckAt ??= call;
    return true;
  }

  /** The disk works again. */
  end(): void {
    this.isOver = true;
  }
}
