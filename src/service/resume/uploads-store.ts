/**
 * Unfinished uploads that can be gone on with, and what is remembered of those that are committed:
 * one journal for each in ROOT/.lftp-udp/partial, named after the transfer (P-RES-06).
 */
import { randomBytes } from 'node:crypto';
import { KEPT_UPLOAD_MS, MAX_KEPT_BYTES, MAX_KEPT_UPLOADS, REMEMBERED_MS } from '../limits.ts';
import type { StagedOptions } from '../store-staged.ts';
import type { Folder } from '../store-walk.ts';
import { CHUNK_BYTES } from './chunks.ts';
import { isHeldElsewhere, ownHolder, readJournal } from './journal-store.ts';
import type { JournalEntry } from './journal-store.ts';
import { giveWay, heldChunks, isUnderWay, KeptFile } from './kept-file-store.ts';
import type { KeptOptions } from './kept-file-store.ts';

/** Which upload a client means. */
export interface TransferKey {
  /** 16 bytes that the client drew. */
  readonly transfer: Uint8Array;
  /** The client has asked for it before. */
  readonly isAgain: boolean;
  /** Whose it is: nobody else can go on with it, nor hear what became of it. */
  readonly owner: string;
  /** ms since 1970 */
  readonly nowMs: number;
}

/** What is uploaded, and where to. */
export interface UploadTarget {
  readonly remote: string;
  readonly sizeBytes: number;
  /** Of the source; ms since 1970. */
  readonly mtimeMs: number;
}

const JOURNAL_NAME = /^[0-9a-f]{32}\.journal$/;
const JOURNAL_DRAFT = /^[0-9a-f]{32}\.journal\.[0-9a-f]{8}\.new$/;

/** Digest and place of an upload that is committed already. */
export async function rememberedUpload(
  partial: Folder,
  key: TransferKey,
): Promise<{ readonly digest: Uint8Array; readonly remote: string } | undefined> {
  const entry = key.isAgain ? await entryOf(partial, key) : undefined;
  if (entry?.done === undefined || key.nowMs - entry.done.atMs > REMEMBERED_MS) return undefined;
  // Its digest is written down just before it gets its name, and only then its part is gone.
  if ((await partial.stat(entry.part)) !== undefined) return undefined;
  return { digest: entry.done.digest, remote: entry.remote };
}

/** What is held of an upload; whoever still receives it in this process gives way. */
export async function heldUpload(
  partial: Folder,
  key: TransferKey,
  target: UploadTarget,
): Promise<JournalEntry | undefined> {
  if (!key.isAgain) return undefined;
  await giveWay(journalPath(partial, key));
  const entry = await entryOf(partial, key);
  if (entry === undefined || isHeldElsewhere(entry.holder)) return undefined;
  const { remote, sizeBytes, mtimeMs } = entry;
  const isSame =
    remote === target.remote && sizeBytes === target.sizeBytes && mtimeMs === target.mtimeMs;
  const stats = await partial.stat(entry.part);
  if (isSame && stats?.isFile() === true && heldChunks(entry) > 0) return entry;
  await remove(partial, `${idOf(key)}.journal`, entry);
  return undefined;
}

/**
 * Opens the unfinished file: a new one, or the one of `held`.
 * @returns undefined when no more of them may be kept
 */
export async function openUpload(
  partial: Folder,
  key: TransferKey,
  target: UploadTarget,
  staged: StagedOptions,
  held: JournalEntry | undefined,
): Promise<KeptFile | undefined> {
  const { fileSystem } = partial;
  const path = journalPath(partial, key);
  if (isUnderWay(path) || target.sizeBytes <= CHUNK_BYTES) return undefined;
  if (held === undefined && !(await makeRoom(partial, key))) return undefined;
  const part = randomBytes(16).toString('hex');
  const { owner, nowMs } = key;
  const options: KeptOptions = {
    staged: { ...staged, stagedPath: partial.entry(part), fileSystem },
    journalPath: path,
    head: {
      kind: 'upload',
      id: idOf(key),
      owner,
      ...target,
      local: '',
      part,
      holder: ownHolder(),
      madeMs: nowMs,
    },
    remembers: true,
    syncParts: () => partial.handle.sync(),
    afterKeep: () => trim(partial, owner),
  };
  if (held === undefined) return await KeptFile.create(options);
  return await KeptFile.takeOver(options, held, partial.entry(held.part));
}

/** What still stands for something, and what was removed because its time is over. */
export interface Sweep {
  /** Names of unfinished files that journals speak of. */
  readonly parts: ReadonlySet<string>;
  readonly removed: number;
}

/** Removes uploads that nobody has gone on with for a week, and what need not be remembered. */
export async function sweepUploads(partial: Folder, nowMs: number): Promise<Sweep> {
  let removed = 0;
  const parts = new Set<string>();
  for (const found of await journals(partial)) {
    if (isExpired(found, nowMs)) {
      await remove(partial, found.name, found.entry);
      removed += 1;
    } else {
      parts.add(found.entry.part);
    }
  }
  for (const name of await namesIn(partial)) {
    if (!JOURNAL_DRAFT.test(name)) continue;
    const stats = await partial.stat(name).catch(() => undefined);
    if (stats === undefined || nowMs - stats.mtimeMs < REMEMBERED_MS) continue;
    await partial.fileSystem.unlink(partial.entry(name)).catch(() => undefined);
  }
  return { parts, removed };
}

interface Found {
  readonly name: string;
  readonly entry: JournalEntry;
  /** When it was last written to; ms since 1970. */
  readonly writtenMs: number;
}

function isExpired({ entry, writtenMs }: Found, nowMs: number): boolean {
  if (entry.done !== undefined) return nowMs - entry.done.atMs > REMEMBERED_MS;
  return nowMs - writtenMs > KEPT_UPLOAD_MS && !isHeldElsewhere(entry.holder);
}

/** True when another journal has its place: the oldest that are done go first, then own ones. */
async function makeRoom(partial: Folder, { owner, nowMs }: TransferKey): Promise<boolean> {
  const count = (await namesIn(partial)).filter((name) => JOURNAL_NAME.test(name)).length;
  if (count < MAX_KEPT_UPLOADS) return true;
  await sweepUploads(partial, nowMs);
  const left = (await journals(partial)).sort((a, b) => a.writtenMs - b.writtenMs);
  // An eighth at once, so that a full folder is not read for every upload.
  const most = MAX_KEPT_UPLOADS - Math.ceil(MAX_KEPT_UPLOADS / 8);
  const done = left.filter(({ entry }) => entry.done !== undefined);
  const own = left.filter((found) => isIdleOf(partial, found, owner));
  const old = [...done, ...own].slice(0, Math.max(0, left.length - most));
  for (const { name, entry } of old) await remove(partial, name, entry);
  return left.length - old.length < MAX_KEPT_UPLOADS;
}

/** Of one owner's unfinished files the oldest go when all have too many bytes. */
async function trim(partial: Folder, owner: string): Promise<void> {
  const own = (await journals(partial)).filter((found) => isIdleOf(partial, found, owner));
  own.sort((a, b) => b.writtenMs - a.writtenMs);
  let bytes = 0;
  for (const { name, entry } of own) {
    bytes += entry.sizeBytes;
    if (bytes > MAX_KEPT_BYTES) await remove(partial, name, entry);
  }
}

function isIdleOf(partial: Folder, { name, entry }: Found, owner: string): boolean {
  const isFree = !isUnderWay(partial.entry(name)) && !isHeldElsewhere(entry.holder);
  return isFree && entry.done === undefined && entry.owner === owner;
}

async function journals(partial: Folder): Promise<Found[]> {
  const found: Found[] = [];
  for (const name of await namesIn(partial)) {
    if (!JOURNAL_NAME.test(name)) continue;
    const stats = await partial.stat(name).catch(() => undefined);
    const entry = await readJournal(partial.fileSystem, partial.entry(name));
    if (stats !== undefined && entry?.kind === 'upload') {
      found.push({ name, entry, writtenMs: stats.mtimeMs });
    }
  }
  return found;
}

async function namesIn(partial: Folder): Promise<string[]> {
  return await partial.fileSystem.readdir(partial.entry('.')).catch(() => []);
}

async function remove(partial: Folder, name: string, { part }: JournalEntry): Promise<void> {
  const { fileSystem } = partial;
  await fileSystem.unlink(partial.entry(part)).catch(() => undefined);
  await fileSystem.unlink(partial.entry(name)).catch(() => undefined);
}

async function entryOf(partial: Folder, key: TransferKey): Promise<JournalEntry | undefined> {
  const entry = await readJournal(partial.fileSystem, journalPath(partial, key));
  const isOurs = entry?.kind === 'upload' && /^[0-9a-f]{32}$/.test(entry.part);
  return isOurs && entry.owner === key.owner ? entry : undefined;
}

function idOf({ transfer }: TransferKey): string {
  return Buffer.from(transfer).toString('hex');
}

function journalPath(partial: Folder, key: TransferKey): string {
  return partial.entry(`${idOf(key)}.journal`);
}
