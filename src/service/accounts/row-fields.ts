/** Reading the columns of a row: each reader says which one is not what the schema says. */
import type { Row } from './database-store.ts';

/** A column that is not what the schema says is a damage that no caller can mend. */
export function textOf(row: Row | undefined, column: string): string {
  const value = row?.[column];
  if (typeof value === 'string') return value;
  throw new TypeError(`the column ${column} is not a text`);
}

export function numberOf(row: Row | undefined, column: string): number {
  const value = row?.[column];
  if (typeof value === 'number') return value;
  throw new TypeError(`the column ${column} is not a number`);
}

/** The library gives bytes of one row as a Buffer and those of several as an ArrayBuffer. */
export function bytesOf(row: Row | undefined, column: string): Uint8Array {
  const value = row?.[column];
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (value instanceof Uint8Array) return new Uint8Array(value);
  throw new TypeError(`the column ${column} is not bytes`);
}
