/**
 * The line that datagrams queue for: a policer, a drop-tail queue, and a rate that may change at
 * given times. A link has one of its own; several links that are given the same one share a
 * bottleneck, each with its own delay and impairments behind it.
 *
 * Nothing is stored: when a datagram has left the line is known the moment it arrives, because the
 * changes of the rate are known beforehand.
 */
import { assert } from '../util/assert.ts';
import { TokenBucket } from '../util/token-bucket.ts';

/** From `atMs` on the line has this rate. */
export interface RateStep {
  readonly atMs: number;
  /** Above 0. */
  readonly rateBitsPerSecond: number;
}

/** Sizes and rates count the headers of IP and UDP. */
export interface LineOptions {
  /** Line rate; 0 = no serialisation, and so no queue. */
  readonly rateBitsPerSecond: number;
  /** Changes of the line rate, ascending; only for a line that has one. */
  readonly rateSteps: readonly RateStep[];
  /** Drop-tail queue before the line. */
  readonly queueBytes: number;
  /** What goes beyond this rate is dropped before it comes to the queue; 0 = no policer. */
  readonly policeBitsPerSecond: number;
  /** What the policer lets through at once after a rest. */
  readonly policeBurstBytes: number;
}

export const PERFECT_LINE: LineOptions = {
  rateBitsPerSecond: 0,
  rateSteps: [],
  queueBytes: 262_144,
  policeBitsPerSecond: 0,
  policeBurstBytes: 65_536,
};

export class Line {
  private settings: LineOptions;
  private policer: TokenBucket | undefined;
  private freeMs = 0;

  /** @param options what differs from {@link PERFECT_LINE} */
  constructor(options: Partial<LineOptions>) {
    this.settings = { ...PERFECT_LINE, ...options };
    this.policer = policerOf(this.settings);
    checkSteps(this.settings);
  }

  get options(): LineOptions {
    return this.settings;
  }

  /** Changes settings for what comes from now on; a policer whose settings change starts full. */
  configure(patch: Partial<LineOptions>): void {
    const before = this.settings;
    const after = { ...before, ...patch };
    this.settings = after;
    const isSamePolicer =
      before.policeBitsPerSecond === after.policeBitsPerSecond &&
      before.policeBurstBytes === after.policeBurstBytes;
    if (!isSamePolicer) this.policer = policerOf(after);
    checkSteps(after);
  }

  /** Whether the policer lets a datagram through; `nowMs` must never go back. */
  passes(nowMs: number, sizeBytes: number): boolean {
    return this.policer === undefined || this.policer.take(nowMs, sizeBytes);
  }

  /** When the datagram has left the line; undefined when the queue before it is full. */
  serialise(nowMs: number, sizeBytes: number): number | undefined {
    const { rateBitsPerSecond, queueBytes } = this.settings;
    if (rateBitsPerSecond <= 0) return nowMs;
    const startMs = Math.max(this.freeMs, nowMs);
    if (this.carriedBytes(nowMs, startMs) + sizeBytes > queueBytes) return undefined;
    this.freeMs = this.carriedMs(startMs, sizeBytes);
    return this.freeMs;
  }

  /** How long a datagram that came now would wait before it is its turn. */
  queuedMs(nowMs: number): number {
    return Math.max(0, this.freeMs - nowMs);
  }

  /** What a busy line carries between two times. */
  private carriedBytes(fromMs: number, toMs: number): number {
    let { rateBitsPerSecond: rate } = this.settings;
    let atMs = fromMs;
    let bits = 0;
    for (const step of this.settings.rateSteps) {
      if (step.atMs >= toMs) break;
      if (step.atMs > atMs) {
        bits += (step.atMs - atMs) * rate;
        atMs = step.atMs;
      }
      rate = step.rateBitsPerSecond;
    }
    return (bits + (toMs - atMs) * rate) / 8_000;
  }

  /** When a busy line has carried `sizeBytes` more. */
  private carriedMs(fromMs: number, sizeBytes: number): number {
    let { rateBitsPerSecond: rate } = this.settings;
    let atMs = fromMs;
    let left = sizeBytes * 8_000;
    for (const step of this.settings.rateSteps) {
      if (step.atMs > atMs) {
        const carried = (step.atMs - atMs) * rate;
        if (carried >= left) break;
        left -= carried;
        atMs = step.atMs;
      }
      rate = step.rateBitsPerSecond;
    }
    return atMs + left / rate;
  }
}

function policerOf({ policeBitsPerSecond, policeBurstBytes }: LineOptions) {
  if (policeBitsPerSecond <= 0) return undefined;
  return new TokenBucket(policeBurstBytes, policeBitsPerSecond / 8);
}

function checkSteps({ rateBitsPerSecond, rateSteps }: LineOptions): void {
  assert(rateSteps.length === 0 || rateBitsPerSecond > 0, 'rate steps of a line without a rate');
  let beforeMs = -Infinity;
  for (const step of rateSteps) {
    assert(step.atMs > beforeMs && step.rateBitsPerSecond > 0, 'rate steps ascend, rates above 0');
    beforeMs = step.atMs;
  }
}
