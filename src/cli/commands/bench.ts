/** `lftp bench`: transfers over an emulated link, in real or in virtual time. */
import { availableParallelism } from 'node:os';
import { EXIT } from '../../service/error.ts';
import { readBenchFlags } from '../bench/bench-flags.ts';
import type { BenchFlags } from '../bench/bench-flags.ts';
import { runFields, summaryFields } from '../bench/bench-events.ts';
import { BenchProgress } from '../bench/bench-progress.ts';
import { distrust, rowOf } from '../bench/figures.ts';
import type { Row } from '../bench/figures.ts';
import { groupRuns, isDrawn, planRuns } from '../bench/plan.ts';
import type { PlannedRun } from '../bench/plan.ts';
import { presetList } from '../bench/presets.ts';
import { reportPage } from '../bench/report/page.ts';
import { ReportFile } from '../bench/report-file.ts';
import type { RunOrder, RunResult, RunWatch } from '../bench/run.ts';
import { simulateRun } from '../bench/simulated-run.ts';
import { tableText } from '../bench/table.ts';
import type { CommandContext } from '../command-table.ts';
import type { Output } from '../output.ts';
import { programVersion } from '../version.ts';

interface Runner {
  run(order: RunOrder, watch: RunWatch): Promise<RunResult>;
  close(): Promise<void>;
}

interface DoneRun extends PlannedRun {
  readonly result: RunResult;
}

export async function bench(context: CommandContext): Promise<number> {
  const flags = readBenchFlags(context.source);
  if (flags.wantsPresetList) {
    context.output.show(presetList());
    return EXIT.OK;
  }
  const report = flags.report === undefined ? undefined : new ReportFile(flags.report);
  try {
    await measure(context, flags, report);
    return EXIT.OK;
  } finally {
    report?.close();
  }
}

async function measure(
  context: CommandContext,
  flags: BenchFlags,
  report: ReportFile | undefined,
): Promise<void> {
  const { isSimulated } = flags;
  const clock = { ms: 0 };
  const output = isSimulated ? context.output.withClock(() => clock.ms) : context.output;
  const done = await runAll(context, flags, output, clock);
  const rows = groupRuns(done).map(rowOfGroup);
  const warnings = warningsOf(done);
  const mode = modeOf(flags);
  output.event('summary', summaryFields(mode, rows, warnings));
  const options = { isSimulated, limitMs: flags.runTimeMs, runs: flags.runs };
  report?.write(reportPage({ rows, options, warnings, about: aboutText(isSimulated) }));
  output.show(tableText(rows, options));
  for (const warning of warnings) output.say(`Not to be trusted: ${warning}`);
}

/** @throws the signal's reason */
async function runAll(
  { flags: common, interrupts }: CommandContext,
  flags: BenchFlags,
  output: Output,
  clock: { ms: number },
): Promise<readonly DoneRun[]> {
  const plan = planRuns(flags);
  const { signal } = interrupts;
  const progress = new BenchProgress(plan.length, common.progress, output, process.stderr);
  const runner = await openRunner(flags, plan, signal);
  const done: DoneRun[] = [];
  try {
    for (const run of plan) {
      signal.throwIfAborted();
      progress.begin(run);
      const onProgress = (bytes: number, ms: number): void => progress.show(run, bytes, ms);
      const result = await runner.run(run.order, { signal, onProgress });
      const isKept = flags.report !== undefined && isDrawn(plan, run);
      done.push({ ...run, result: isKept ? result : { ...result, pictures: undefined } });
      clock.ms += result.seconds * 1000;
      progress.end(run, result);
      output.event('run', runFields(modeOf(flags), run, result));
    }
    return done;
  } finally {
    progress.clear();
    await runner.close();
  }
}

function modeOf({ isSimulated }: BenchFlags): string {
  return isSimulated ? 'simulated' : 'real';
}

async function openRunner(
  flags: BenchFlags,
  plan: readonly PlannedRun[],
  signal: AbortSignal,
): Promise<Runner> {
  if (flags.isSimulated) return { run: simulateRun, close: () => Promise.resolve() };
  const { RealBench } = await import('../bench/real-bench.ts');
  const sizes = plan.map(({ order }) => order.sizeBytes);
  return await RealBench.open(sizes, signal);
}

function rowOfGroup(group: readonly DoneRun[]): Row {
  const [first, ...rest] = group.map(({ result }) => result);
  if (first === undefined) throw new Error('a row without a run');
  return rowOf(group[0]?.linkName ?? '', [first, ...rest]);
}

/** What the report says of itself; virtual time knows no date and no machine. */
function aboutText(isSimulated: boolean): string {
  const program = `lftp ${programVersion()}`;
  if (isSimulated) return `${program}, simulated in virtual time`;
  const when = new Date().toISOString().slice(0, 16).replace('T', ' ');
  const cores = availableParallelism();
  return `${program}, Node ${process.version}, ${cores} processors, measured at ${when} UTC`;
}

/** What speaks against figures of real time, each with the run that it is about. */
function warningsOf(done: readonly DoneRun[]): string[] {
  return done.flatMap(({ linkName, order, result }) => {
    const name = `${linkName} ${order.controller} seed ${order.seed}`;
    return distrust(result).map((reason) => `${name}: ${reason}`);
  });
}
