/** Many seeds, and what they amount to. */
import { type Tallies, type Tally, TALLIES, emptyTallies } from './fault-classes.ts';
import type { SeedResult } from './run-seed.ts';

export interface BatchResult {
  seeds: number;
  transfers: number;
  bytes: number;
  datagrams: number;
  turns: number;
  missedGoodbyes: number;
  /** Longest time from the end of the faults to the last transfer's end. */
  worstAfterHealMs: number;
  /** How many seeds each kind of trouble struck in. */
  readonly struck: Tallies;
  /** Up to ten. */
  readonly failures: SeedResult[];
}

const MAX_FAILURES = 10;

export function emptyBatch(): BatchResult {
  return {
    seeds: 0,
    transfers: 0,
    bytes: 0,
    datagrams: 0,
    turns: 0,
    missedGoodbyes: 0,
    worstAfterHealMs: 0,
    struck: emptyTallies(),
    failures: [],
  };
}

export function addToBatch(batch: BatchResult, result: SeedResult): void {
  batch.seeds += 1;
  batch.transfers += result.transfers;
  batch.bytes += result.bytes;
  batch.datagrams += result.datagrams;
  batch.turns += result.turns;
  batch.missedGoodbyes += result.missedGoodbyes;
  batch.worstAfterHealMs = Math.max(batch.worstAfterHealMs, result.afterHealMs);
  for (const name of TALLIES) if (result.tallies[name] > 0) batch.struck[name] += 1;
  if (!result.ok && batch.failures.length < MAX_FAILURES) batch.failures.push(result);
}

/** Kinds of trouble that struck in less than `share` of the seeds: the batch proves little then. */
export function rareTallies(batch: BatchResult, share: number): Tally[] {
  return TALLIES.filter((name) => batch.struck[name] < share * batch.seeds);
}

/** One line a kind of trouble, for the log of a run. */
export function formatBatch(batch: BatchResult): string {
  const percent = (count: number): string => `${((100 * count) / batch.seeds).toFixed(1)} %`;
  const struck = TALLIES.map((name) => `${name} ${percent(batch.struck[name])}`).join(', ');
  return (
    `${batch.seeds} seeds, ${batch.transfers} transfers, ${batch.bytes} bytes, ` +
    `${batch.datagrams} datagrams, worst ${(batch.worstAfterHealMs / 1_000).toFixed(1)} s ` +
    `after the faults, ${batch.missedGoodbyes} missed goodbyes\nstruck in: ${struck}`
  );
}
