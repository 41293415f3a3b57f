/** How names on the server are shown. */
import { displayText } from '../service/display.ts';
import type { EntryKind } from '../service/operations/operation-types.ts';
import type { RemoteEntry } from '../service/operations/remote-entry.ts';
import { pathText } from '../service/path.ts';
import type { RemotePath } from '../service/path.ts';
import type { Output } from './output.ts';

const LETTERS: Readonly<Record<EntryKind, string>> = {
  file: '-',
  folder: 'd',
  link: 'l',
  special: '?',
};

const BITS = ['r', 'w', 'x', 'r', 'w', 'x', 'r', 'w', 'x'];

/** `-rw-r--r--`; of what is neither file, folder nor link, a question mark in front. */
export function modeText({ kind, mode }: Pick<RemoteEntry, 'kind' | 'mode'>): string {
  const shown = BITS.map((bit, index) => ((mode >> (8 - index)) & 1 ? bit : '-'));
  return LETTERS[kind] + shown.join('');
}

/** `2026-01-31 12:05`, in the time of this machine. */
export function timeText(mtimeMs: number): string {
  const time = new Date(mtimeMs);
  if (Number.isNaN(time.getTime())) return '?';
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** One line of a listing. */
export function entryLine(entry: RemoteEntry, isLong: boolean): string {
  const name = displayText(entry.name);
  if (!isLong) return name;
  const size = String(entry.sizeBytes).padStart(12);
  return `${modeText(entry)} ${size} ${timeText(entry.mtimeMs)} ${name}`;
}

/** What `stat` shows. */
export function entryText(path: RemotePath, entry: RemoteEntry): string {
  return [
    `path  ${pathText(path)}`,
    `kind  ${entry.kind}`,
    `size  ${entry.sizeBytes} bytes`,
    `time  ${timeText(entry.mtimeMs)}`,
    `mode  ${octal(entry.mode)} ${modeText(entry)}`,
  ].join('\n');
}

/** What programs are told of a name. */
export function tellEntry(
  output: Output,
  event: string,
  path: RemotePath,
  entry: RemoteEntry,
): void {
  const { kind, sizeBytes: bytes, mtimeMs, mode } = entry;
  output.event(event, { path: `/${path.join('/')}`, kind, bytes, mtimeMs, mode: octal(mode) });
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}
