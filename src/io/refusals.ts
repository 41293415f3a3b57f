/**
 * When port-unreachable is believed. Anyone can forge one, and a server that restarts draws a
 * few, so a single one proves nothing: the wait ends when they repeat over a second.
 */

/** How long after the first one a repeated port-unreachable ends the wait; milliseconds. */
export const REFUSAL_WAIT_MS = 1_000;

const REFUSAL_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ECONNRESET',
]);

export class Refusals {
  private readonly onBelieved: (code: string) => void;
  private count = 0;
  private firstAtMs = 0;
  private timer: NodeJS.Timeout | undefined;

  /** @param onBelieved called at most once, unless {@link stop} was called before */
  constructor(onBelieved: (code: string) => void) {
    this.onBelieved = onBelieved;
  }

  /** The socket told of an error; other codes than those of an absent peer are passed over. */
  onError(code: string, nowMs: number): void {
    if (!REFUSAL_CODES.has(code) || this.timer !== undefined || this.count < 0) return;
    this.count += 1;
    if (this.count === 1) {
      this.firstAtMs = nowMs;
      return;
    }
    const restMs = Math.max(0, this.firstAtMs + REFUSAL_WAIT_MS - nowMs);
    this.timer = setTimeout(() => {
      this.stop();
      this.onBelieved(code);
    }, restMs);
  }

  /** The peer has answered, or nobody waits any more. */
  stop(): void {
    this.count = -1;
    clearTimeout(this.timer);
  }
}
