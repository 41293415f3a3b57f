/**
 * Which blocks of the code under test an input runs, and how often: V8's precise coverage, read in
 * this very process. Code that was loaded before `start` counts by whole functions only.
 */
import { type Profiler, Session } from 'node:inspector';

type FunctionCoverage = Profiler.FunctionCoverage;

/** A block of a function; V8 tells only those whose count differs from what is around them. */
interface Block {
  readonly from: number;
  readonly to: number;
  readonly id: number;
}

/** Counts are told apart by their order of magnitude: 1, 2, 3, 4-7, 8-15, … */
export const COUNT_BUCKETS = 16;

function bucketOf(count: number): number {
  if (count < 4) return count;
  return Math.min(COUNT_BUCKETS - 1, 2 + Math.floor(Math.log2(count)));
}

export class Coverage {
  private readonly session = new Session();
  private readonly covers: (url: string) => boolean;
  private readonly blocks = new Map<string, Block[]>();
  private readonly wanted = new Map<string, boolean>();
  private ids = 0;

  /** @param covers whether the script at `url` is under test */
  constructor(covers: (url: string) => boolean) {
    this.covers = covers;
  }

  /** Blocks seen so far, run or not. */
  get knownBlocks(): number {
    return this.ids;
  }

  start(): void {
    this.session.connect();
    this.session.post('Profiler.enable');
    this.session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  stop(): void {
    this.session.post('Profiler.stopPreciseCoverage');
    this.session.disconnect();
  }

  /** What has run since the last call: numbers of a block and an order of magnitude. */
  take(): number[] {
    const features: number[] = [];
    this.session.post('Profiler.takePreciseCoverage', (error, told) => {
      if (error !== null) throw error;
      for (const { scriptId, url, functions } of told.result) {
        if (!this.isWanted(scriptId, url)) continue;
        for (const each of functions) this.collect(scriptId, each, features);
      }
    });
    return features;
  }

  private isWanted(scriptId: string, url: string): boolean {
    let isWanted = this.wanted.get(scriptId);
    if (isWanted === undefined) {
      isWanted = this.covers(url);
      this.wanted.set(scriptId, isWanted);
    }
    return isWanted;
  }

  private collect(scriptId: string, { ranges }: FunctionCoverage, features: number[]): void {
    const [whole] = ranges;
    if (whole === undefined || whole.count === 0) return;
    const key = `${scriptId}:${whole.startOffset}:${whole.endOffset}`;
    let known = this.blocks.get(key);
    if (known === undefined) this.blocks.set(key, (known = []));
    for (const { startOffset, endOffset } of ranges) {
      const isKnown = known.some(({ from, to }) => from === startOffset && to === endOffset);
      if (isKnown) continue;
      known.push({ from: startOffset, to: endOffset, id: this.ids });
      this.ids += 1;
    }
    for (const { from, to, id } of known) {
      // The innermost range that is told holds the count of a block that is not told.
      let { count } = whole;
      for (const range of ranges) {
        if (range.startOffset <= from && range.endOffset >= to) ({ count } = range);
      }
      if (count > 0) features.push(id * COUNT_BUCKETS + bucketOf(count));
    }
  }
}
