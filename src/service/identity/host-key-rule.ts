/** What to do about a host key that is not known: ask somebody, take it, or refuse it. */
export const HOST_KEY_RULES = ['ask', 'accept-new', 'strict'] as const;
export type HostKeyRule = (typeof HOST_KEY_RULES)[number];
