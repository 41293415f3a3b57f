/**
 * Work that is due at times finer than timers have. Node's timers count whole milliseconds and fire
 * late; here the thread sleeps by timer only until shortly before the deadline, and the rest in
 * naps. A thread that naps has the processor at once when it wakes, also on a busy machine, which
 * one that spins has not; and both ends of a bench need the processor too.
 */
import { MONOTONIC_CLOCK } from '../io/clock.ts';

/**
 * What is due this soon is done now. What comes in during a nap waits for its end, and is taken to
 * have come then; so much earlier than its time it may leave, and on the average all is in time.
 * Milliseconds.
 */
export const EARLY_MS = 0.2;

/** Nearer deadlines are met in naps. */
const NEAR_MS = 2;
/** A timer may fire this much after its time. */
const TIMER_LATE_MS = 1.5;
const SHORTEST_NAP_MS = 0.02;
/** What arrives meanwhile waits that long. */
const LONGEST_NAP_MS = 0.1;

const NOBODY_WAKES = new Int32Array(new SharedArrayBuffer(4));

export class DeadlineLoop {
  /** Time that the thread has napped so far; ms. */
  nappedMs = 0;
  private readonly work: () => number;
  private readonly runTurn = (): void => this.turn();
  private timer: NodeJS.Timeout | undefined;
  private immediate: NodeJS.Immediate | undefined;
  private isClosed = false;

  /** @param work does what is due, and tells when it wants to run again; Infinity = when woken */
  constructor(work: () => number) {
    this.work = work;
  }

  /** Runs once in this turn of the event loop, so that a batch is looked at together. */
  wake(): void {
    if (!this.isClosed) this.immediate ??= setImmediate(this.runTurn);
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    clearImmediate(this.immediate);
  }

  private turn(): void {
    this.immediate = undefined;
    clearTimeout(this.timer);
    if (this.isClosed) return;
    const dueMs = this.work();
    if (dueMs === Infinity) return;
    const waitMs = dueMs - EARLY_MS - MONOTONIC_CLOCK.nowMs();
    if (waitMs > NEAR_MS) {
      this.timer = setTimeout(this.runTurn, Math.floor(waitMs - TIMER_LATE_MS));
      return;
    }
    if (waitMs > SHORTEST_NAP_MS) this.nap(Math.min(waitMs, LONGEST_NAP_MS));
    this.wake();
  }

  /** Holds the thread; `Atomics.wait` is the only sleep with fractions of a millisecond. */
  private nap(ms: number): void {
    const startMs = MONOTONIC_CLOCK.nowMs();
    Atomics.wait(NOBODY_WAKES, 0, 0, ms);
    this.nappedMs += MONOTONIC_CLOCK.nowMs() - startMs;
  }
}
