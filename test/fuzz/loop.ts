/**
 * The coverage-guided loop: an input that reaches a new block, or an old one in another order of
 * magnitude, is kept and mutated on. Without coverage it is plain random search.
 */
import type { Random } from '../../src/util/random.ts';
import { COUNT_BUCKETS, type Coverage } from './coverage.ts';
import { mutate } from './mutator.ts';
import type { Target } from './target.ts';

/** An input that takes longer is a failure: work must be bounded. */
export const SLOW_MS = 2_000;
/** Inputs kept while searching. */
const MOST_KEPT = 4_000;
/** Of the choices what to mutate, this share falls on the newest inputs. */
const NEWEST_SHARE = 0.5;
const NEWEST = 20;
/** Attempts to make a failing input shorter. */
const SHORTENING_RUNS = 2_000;

export interface Found {
  readonly input: Uint8Array;
  readonly error: Error;
}

export interface LoopOptions {
  readonly target: Target;
  readonly corpus: readonly Uint8Array[];
  readonly random: Random;
  /** Undefined: nothing is learnt, all inputs come from the corpus and from chance. */
  readonly coverage: Coverage | undefined;
  /** Asked before every run, with their number so far. */
  readonly goesOn: (runs: number) => boolean;
  readonly nowMs: () => number;
}

export interface LoopResult {
  readonly runs: number;
  readonly features: number;
  /** Inputs worth keeping, the most telling first. */
  readonly corpus: readonly Uint8Array[];
  readonly found: Found | undefined;
}

/** Runs `input`; what is thrown, or a run that is too slow, is what was found. */
export function attempt(
  { run }: Target,
  input: Uint8Array,
  nowMs: () => number,
): Found | undefined {
  const startMs = nowMs();
  try {
    run(input.slice());
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    return { input, error };
  }
  const tookMs = nowMs() - startMs;
  if (tookMs <= SLOW_MS) return undefined;
  return { input, error: new Error(`took ${tookMs.toFixed(0)} ms`) };
}

class Loop {
  private readonly options: LoopOptions;
  private readonly kept: Uint8Array[] = [];
  private readonly features = new Set<number>();
  runs = 0;
  found: Found | undefined;

  constructor(options: LoopOptions) {
    this.options = options;
  }

  private try(input: Uint8Array): void {
    const { target, nowMs, coverage } = this.options;
    this.runs += 1;
    this.found = attempt(target, input, nowMs);
    if (coverage === undefined) return;
    let isNew = false;
    for (const feature of coverage.take()) {
      if (this.features.has(feature)) continue;
      this.features.add(feature);
      isNew = true;
    }
    if (isNew && this.found === undefined && this.kept.length < MOST_KEPT) this.kept.push(input);
  }

  private next(): Uint8Array {
    const { random, target } = this.options;
    const { kept } = this;
    const any = (from: number): Uint8Array =>
      kept[random.integer(from, kept.length - 1)] ?? new Uint8Array(0);
    const newest = random.chance(NEWEST_SHARE) ? Math.max(0, kept.length - NEWEST) : 0;
    if (kept.length === 0) return mutate(new Uint8Array(0), any(0), random, target.maxBytes);
    return mutate(any(newest), any(0), random, target.maxBytes);
  }

  run(): LoopResult {
    const { corpus, target, goesOn, coverage } = this.options;
    coverage?.take();
    for (const input of [...target.seeds, ...corpus]) {
      this.try(input);
      if (coverage === undefined) this.kept.push(input);
      if (this.found !== undefined) return this.result();
    }
    while (this.found === undefined && goesOn(this.runs)) this.try(this.next());
    return this.result();
  }

  private result(): LoopResult {
    const { target, nowMs } = this.options;
    const found = this.found && shorten(target, this.found, nowMs);
    return { runs: this.runs, features: this.features.size, corpus: this.smallest(), found };
  }

  /**
   * Inputs that reach, together, all that was reached, short ones first; and before them those that
   * reach all blocks, however often, because a corpus on disk may have to leave the others out.
   */
  private smallest(): Uint8Array[] {
    const { coverage, target, nowMs } = this.options;
    if (coverage === undefined) return [];
    coverage.take();
    const [blocks, counts] = [new Set<number>(), new Set<number>()];
    const first: Uint8Array[] = [];
    const second: Uint8Array[] = [];
    for (const input of [...this.kept].sort((a, b) => a.length - b.length)) {
      attempt(target, input, nowMs);
      const before = [blocks.size, counts.size];
      for (const feature of coverage.take()) {
        blocks.add(Math.floor(feature / COUNT_BUCKETS));
        counts.add(feature);
      }
      if (blocks.size > before[0]!) first.push(input);
      else if (counts.size > before[1]!) second.push(input);
    }
    return [...first, ...second];
  }
}

export function fuzz(options: LoopOptions): LoopResult {
  return new Loop(options).run();
}

/** Cuts pieces out of a failing input as long as it fails the same way. */
export function shorten(target: Target, found: Found, nowMs: () => number): Found {
  let best = found;
  let runs = 0;
  for (let size = best.input.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= best.input.length && runs < SHORTENING_RUNS; runs += 1) {
      const { input } = best;
      const shorter = Uint8Array.of(...input.subarray(0, at), ...input.subarray(at + size));
      const again = attempt(target, shorter, nowMs);
      if (again?.error.message === found.error.message) best = again;
      else at += size;
    }
  }
  return best;
}
