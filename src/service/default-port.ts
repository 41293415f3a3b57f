/** The UDP port of a server that names no other. */
export const DEFAULT_PORT = 10_000;
