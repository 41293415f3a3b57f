/** What a client may do in the folder that it sees. */

/**
 * Rights in the folder that is seen as `/`. `ro`: read. `rw`: read and write. `drop`: read, and
 * put files into `incoming`, where nobody reads them over the network.
 */
export const ACCESS_RULES = ['ro', 'rw', 'drop'] as const;
export type Access = (typeof ACCESS_RULES)[number];

/** What those without an account may do; `off`: nothing. */
export const ANONYMOUS_RULES = ['off', ...ACCESS_RULES] as const;
export type AnonymousRule = (typeof ANONYMOUS_RULES)[number];
