/** The bench's events: one a run, and a summary. */
import { figuresOf } from './figures.ts';
import type { Figures, Row } from './figures.ts';
import { describeLink, queueBytes } from './link-spec.ts';
import type { PlannedRun } from './plan.ts';
import type { EmulatorHealth, RunResult } from './run.ts';

const MICRO = 1e6;

/** Six digits behind the point: no event shows the noise of a division. */
function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Math.round(value * MICRO) / MICRO;
}

function figureFields(figures: Figures): object {
  return {
    goodputMbps: rounded(figures.goodputMbps),
    ceilingMbps: rounded(figures.ceilingMbps),
    ceilingShare: rounded(figures.ceilingShare),
    retransmittedShare: rounded(figures.retransmittedShare),
    wireRatio: rounded(figures.wireRatio),
    rttInflation: rounded(figures.rttInflation),
    cpuSecondsPerGB: rounded(figures.cpuSecondsPerGB),
  };
}

function healthFields(health: EmulatorHealth): object {
  const { medianLateMs, p99LateMs, mostLateMs, busyShare, kernelDrops, overruns } = health;
  return {
    medianLateMs: rounded(medianLateMs),
    p99LateMs: rounded(p99LateMs),
    mostLateMs: rounded(mostLateMs),
    busyShare: rounded(busyShare),
    kernelDrops,
    overruns,
  };
}

export function runFields(mode: string, run: PlannedRun, result: RunResult): object {
  const { link, controller, seed, sizeBytes } = run.order;
  const { emulator } = result;
  return {
    mode,
    link: run.linkName,
    rateBitsPerSecond: link.rateBitsPerSecond,
    rttMs: link.rttMs,
    loss: link.loss,
    ackLoss: link.ackLoss ?? link.loss,
    queueBytes: queueBytes(link),
    controller,
    run: run.number,
    seed,
    size: sizeBytes,
    bytes: result.bytes,
    seconds: rounded(result.seconds),
    complete: result.isComplete,
    ...figureFields(figuresOf(result)),
    timeouts: result.timeouts,
    lostDatagrams: result.lostDatagrams,
    queueDrops: result.queueDrops,
    emulator: emulator === undefined ? null : healthFields(emulator),
  };
}

export function summaryFields(
  mode: string,
  rows: readonly Row[],
  warnings: readonly string[],
): object {
  return {
    mode,
    rows: rows.map((row) => ({
      link: row.linkName,
      description: describeLink(row.link),
      controller: row.controller,
      size: row.sizeBytes,
      runs: row.runs.length,
      cutRuns: row.cutRuns,
      ...figureFields(row.median),
    })),
    warnings,
  };
}
