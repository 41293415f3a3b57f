/**
 * What may lie under each final name, by what was asked and what was answered so far: after
 * *committed* the new file, until then the old one or the new one, and never anything else.
 */
import type { CrashDisk } from '../../src/sim/crash-disk.ts';
import type { CrashFile } from '../../src/sim/crash-file.ts';

/** A file as it should be; undefined: there is none. */
export interface Wanted {
  readonly content: Uint8Array;
  /** Permissions and time, if they are kept. */
  readonly meta?: { readonly mode: number; readonly mtimeMs: number } | undefined;
}

export type Version = Wanted | undefined;

interface Move {
  /** Those that it had and may have. */
  readonly names: string[];
  readonly wanted: Wanted;
}

const PARTIAL = /^\/served\/\.lftp-udp\/partial\/[0-9a-f]{32}$/;

export class Oracle {
  private readonly settled = new Map<string, Version[]>();
  private readonly running = new Map<string, Set<Version>>();
  private readonly moves: Move[] = [];

  /** It is there, durable. */
  plant(path: string, wanted: Wanted): void {
    this.settled.set(path, [wanted]);
  }

  /** @param wanted undefined when the name shall go */
  begin(path: string, wanted: Version): void {
    if (!this.settled.has(path)) this.settled.set(path, [undefined]);
    const running = this.running.get(path) ?? new Set<Version>();
    this.running.set(path, running.add(wanted));
  }

  /** A file gets another name; under one of the two it must be. */
  beginMove(from: string, to: string, wanted: Wanted): void {
    this.begin(from, undefined);
    this.begin(to, wanted);
    const earlier = this.moves.find(({ names }) => names.includes(from));
    if (earlier === undefined) this.moves.push({ names: [from, to], wanted });
    else earlier.names.push(to);
  }

  /** It was told to be done: what stands there now must outlive everything. */
  committed(path: string, wanted: Version, disk: CrashDisk): void {
    const standing = this.versionOf(path, disk.files().get(path));
    const isThere = standing !== undefined;
    if (isThere !== (wanted !== undefined)) throw new Error(`${path} is not what was committed`);
    this.settled.set(path, [standing]);
    this.running.get(path)?.delete(wanted);
  }

  /**
   * It failed. What was put in place before its last flush failed may stand or not; else nothing
   * of it may be seen.
   */
  failed(path: string, wanted: Version, disk: CrashDisk): void {
    this.running.get(path)?.delete(wanted);
    const file = disk.files().get(path);
    const isThere = file !== undefined;
    if (isThere !== (wanted !== undefined)) return;
    if (isThere && wanted !== undefined && !isSame(file, wanted)) return;
    this.settled.set(path, [...(this.settled.get(path) ?? []), wanted]);
  }

  /** What is wrong on `disk`, if anything is. */
  faultOf(disk: CrashDisk): string | undefined {
    const files = disk.files();
    for (const [path, file] of files) {
      if (PARTIAL.test(path)) continue;
      const allowed = this.allowed(path);
      if (allowed === undefined) return `${path} was never asked for`;
      if (!allowed.some((wanted) => wanted !== undefined && isSame(file, wanted))) {
        return `${path} is nothing that was ever whole, or no longer what was committed`;
      }
    }
    for (const path of this.settled.keys()) {
      const mayBeMissing = this.allowed(path)?.includes(undefined) === true;
      if (!mayBeMissing && !files.has(path)) return `${path} was committed and is lost`;
    }
    for (const { names, wanted } of this.moves) {
      const isKept = names.some((name) => {
        const file = files.get(name);
        return file !== undefined && isSame(file, wanted);
      });
      if (!isKept) return `${names.join(' or ')} was there before it was renamed and is lost`;
    }
    return undefined;
  }

  private allowed(path: string): Version[] | undefined {
    const settled = this.settled.get(path);
    return settled === undefined ? undefined : [...settled, ...(this.running.get(path) ?? [])];
  }

  private versionOf(path: string, file: CrashFile | undefined): Version {
    if (file === undefined) return undefined;
    const found = this.allowed(path)?.find(
      (wanted) => wanted !== undefined && isSame(file, wanted),
    );
    if (found === undefined) throw new Error(`${path} is nothing that was sent`);
    return found;
  }
}

export function partialsOn(disk: CrashDisk): string[] {
  return [...disk.files().keys()].filter((path) => PARTIAL.test(path));
}

function isSame({ content, meta }: CrashFile, wanted: Wanted): boolean {
  if (Buffer.compare(content, wanted.content) !== 0) return false;
  if (wanted.meta === undefined) return true;
  return (meta.mode & 0o7777) === wanted.meta.mode && meta.mtimeMs === wanted.meta.mtimeMs;
}
