import { TokenBucket } from '../util/token-bucket.ts';
import { MAX_LOG_LINES_PER_SECOND } from './limits.ts';

/** Where the service reports to; pino's logger is one. Objects become JSON, so text is escaped. */
export interface ServiceLog {
  info(fields: object, text: string): void;
  warn(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

export const NO_LOG: ServiceLog = {
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Lines of one text that may come at once. */
const LOG_BURST = 10 * MAX_LOG_LINES_PER_SECOND;

interface Rate {
  readonly bucket: TokenBucket;
  leftOut: number;
}

/**
 * A log that clients cannot fill a disk with: what they cause comes in a few texts, and each text
 * has a rate. What was left out is told with the next line of that text, as `leftOut`.
 */
export class CalmLog implements ServiceLog {
  /** Lines left out so far. */
  leftOut = 0;
  private readonly log: ServiceLog;
  private readonly nowMs: () => number;
  /** By text; texts are constants of this program, so there are few. */
  private readonly rates = new Map<string, Rate>();

  constructor(log: ServiceLog, nowMs: () => number) {
    this.log = log;
    this.nowMs = nowMs;
  }

  info(fields: object, text: string): void {
    const more = this.admit(text);
    if (more !== undefined) this.log.info({ ...fields, ...more }, text);
  }

  warn(fields: object, text: string): void {
    const more = this.admit(text);
    if (more !== undefined) this.log.warn({ ...fields, ...more }, text);
  }

  error(fields: object, text: string): void {
    const more = this.admit(text);
    if (more !== undefined) this.log.error({ ...fields, ...more }, text);
  }

  /** @returns what the line tells besides, or undefined when it is left out */
  private admit(text: string): { readonly leftOut?: number } | undefined {
    let rate = this.rates.get(text);
    if (rate === undefined) {
      rate = { bucket: new TokenBucket(LOG_BURST, MAX_LOG_LINES_PER_SECOND), leftOut: 0 };
      this.rates.set(text, rate);
    }
    if (!rate.bucket.take(this.nowMs())) {
      rate.leftOut += 1;
      this.leftOut += 1;
      return undefined;
    }
    const { leftOut } = rate;
    rate.leftOut = 0;
    return leftOut === 0 ? {} : { leftOut };
  }
}
