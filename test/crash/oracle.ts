/**
 * What may lie under each final name: from the latest version that was told to be stored, any that
 * has had the name since. Never anything else: no mix, no part, nothing that was not asked for.
 */
import type { CrashDisk } from '../../src/sim/crash-disk.ts';
import type { CrashFile } from '../../src/sim/crash-file.ts';

/** A file as it should be. */
export interface Wanted {
  readonly content: Uint8Array;
  /** Permissions and time, if they are kept. */
  readonly meta?: { readonly mode: number; readonly mtimeMs: number } | undefined;
}

/** Undefined: there is none. */
export type Version = Wanted | undefined;

interface Name {
  /** Versions in the order in which they took the name. */
  readonly history: Version[];
  /** The latest of them that a client was told of. */
  committed: number;
  /** All that was asked for; undefined: that the name goes. */
  readonly asked: Version[];
}

interface Move {
  /** Those that the file had and may have. */
  readonly names: string[];
  readonly wanted: Wanted;
}

const PARTIAL =
  /^\/served\/(\.lftp-udp\/partial\/[0-9a-f]{32}[.a-z0-9]*|\.[a-z]+\.[0-9a-f]{8}\.lftp-part)$/;

export class Oracle {
  private readonly names = new Map<string, Name>();
  private readonly moves: Move[] = [];

  /** It is there, durable. */
  plant(path: string, wanted: Wanted): void {
    this.names.set(path, { history: [wanted], committed: 0, asked: [wanted] });
  }

  /** @param wanted undefined when the name shall go */
  begin(path: string, wanted: Version): void {
    const name = this.names.get(path) ?? { history: [undefined], committed: 0, asked: [] };
    this.names.set(path, name);
    name.asked.push(wanted);
  }

  /** A file gets another name; under one of the two it must be. */
  beginMove(from: string, to: string, wanted: Wanted): void {
    this.begin(from, undefined);
    this.begin(to, wanted);
    const earlier = this.moves.find(({ names }) => names.includes(from));
    if (earlier === undefined) this.moves.push({ names: [from, to], wanted });
    else earlier.names.push(to);
  }

  /** Notes what has which name now. */
  look(disk: CrashDisk): void {
    const files = disk.files();
    for (const [path, { history, asked }] of this.names) {
      const file = files.get(path);
      const version = file && asked.find((wanted) => wanted && isSame(file, wanted));
      if (version !== history.at(-1) && asked.includes(version)) history.push(version);
    }
  }

  /** It was told to be done: it, or what took its place since, must outlive everything. */
  committed(path: string, wanted: Version): void {
    const name = this.names.get(path);
    const at = name?.history.lastIndexOf(wanted) ?? -1;
    if (name === undefined || at === -1) throw new Error(`${path} was never what was committed`);
    name.committed = Math.max(name.committed, at);
  }

  /** Whether one version and no other may stand there. */
  isSure(path: string): boolean {
    return this.allowed(path).length === 1;
  }

  /** What is wrong on `disk`, if anything is. */
  faultOf(disk: CrashDisk): string | undefined {
    const files = disk.files();
    for (const [path, file] of files) {
      if (PARTIAL.test(path)) continue;
      const isAllowed = this.allowed(path).some(
        (wanted) => wanted !== undefined && isSame(file, wanted),
      );
      if (!isAllowed) return `${path} is neither what it was nor what it became`;
    }
    for (const path of this.names.keys()) {
      if (!files.has(path) && !this.allowed(path).includes(undefined)) return `${path} is lost`;
    }
    for (const { names, wanted } of this.moves) {
      const isKept = names.some((name) => {
        const file = files.get(name);
        return file !== undefined && isSame(file, wanted);
      });
      if (!isKept) return `${names.join(' or ')} was renamed and is lost`;
    }
    return undefined;
  }

  private allowed(path: string): Version[] {
    const name = this.names.get(path);
    return name === undefined ? [] : name.history.slice(name.committed);
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
