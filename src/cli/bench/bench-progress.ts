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
const MOST_BAR_CELLS = 24;

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
    // A terminal that was told no size says 0.
    const columns = this.screen.columns === 0 ? 80 : (this.screen.columns ?? 80);
    const line = progressLine(this.nameOf(run), bytes, ms, run.order.sizeBytes, columns);
    this.screen.write(`${ERASE_LINE}${line}`);
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

/** Fits into `columns`; the bar is what goes first. */
export function progressLine(
  name: string,
  bytes: number,
  ms: number,
  sizeBytes: number,
  columns: number,
): string {
  const share = Math.min(1, bytes / sizeBytes);
  const rate = ms > 0 ? significant((bytes * 8) / 1000 / ms) : '0';
  const facts = `${String(Math.floor(share * 100)).padStart(3)} %  ${rate} Mbit/s`;
  const room = Math.max(columns - 1, 10);
  const cells = Math.min(MOST_BAR_CELLS, room - name.length - facts.length - 4);
  const full = Math.round(share * cells);
  const bar = cells < 5 ? '' : ` [${'#'.repeat(full)}${'-'.repeat(cells - full)}]`;
  return `${name}${bar} ${facts}`.slice(0, room);
}
