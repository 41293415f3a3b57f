/**
 * What a journal says of one unfinished transfer: a head that tells which, and two places for the
 * latest mark, written in turn, so that a torn write leaves the one before. Each is one line of
 * JSON behind its own checksum, at a fixed place: a journal never grows.
 */
import { createHash } from 'node:crypto';
import type { Mark } from './running-digest.ts';

export const HEAD_BYTES = 16_384;
export const MARK_BYTES = 512;
export const JOURNAL_BYTES = HEAD_BYTES + 2 * MARK_BYTES;

/** Which process writes to the transfer now. */
export interface Holder {
  readonly pid: number;
  /** Tells a process from another that got its number later; empty where nobody can tell. */
  readonly born: string;
}

export interface JournalHead {
  readonly kind: 'get' | 'post' | 'upload';
  /** The transfer's own number, 32 hex digits. */
  readonly id: string;
  /** Whose it is: where the other side is, or the account. */
  readonly owner: string;
  /** The file on the other side of a client; the target of an upload. */
  readonly remote: string;
  /** The client's own file, as an absolute path; empty on a server. */
  readonly local: string;
  /** Name of the unfinished file, if there is one of ours. */
  readonly part: string;
  readonly sizeBytes: number;
  /** Of the source; ms since 1970. */
  readonly mtimeMs: number;
  readonly holder: Holder;
  /** When the transfer began; ms since 1970. */
  readonly madeMs: number;
}

/** How far a transfer is. */
export interface JournalState {
  readonly mark: Mark | undefined;
  /** The file is about to get its name: its digest, and when it began; ms since 1970. */
  readonly done: { readonly digest: Uint8Array; readonly atMs: number } | undefined;
}

/** @returns undefined for a head that is too long for its place */
export function encodeHead(head: JournalHead): Buffer | undefined {
  return seal(head, HEAD_BYTES);
}

export function encodeState(seq: number, { mark, done }: JournalState): Buffer {
  const bytes = mark?.bytes ?? 0;
  const digest = hexOf(done?.digest ?? mark?.digest);
  const line = seal({ seq, bytes, digest, doneMs: done?.atMs ?? null }, MARK_BYTES);
  return line ?? Buffer.alloc(MARK_BYTES);
}

/** @returns undefined when the head cannot be read */
export function decodeJournal(bytes: Uint8Array): (JournalHead & JournalState) | undefined {
  const head = open(bytes.subarray(0, HEAD_BYTES));
  if (!isHead(head)) return undefined;
  let mark: Mark | undefined;
  let done: JournalState['done'];
  const lines = [HEAD_BYTES, HEAD_BYTES + MARK_BYTES].map((at) =>
    open(bytes.subarray(at, at + MARK_BYTES)),
  );
  const bySeq = (a: StateLine, b: StateLine): number => a.seq - b.seq;
  for (const line of lines.filter(isState).sort(bySeq)) {
    const digest = new Uint8Array(Buffer.from(line.digest, 'hex'));
    if (line.doneMs !== null) done = { digest, atMs: line.doneMs };
    else if (line.bytes > 0) mark = { bytes: line.bytes, digest };
  }
  return { ...head, mark, done };
}

interface StateLine {
  readonly seq: number;
  readonly bytes: number;
  readonly digest: string;
  readonly doneMs: number | null;
}

function seal(value: object, lengthBytes: number): Buffer | undefined {
  const text = JSON.stringify(value);
  const line = Buffer.from(`${checksum(text)} ${text}\n`);
  if (line.length > lengthBytes) return undefined;
  return Buffer.concat([line, Buffer.alloc(lengthBytes - line.length, '\n')]);
}

function open(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes).toString().split('\n', 1)[0] ?? '';
  const sum = text.slice(0, 16);
  const json = text.slice(17);
  if (sum !== checksum(json) || text[16] !== ' ') return undefined;
  return JSON.parse(json) as unknown;
}

/** Against what a disk does, not against people: whoever can write here can do as he likes. */
function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

function hexOf(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

const isNatural = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;

function isHead(value: unknown): value is JournalHead {
  if (!isRecord(value) || !isRecord(value['holder'])) return false;
  const { kind, sizeBytes, mtimeMs, madeMs, holder } = value;
  const texts = ['id', 'owner', 'remote', 'local', 'part'].map((name) => value[name]);
  const isKind = kind === 'get' || kind === 'post' || kind === 'upload';
  const isHolder = isNatural(holder['pid']) && typeof holder['born'] === 'string';
  const areNumbers = isNatural(sizeBytes) && Number.isFinite(mtimeMs) && Number.isFinite(madeMs);
  return isKind && isHolder && areNumbers && texts.every((text) => typeof text === 'string');
}

function isState(value: unknown): value is StateLine {
  if (!isRecord(value)) return false;
  const { seq, bytes, digest, doneMs } = value;
  const isDigest = typeof digest === 'string' && /^(?:[0-9a-f]{64})?$/.test(digest);
  return isNatural(seq) && isNatural(bytes) && isDigest && (doneMs === null || isNatural(doneMs));
}
