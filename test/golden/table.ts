/** What the golden tables have in common: how they are kept, and how figures stand in columns. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { CONTROLLER_NAMES } from '../../src/transport/config.ts';

/**
 * Who competes: every controller but `founding`, which is for teaching. A new name in
 * CONTROLLER_NAMES is a new row of every table.
 */
export const CANDIDATES = CONTROLLER_NAMES.filter((name) => name !== 'founding');

/** Compares `text` with the file of that name; UPDATE_GOLDEN=1 writes the file anew. */
export function keepTable(name: string, text: string): void {
  const file = fileURLToPath(new URL(name, import.meta.url));
  if (process.env['UPDATE_GOLDEN'] === '1') writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, 'utf8'));
}

export function number(value: number, width: number, digits = 2): string {
  return (Number.isFinite(value) ? value.toFixed(digits) : '-').padStart(width);
}

/** A share as per cent. */
export function percent(share: number, width: number, digits = 2): string {
  return number(100 * share, width, digits);
}

/** Bytes of one bandwidth-delay product. */
export function bdpBytes(rateBitsPerSecond: number, rttMs: number): number {
  return (rateBitsPerSecond / 8) * (rttMs / 1_000);
}
