/**
 * Staggered attempts, of which the first to succeed wins (RFC 8305 §5, "Happy Eyeballs").
 */

/** RFC 8305 §8: the recommended Connection Attempt Delay; milliseconds. */
export const ATTEMPT_DELAY_MS = 250;

export interface Attempt<T> {
  /** Settles once. */
  readonly outcome: Promise<T>;
  /** Gives up; `outcome` may then settle in any way or never. */
  cancel(): void;
}

/** Every attempt failed; `errors` in the order of the attempts. */
export class RaceLost extends Error {
  readonly errors: readonly unknown[];

  constructor(errors: readonly unknown[]) {
    super('every attempt failed');
    this.name = 'RaceLost';
    this.errors = errors;
  }
}

/**
 * Starts the attempts one after the other, each `delayMs` after the one before or as soon as
 * that one has failed, and cancels the others once one has succeeded.
 * @throws RaceLost, or the signal's reason
 */
export function staggeredRace<T>(
  starters: readonly (() => Attempt<T>)[],
  delayMs: number,
  signal?: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const attempts: Attempt<T>[] = [];
    const errors: unknown[] = starters.map(() => undefined);
    let failures = 0;
    let isSettled = false;
    let timer: NodeJS.Timeout | undefined;

    const settle = (winner?: Attempt<T>): void => {
      isSettled = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      for (const attempt of attempts) if (attempt !== winner) attempt.cancel();
    };
    const onAbort = (): void => {
      settle();
      reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    const onFailure = (index: number, error: unknown): void => {
      if (isSettled) return;
      errors[index] = error;
      failures += 1;
      if (failures === starters.length) {
        settle();
        reject(new RaceLost(errors));
      } else if (index === attempts.length - 1) startNext();
    };
    const startNext = (): void => {
      clearTimeout(timer);
      const index = attempts.length;
      const start = starters[index];
      if (start === undefined) return;
      const attempt = start();
      attempts.push(attempt);
      timer = setTimeout(startNext, delayMs);
      attempt.outcome.then(
        (value) => {
          if (isSettled) return;
          settle(attempt);
          resolve(value);
        },
        (error: unknown) => onFailure(index, error),
      );
    };

    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted === true) onAbort();
    else if (starters.length === 0) reject(new RaceLost([]));
    else startNext();
  });
}

/** RFC 8305 §4: alternates the families, beginning with that of the first entry. */
export function alternateFamilies<T extends { readonly family: number }>(
  entries: readonly T[],
): T[] {
  const first = entries.filter((entry) => entry.family === entries[0]?.family);
  const second = entries.filter((entry) => entry.family !== entries[0]?.family);
  const mixed: T[] = [];
  for (let i = 0; i < Math.max(first.length, second.length); i += 1) {
    mixed.push(...first.slice(i, i + 1), ...second.slice(i, i + 1));
  }
  return mixed;
}
