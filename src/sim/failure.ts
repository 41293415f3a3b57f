/** What a run found wrong, and which check found it: the sabotage table names the check. */

export type CheckName =
  /** A delivered byte, length, order or message is not what was sent. */
  | 'bytes'
  /** A transfer or a connection did not end within the bound after the faults ended. */
  | 'unfinished'
  /** A connection ended for another reason than it should. */
  | 'ending'
  /** `nextTimeout()` did not lie ahead after a drain. */
  | 'deadline'
  /** The world took more steps, or one drain gave more datagrams, than the cap. */
  | 'spin'
  /** What was seen on the wire breaks a rule. */
  | 'wire'
  /** The congestion window grew although it was not what held the sender back. */
  | 'growth'
  /** The transport's own books do not add up. */
  | 'audit'
  /** A pool, a queue or a table was over its cap, or not empty in the end. */
  | 'leak'
  /** An assertion, or any other exception, within the transport. */
  | 'assertion'
  /** A batch's figures are out of line although no single run failed. */
  | 'batch';

export class SimFailure extends Error {
  readonly check: CheckName;

  constructor(check: CheckName, message: string) {
    super(message);
    this.check = check;
  }
}

/** Throws a {@link SimFailure} when `condition` is false; `describe` is only called then. */
export function check(condition: boolean, name: CheckName, describe: () => string): void {
  if (!condition) throw new SimFailure(name, describe());
}
