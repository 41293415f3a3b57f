/** Tables of single flows: one block for each controller, in it one line for each kind of path. */
import { type ArenaPlan, type FlowPlan, runArena } from '../../src/sim/arena.ts';
import type { ControllerName } from '../../src/transport/config.ts';
import { CANDIDATES, number, percent } from './table.ts';

export interface Case {
  readonly name: string;
  readonly plan: Omit<ArenaPlan, 'seed' | 'flows'>;
  readonly flow?: Omit<FlowPlan, 'controller'>;
  /** What is measured begins here; 0 by default. It ends with the run. */
  readonly fromMs?: number;
  /** Also measured: when, after this time, goodput over 500 ms comes to this. */
  readonly reaches?: { readonly megabitsPerSecond: number; readonly afterMs: number };
}

const SEED = 1;
const SPAN_MS = 500;
const NAME_WIDTH = 26;

const HEADING = ['Mbit/s', 'resent %', 'queue 50 %', 'queue 95 %', 'there s']
  .map((title) => title.padStart(12))
  .join('');

function line(controller: ControllerName, entry: Case): string {
  const { name, plan, fromMs = 0, reaches } = entry;
  const { durationMs } = plan;
  const flows = [{ ...entry.flow, controller }];
  const { flows: series, queue } = runArena({ ...plan, seed: SEED, flows });
  const flow = series[0]!;
  const there =
    reaches === undefined
      ? ''
      : number(
          (flow.reachesMs(reaches.megabitsPerSecond, reaches.afterMs, SPAN_MS) - reaches.afterMs) /
            1_000,
          12,
          1,
        );
  return (
    name.padEnd(NAME_WIDTH) +
    number(flow.megabitsPerSecond(fromMs, durationMs), 12, 3) +
    percent(flow.retransmittedShare(fromMs, durationMs), 12) +
    number(queue.quantileMs(0.5, fromMs, durationMs), 12, 1) +
    number(queue.quantileMs(0.95, fromMs, durationMs), 12, 1) +
    there
  );
}

export function casesTable(cases: readonly Case[]): string {
  return CANDIDATES.map((controller) => {
    const lines = cases.map((entry) => `${line(controller, entry)}\n`);
    return `\n${controller.padEnd(NAME_WIDTH)}${HEADING}\n${lines.join('')}`;
  }).join('');
}
