/** Named caps of the service; docs/LIMITS.md lists them with the reason for each. */

/** Bytes of one message, as the transport carries it. */
export const MESSAGE_MAX_BYTES = 16_384;

/** Components of one path. */
export const PATH_MAX_DEPTH = 32;

/** Bytes of one path, separators included. */
export const PATH_MAX_BYTES = 1024;

/** Bytes of one component: the limit of every common file system. */
export const COMPONENT_MAX_BYTES = 255;

/** Files that one session may have asked for and not finished; one more ends the session. */
export const SESSION_MAX_REQUESTS = 64;

/** Files one server holds open at once. */
export const STORE_MAX_OPEN_FILES = 2048;

/** Clients served at once unless `--max-clients` says otherwise. */
export const DEFAULT_MAX_CLIENTS = 1024;

/** A session without a command for this long is closed; the founding documents' value. */
export const SESSION_IDLE_MS = 300_000;

/** Bytes read from a file, or written to one, in one call. */
export const FILE_RUN_BYTES = 262_144;

/** Reads under way ahead of the network, and writes behind it. */
export const FILE_RUNS_AHEAD = 2;

/** Letters of a peer's text that are shown to a person. */
export const DISPLAY_MAX_LENGTH = 400;

/** A file above this is followed by a question how many segments it took, one round trip. */
export const COUNT_REQUEST_BYTES = 262_144;

/** Longest wait for that answer: it is worth a line of output, not a delay. */
export const COUNT_REQUEST_MS = 1000;
