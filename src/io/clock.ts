/** The one clock of the program: monotonic, in float milliseconds since the process began. */

export interface Clock {
  /** Milliseconds; never goes back, and jumps of the wall clock do not touch it. */
  nowMs(): number;
}

export const MONOTONIC_CLOCK: Clock = { nowMs: () => performance.now() };
