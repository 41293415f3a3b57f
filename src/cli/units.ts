/** Reading and writing quantities with their units. */

const MS_PER_UNIT = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['min', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** `90`, `1.5m`, `250ms` as milliseconds; a bare number is seconds. Undefined: no duration. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  if (match === null) return undefined;
  const [, digits = '', unit = ''] = match;
  const msPerUnit = MS_PER_UNIT.get(unit === '' ? 's' : unit.toLowerCase());
  if (msPerUnit === undefined) return undefined;
  const durationMs = Number(digits) * msPerUnit;
  return Number.isFinite(durationMs) ? durationMs : undefined;
}

const BYTES_PER_UNIT = new Map([
  ['', 1],
  ['b', 1],
  ['kb', 1e3],
  ['mb', 1e6],
  ['gb', 1e9],
  ['kib', 1024],
  ['mib', 1024 ** 2],
  ['gib', 1024 ** 3],
]);

/** `1500`, `256KB`, `1.5MiB` as whole bytes; a bare number is bytes. Undefined: no size. */
export function parseBytes(text: string): number | undefined {
  const bytes = quantity(text, BYTES_PER_UNIT);
  return bytes === undefined ? undefined : Math.round(bytes);
}

const BITS_PER_UNIT = new Map([
  ['bit', 1],
  ['kbit', 1e3],
  ['mbit', 1e6],
  ['gbit', 1e9],
]);

/**
 * `100Mbit`, `12.5MB`, either also with `/s`, as bits per second. A bare number is refused, since
 * nobody can tell which of the two it means; only 0 is the same in both.
 */
export function parseBitRate(text: string): number | undefined {
  const amount = text.trim().replace(/\/s$/i, '');
  if (/^\d+$/.test(amount)) return Number(amount) === 0 ? 0 : undefined;
  const bytes = quantity(amount, BYTES_PER_UNIT);
  return quantity(amount, BITS_PER_UNIT) ?? (bytes === undefined ? undefined : bytes * 8);
}

/** `1%`, `0.5 %`, `0.01` as a share of 0…1. Undefined: none. */
export function parseShare(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(%?)$/.exec(text.trim());
  if (match === null) return undefined;
  const share = match[2] === '%' ? Number(match[1]) / 100 : Number(match[1]);
  return share <= 1 ? share : undefined;
}

function quantity(text: string, units: ReadonlyMap<string, number>): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  if (match === null) return undefined;
  const perUnit = units.get((match[2] ?? '').toLowerCase());
  const value = Number(match[1]) * (perUnit ?? NaN);
  return Number.isSafeInteger(Math.round(value)) ? value : undefined;
}

/** A duration as a person writes it: `250 ms`, `4.31 s`, `2 min 5 s`, `3 h 20 min`. */
export function formatDuration(durationMs: number): string {
  if (durationMs === Infinity) return 'for ever';
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`;
  if (durationMs < 60_000) return `${trimmed(durationMs / 1000)} s`;
  const totalSeconds = Math.round(durationMs / 1000);
  const hours = Math.floor(totalSeconds / 3600);
  const minutes = Math.floor((totalSeconds % 3600) / 60);
  const seconds = totalSeconds % 60;
  if (hours > 0) return `${hours} h${minutes > 0 ? ` ${minutes} min` : ''}`;
  return `${minutes} min${seconds > 0 ? ` ${seconds} s` : ''}`;
}

/** A size as a person reads it, in powers of 1,024: `0 B`, `1.5 KiB`, `138.6 MiB`. */
export function formatBytes(sizeBytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = sizeBytes;
  let index = 0;
  while (value >= 1024 && index < units.length - 1) {
    value /= 1024;
    index += 1;
  }
  const unit = units[index] ?? 'B';
  return index === 0 ? `${Math.round(value)} ${unit}` : `${value.toFixed(1)} ${unit}`;
}

export function formatRate(bytesPerSecond: number): string {
  return `${formatBytes(bytesPerSecond)}/s`;
}

/** A line's rate as networks are sold: `155 Mbit/s`, `1.5 Gbit/s`. */
export function formatBitRate(bitsPerSecond: number): string {
  const units = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s'];
  let value = bitsPerSecond;
  let index = 0;
  while (value >= 1000 && index < units.length - 1) {
    value /= 1000;
    index += 1;
  }
  return `${trimmed(value)} ${units[index] ?? ''}`;
}

/** `1:05`, `2:03:09`; `--` while nobody can tell. */
export function formatClock(seconds: number | undefined): string {
  if (seconds === undefined || !Number.isFinite(seconds)) return '--';
  const total = Math.ceil(seconds);
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const rest = String(total % 60).padStart(2, '0');
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}` : `${minutes}:${rest}`;
}

/** A share of 0…1 as per cent with one digit. */
export function formatShare(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function trimmed(value: number): string {
  return value.toFixed(2).replace(/\.?0+$/, '');
}
