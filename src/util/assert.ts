/** Assertions that stay on in production: a broken invariant must stop the program, not a byte. */

/** Throws when `condition` is false: a programmer error, never something a peer can cause. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`);
}

/** For the default branch of an exhaustive `switch`: the compiler proves it is never reached. */
export function unreachable(value: never): never {
  throw new Error(`unreachable value: ${String(value)}`);
}
