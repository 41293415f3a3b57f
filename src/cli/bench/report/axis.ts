/** Axes with round numbers. */

export interface Axis {
  /** The axis goes from 0 to here. */
  readonly top: number;
  /** Values with a line and a number, 0 and the top included or nearly so. */
  readonly ticks: readonly number[];
  /** As many digits behind the point as the ticks need. */
  readonly digits: number;
}

const STEPS = [1, 2, 5, 10];

/** An axis from 0 that holds `most` in about `count` steps of 1, 2 or 5 times a power of ten. */
export function axisTo(most: number, count: number): Axis {
  const highest = most > 0 ? most : 1;
  const wanted = highest / count;
  const exponent = Math.floor(Math.log10(wanted));
  const power = 10 ** exponent;
  const step = (STEPS.find((factor) => factor * power >= wanted * 0.999) ?? 10) * power;
  const steps = Math.max(1, Math.ceil((highest / step) * 0.999));
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const ticks = Array.from({ length: steps + 1 }, (_, index) =>
    Number((index * step).toFixed(digits)),
  );
  return { top: ticks.at(-1) ?? step, ticks, digits };
}

/** The same, but it ends where the values end: for time, where nothing comes after the end. */
export function axisUpTo(most: number, count: number): Axis {
  const { ticks, digits } = axisTo(most, count);
  const top = most > 0 ? most : 1;
  return { top, ticks: ticks.filter((tick) => tick <= top * 1.001), digits };
}

export interface Unit {
  readonly name: string;
  readonly factor: number;
}

/** The unit in which `most` is a number of few digits. */
export function unitFor(most: number, units: readonly Unit[]): Unit {
  const fitting = units.filter(({ factor }) => most >= factor);
  return fitting.at(-1) ?? units[0] ?? { name: '', factor: 1 };
}

export const BYTE_UNITS: readonly Unit[] = [
  { name: 'bytes', factor: 1 },
  { name: 'kB', factor: 1e3 },
  { name: 'MB', factor: 1e6 },
];

export const COUNT_UNITS: readonly Unit[] = [
  { name: 'segments', factor: 1 },
  { name: 'thousand segments', factor: 1e3 },
];
