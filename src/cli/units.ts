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
