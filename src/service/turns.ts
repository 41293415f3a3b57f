/** A queue of turns: whoever takes one waits until all who came before are done. */

export interface Turn {
  /** Resolves when it is this one's turn. */
  readonly ready: Promise<void>;
  /** Lets the next one in; a second call has no effect. */
  readonly done: () => void;
}

export class Turns {
  private last: Promise<void> = Promise.resolve();

  take(): Turn {
    const ready = this.last;
    const { promise, resolve } = deferred<undefined>();
    // A turn that is given up early must still not let anyone overtake.
    this.last = ready.then(() => promise);
    return { ready, done: () => resolve(undefined) };
  }
}

/** A promise with its handles outside. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** A rejection that nobody awaits yet is no crash: it is noticed when somebody does. */
export function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  promise.catch(() => undefined);
  return { promise, resolve: (value) => resolve(value), reject: (error) => reject(error) };
}
