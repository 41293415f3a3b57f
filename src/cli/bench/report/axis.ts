/** Axes with round numbers. */

export interface Axis {
  readonly from: number;
  readonly top: number;
  /** Values with a line and a number. */
  readonly ticks: readonly number[];
  /** As many digits behind the point as the ticks need. */
  readonly digits: number;
}

const STEPS = [1, 2, 5, 10];

/** An axis from 0 that holds `most` and ends with a tick. */
export function axisTo(most: number, count: number): Axis {
  const highest = most > 0 ? most : 1;
  const { step, digits } = stepOf(highest, count);
  const steps = Math.max(1, Math.ceil((highest / step) * 0.999));
  const ticks = multiples(step, 0, steps, digits);
  return { from: 0, top: ticks.at(-1) ?? step, ticks, digits };
}

/** An axis that begins and ends where the values do, as time does; the ticks lie between. */
export function axisBetween(from: number, to: number, count: number): Axis {
  const top = to > from ? to : from + 1;
  const { step, digits } = stepOf(top - from, count);
  const first = Math.ceil((from / step) * 0.9999);
  const last = Math.floor((top / step) * 1.0001);
  return { from, top, ticks: multiples(step, first, last, digits), digits };
}

/** About `count` of it make the span; 1, 2 or 5 times a power of ten, and the digits it needs. */
function stepOf(span: number, count: number): { readonly step: number; readonly digits: number } {
  const wanted = span / count;
  const power = 10 ** Math.floor(Math.log10(wanted));
  const step = (STEPS.find((factor) => factor * power >= wanted * 0.999) ?? 10) * power;
  return { step, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

function multiples(step: number, first: number, last: number, digits: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) =>
    Number(((first + index) * step).toFixed(digits)),
  );
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
