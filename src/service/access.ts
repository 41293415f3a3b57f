/** What a server lets everybody do. */

/** `ro`: everybody reads. `rw`: everybody also writes. */
export const ACCESS_RULES = ['ro', 'rw'] as const;
export type Access = (typeof ACCESS_RULES)[number];
