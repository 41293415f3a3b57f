/**
 * Columns: typed arrays indexed by `number & mask` over a window that slides. Who holds nothing has
 * none of its own, because a connection at rest must be cheap and most of them are at rest.
 */

export type Column = Uint8Array | Uint16Array | Int32Array | Float64Array;

/** Columns of all who hold nothing: they may be read anywhere under mask 0, and never written. */
export const NO_BYTES = new Uint8Array(1);
export const NO_SHORTS = new Uint16Array(1);
export const NO_INTS = new Int32Array(1);
export const NO_NUMBERS = new Float64Array(1);

/** Copies entries `[from, to)` of `old` to their places in `fresh`, which it returns. */
export function moveColumn<T extends Column>(old: T, fresh: T, from: number, to: number): T {
  const oldMask = old.length - 1;
  const mask = fresh.length - 1;
  for (let n = from; n < to; n += 1) fresh[n & mask] = old[n & oldMask]!;
  return fresh;
}
