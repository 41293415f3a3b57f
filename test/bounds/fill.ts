/** What driving a resource to its cap and beyond it showed, and the two usual ways to drive one. */

export interface Fill {
  /** Held at the cap, and after a tenth more was tried. */
  readonly held: number;
  readonly beyond: number;
  /** Of that tenth, what was refused or made something else go. */
  readonly refused: number;
  /** What the counter, drop or error says of it. */
  readonly counted: number;
  /** The cap that was driven, where the real one cannot be reached in a test. */
  readonly scaledTo?: number;
  /** Tries another tenth: nothing may grow. */
  readonly more?: () => void;
  readonly clean?: () => void | Promise<void>;
}

export type Driver = (cap: number) => Fill | Promise<Fill>;

/** How much more than the cap is tried. */
export function tenth(cap: number): number {
  return Math.max(1, Math.ceil(cap / 10));
}

export interface Table {
  /** Tries to add entry `index`, another one each time. */
  readonly add: (index: number) => void;
  readonly size: () => number;
  readonly counted: () => number;
  readonly clean?: () => void | Promise<void>;
}

/** Fills a table that refuses, or forgets, beyond `cap` entries. */
export function fillTable(cap: number, table: Table): Fill {
  let next = 0;
  for (; next < cap; next += 1) table.add(next);
  const held = table.size();
  let refused = 0;
  const addTenth = (): void => {
    for (const end = next + tenth(cap); next < end; next += 1) {
      const before = table.size();
      table.add(next);
      if (table.size() <= before) refused += 1;
    }
  };
  addTenth();
  const fill = { held, beyond: table.size(), refused, counted: table.counted(), more: addTenth };
  return table.clean === undefined ? fill : { ...fill, clean: table.clean };
}

/**
 * Tries a length or number at the cap, one above and a tenth above.
 * @param isTaken whether `amount` has its effect
 * @param isCounted whether a refusal of `amount` is told, as it should be
 */
export function fillEdge(
  cap: number,
  isTaken: (amount: number) => boolean,
  isCounted: (amount: number) => boolean = (amount) => !isTaken(amount),
): Fill {
  const beyond = [cap + 1, cap + tenth(cap)];
  return {
    held: isTaken(cap) ? cap : 0,
    beyond: beyond.find(isTaken) ?? cap,
    refused: beyond.filter((amount) => !isTaken(amount)).length,
    counted: beyond.filter(isCounted).length,
    more: () => void beyond.map(isTaken),
  };
}

/** The code of the error that `work` throws; 0 for none. */
export function codeOf(work: () => unknown): number {
  try {
    work();
    return 0;
  } catch (error) {
    return codeOfError(error);
  }
}

export async function codeOfAsync(work: () => Promise<unknown>): Promise<number> {
  try {
    await work();
    return 0;
  } catch (error) {
    return codeOfError(error);
  }
}

function codeOfError(error: unknown): number {
  if (error instanceof Error && 'code' in error && typeof error.code === 'number') {
    return error.code;
  }
  throw error;
}
