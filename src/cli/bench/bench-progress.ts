/** Where the bench stands: a line that is redrawn on a terminal, a line a run elsewhere. */
import type { ProgressStyle } from '../flag-values.ts';
import type { Output } from '../output.ts';
import { chooseStyle, ERASE_LINE } from '../progress.ts';
import type { Screen } from '../progress.ts';
import { rowOf } from './figures.ts';
import type { PlannedRun } from './plan.ts';
import type { RunResult } from './run.ts';
import { runLine, significant } from './table.ts';

const REDRAW_MS = 100;
const BAR_CELLS = 24;

export class BenchProgress {
  private readonly output: Output;
  private readonly screen: Screen;
  private readonly style: 'bar' | 'plain' | 'none';
  private readonly runCount: number;
  private begun = 0;
  private drawnAtMs = -Infinity;
  private isDrawn = false;

  constructor(runCount: number, style: ProgressStyle, output: Output, screen: Screen) {
    this.runCount = runCount;
    this.output = output;
    this.screen = screen;
    this.style = chooseStyle(style, output, screen);
  }

  begin(run: PlannedRun): void {
    this.begun += 1;
    this.drawnAtMs = -Infinity;
    this.show(run, 0, 0);
  }

  show(run: PlannedRun, bytes: number, ms: number): void {
    const nowMs = performance.now();
    if (this.style !== 'bar' || nowMs - this.drawnAtMs < REDRAW_MS) return;
    this.drawnAtMs = nowMs;
    const columns = Math.max((this.screen.columns ?? 80) - 1, 10);
    const line = `${this.nameOf(run)} ${barOf(bytes, ms, run.order.sizeBytes)}`;
    this.screen.write(`${ERASE_LINE}${line.slice(0, columns)}`);
    this.isDrawn = true;
  }

  end(run: PlannedRun, result: RunResult): void {
    this.clear();
    if (this.style === 'none') return;
    this.output.say(runLine(rowOf(run.linkName, [result]), this.nameOf(run)));
  }

  /** Leaves the line clean for whoever writes next. */
  clear(): void {
    if (this.isDrawn) this.screen.write(ERASE_LINE);
    this.isDrawn = false;
  }

  private nameOf({ linkName, order }: PlannedRun): string {
    return `${this.begun}/${this.runCount} ${linkName} ${order.controller} seed ${order.seed}`;
  }
}

function barOf(bytes: number, ms: number, sizeBytes: number): string {
  const share = Math.min(1, bytes / sizeBytes);
  const full = Math.round(share * BAR_CELLS);
  const bar = `[${'#'.repeat(full)}${'-'.repeat(BAR_CELLS - full)}]`;
  const rate = ms > 0 ? significant((bytes * 8) / 1000 / ms) : '0';
  return `${bar} ${Math.floor(share * 100)} %  ${rate} Mbit/s`;
}
