/**
 * Whether sending faster still delivers faster (BBR draft, "Exiting Acceleration Based on Bandwidth
 * Plateau"). Three rounds, because one may be held back by something that passes.
 */
const GROWTH = 1.25;
const ROUNDS = 3;

export class FullPipe {
  /** Since the last restart, and ever. */
  isFull = false;
  hasBeenFull = false;
  private baselineBytesPerMs = 0;
  private rounds = 0;

  restart(baselineBytesPerMs: number): void {
    this.isFull = false;
    this.rounds = 0;
    this.baselineBytesPerMs = baselineBytesPerMs;
  }

  /**
   * Once per round, with a rate that the application did not limit.
   * @returns whether it has grown
   */
  check(bytesPerMs: number): boolean {
    if (this.isFull) return false;
    if (bytesPerMs >= GROWTH * this.baselineBytesPerMs) {
      this.restart(bytesPerMs);
      return true;
    }
    this.rounds += 1;
    this.isFull ||= this.rounds >= ROUNDS;
    this.hasBeenFull ||= this.isFull;
    return false;
  }
}
