/** Who a session acts for, and what that may do. */
import type { RemotePath } from '../path.ts';

/**
 * Rights in the folder that is seen as `/`. `ro`: read. `rw`: read and write. `drop`: read, and
 * put files into `incoming`, where nobody reads them over the network.
 */
export const ACCESS_RULES = ['ro', 'rw', 'drop'] as const;
export type Access = (typeof ACCESS_RULES)[number];

/** What those without an account may do; `off`: nothing. */
export const ANONYMOUS_RULES = ['off', ...ACCESS_RULES] as const;
export type AnonymousRule = (typeof ANONYMOUS_RULES)[number];

export interface Principal {
  /** The account's name, or `anonymous`. */
  readonly name: string;
  /** Below the served folder; undefined for all of it. */
  readonly home: RemotePath | undefined;
  readonly access: Access;
}
