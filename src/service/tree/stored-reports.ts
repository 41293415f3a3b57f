/** Tells a client which of its folders and files are stored: ranges of numbers, and failures. */
import { displayText } from '../display.ts';
import type { LftpError } from '../error.ts';
import { MAX_FAILURES_TOLD, MAX_RANGES_TOLD } from '../limits.ts';
import type { FailedNumber, StoredAnswer } from '../message-types.ts';

export class StoredReports {
  private readonly re: number;
  private readonly answer: (answer: StoredAnswer) => Promise<void>;
  private failures: FailedNumber[] = [];
  private last: Promise<void> = Promise.resolve();

  constructor(re: number, answer: (answer: StoredAnswer) => Promise<void>) {
    this.re = re;
    this.answer = answer;
  }

  /** Also tells the failures since the last time. */
  stored(members: readonly { readonly number: number | undefined }[]): void {
    const numbers = members.flatMap(({ number }) => (number === undefined ? [] : [number]));
    this.tell(rangesOf(numbers));
  }

  failed(number: number | undefined, error: LftpError): void {
    if (number === undefined) return;
    const { code, message, hint } = error;
    const text = hint === undefined ? message : `${message}. ${hint}`;
    this.failures.push({ number, error: code, message: displayText(text) });
    if (this.failures.length >= MAX_FAILURES_TOLD) this.tell([]);
  }

  /** Resolves when all of it is on its way. @throws what the channel says */
  async told(): Promise<void> {
    this.tell([]);
    await this.last;
  }

  private tell(ranges: readonly number[]): void {
    const failed = this.failures;
    this.failures = [];
    if (ranges.length + failed.length === 0) return;
    for (let at = 0; at === 0 || at < ranges.length; at += 2 * MAX_RANGES_TOLD) {
      const some = ranges.slice(at, at + 2 * MAX_RANGES_TOLD);
      this.send({ kind: 'stored', re: this.re, ranges: some, failed: at === 0 ? failed : [] });
    }
  }

  private send(answer: StoredAnswer): void {
    // The order is the channel's; a failure is thrown where somebody waits for it.
    const sent = this.answer(answer);
    this.last = Promise.all([this.last, sent]).then(() => undefined);
    this.last.catch(() => undefined);
  }
}

/** First and last of each run of numbers that follow each other. */
export function rangesOf(numbers: readonly number[]): number[] {
  const ranges: number[] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    if (ranges.at(-1) === number - 1) ranges[ranges.length - 1] = number;
    else ranges.push(number, number);
  }
  return ranges;
}
