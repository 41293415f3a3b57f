/** Readings of a run over time, and the few figures that are made of them. */
import { check } from './failure.ts';
import type { FlowReading } from './arena-flow.ts';

interface Timed extends FlowReading {
  readonly atMs: number;
}

/** Readings of one flow, from time 0 on. Spans of time begin and end at readings. */
export class FlowSeries {
  readonly name: string;
  readonly readings: Timed[] = [];

  constructor(name: string) {
    this.name = name;
  }

  take(atMs: number, reading: FlowReading): void {
    this.readings.push({ atMs, ...reading });
  }

  /** Goodput between two times. */
  megabitsPerSecond(fromMs: number, toMs: number): number {
    const bytes = this.at(toMs).bytes - this.at(fromMs).bytes;
    return (bytes * 8) / 1_000 / (toMs - fromMs);
  }

  /** Retransmitted segments per segment sent between two times; 0 when none was. */
  retransmittedShare(fromMs: number, toMs: number): number {
    const [from, to] = [this.at(fromMs), this.at(toMs)];
    return (to.retransmitted - from.retransmitted) / Math.max(1, to.sent - from.sent);
  }

  drops(fromMs: number, toMs: number): number {
    return this.at(toMs).dropped - this.at(fromMs).dropped;
  }

  /** End of the first `spanMs` after `fromMs` in which goodput came to so much; else Infinity. */
  reachesMs(megabitsPerSecond: number, fromMs: number, spanMs: number): number {
    const lastMs = this.readings.at(-1)?.atMs ?? 0;
    for (const { atMs } of this.readings) {
      if (atMs < fromMs || atMs + spanMs > lastMs) continue;
      if (this.megabitsPerSecond(atMs, atMs + spanMs) >= megabitsPerSecond) return atMs + spanMs;
    }
    return Infinity;
  }

  private at(atMs: number): Timed {
    const found = this.readings.find((reading) => reading.atMs === atMs);
    check(found !== undefined, 'unfinished', () => `no reading of ${this.name} at ${atMs} ms`);
    return found!;
  }
}

/** How long a datagram would have waited before the line, from time 0 on, in even steps. */
export class QueueSeries {
  private readonly delays: { readonly atMs: number; readonly queuedMs: number }[] = [];

  take(atMs: number, queuedMs: number): void {
    this.delays.push({ atMs, queuedMs });
  }

  /** The delay that a share `q` of the readings in `[fromMs, toMs]` does not exceed. */
  quantileMs(q: number, fromMs: number, toMs: number): number {
    const chosen = this.delays.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs);
    return quantile(
      chosen.map(({ queuedMs }) => queuedMs),
      q,
    );
  }
}

/** The smallest of `values` that a share `q` of them does not exceed; NaN of none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? NaN;
}

/** Jain's index: 1 when all are equal, 1/n when one has it all. */
export function jainIndex(values: readonly number[]): number {
  const sum = values.reduce((a, b) => a + b, 0);
  const squares = values.reduce((a, b) => a + b * b, 0);
  return squares === 0 ? 1 : (sum * sum) / (values.length * squares);
}
