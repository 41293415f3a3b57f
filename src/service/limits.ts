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

/** Time to log in, from the challenge to the proof: somebody types a password. */
export const LOGIN_LIMIT_MS = 120_000;

/** Connections of one source (penalties.ts) that have not logged in. */
export const MAX_STRANGERS_PER_SOURCE = 64;

/** Tokens for further connections that a server has given out; beyond it the oldest is void. */
export const MAX_ATTACH_TOKENS = 65_536;

/** An unfinished upload without a write for this long is removed when a server starts. */
export const ABANDONED_AFTER_MS = 86_400_000;

/** Of these one account has as many; beyond it the oldest of its own is void. */
export const MAX_ACCOUNT_TOKENS = 256;

/** Requests that came before their client has logged in, bytes: it may not be anybody. */
export const EARLY_MAX_BYTES = 65_536;

/** How long a client whose account is gone may take to leave. */
export const DISMISS_LIMIT_MS = 1000;

/** How long a client that is not served may take to leave. */
export const TURN_AWAY_LIMIT_MS = 30_000;

/** Clients that wait until one of these leaves. */
export const MAX_WAITING_CLIENTS = 128;

/** Clients served at once unless `--max-clients` says otherwise. */
export const DEFAULT_MAX_CLIENTS = 1024;

/** Of these, of one source without account, unless `--max-clients-per-source` says. */
export const DEFAULT_MAX_CLIENTS_PER_SOURCE = 1008;

/** One place of 64 is kept for clients from elsewhere; a small house is not divided. */
const SHARED_PLACES = 64;
const UNDIVIDED_PLACES = 8;

/** Places that one source's clients without an account may take of `maxClients`. */
export function guestsPerSource(maxClients: number): number {
  if (maxClients <= UNDIVIDED_PLACES) return maxClients;
  return maxClients - Math.ceil(maxClients / SHARED_PLACES);
}

/** A session without a command for this long is closed; the founding documents' value. */
export const SESSION_IDLE_MS = 300_000;

/** Bytes of a disk that uploads leave free, or one in a hundred where that is less. */
export const SPACE_RESERVE_BYTES = 67_108_864;

/** Bytes read from a file, or written to one, in one call. */
export const FILE_RUN_BYTES = 262_144;

/** Reads of one file under way ahead of the network, and writes of one behind it. */
export const FILE_READS_AHEAD = 4;
export const FILE_WRITES_BEHIND = 4;

/** Letters of a peer's text that are shown to a person. */
export const DISPLAY_MAX_LENGTH = 400;

/** A file above this is followed by a question how many segments it took, one round trip. */
export const COUNT_REQUEST_BYTES = 262_144;

/** Longest wait for that answer: it is worth a line of output, not a delay. */
export const COUNT_REQUEST_MS = 1000;

/** Bytes of a key file: one line with a comment needs far less. */
export const KEY_FILE_MAX_BYTES = 4096;

/** Bytes of a `known_hosts`: room for some ten thousand hosts. */
export const KNOWN_HOSTS_MAX_BYTES = 1_048_576;

/** Keys of one host in `known_hosts` beyond which no announced one is added. */
export const MAX_KEYS_OF_HOST = 8;

/** Letters of the comment behind a key. */
export const MAX_KEY_COMMENT = 200;

/** Bytes of a password: enough for any sentence, and no work for whoever sends a book. */
export const PASSWORD_MAX_BYTES = 1024;

/** Letters of an account's name. */
export const MAX_ACCOUNT_NAME = 32;

/** Keys of one account. */
export const MAX_ACCOUNT_KEYS = 64;

/** Folders about which rules may say what an account may do. */
export const MAX_ACCOUNT_RULES = 64;

/** Memory that a server may ask a client's slow hash to use, bytes. */
export const SLOW_HASH_MAX_BYTES = 536_870_912;

/** Failing sources that are remembered; beyond it whoever's penalty ends soonest is forgotten. */
export const MAX_PENALTY_SOURCES = 16_384;

/** Names that somebody failed for; beyond it the one that is slowed least is forgotten. */
export const MAX_PENALTY_ACCOUNTS = 4096;

/** Lines that a server logs of one kind in a second, after a burst of ten times as many. */
export const MAX_LOG_LINES_PER_SECOND = 50;

/** A file of a tree up to this size is read, and received, whole; bytes. */
export const SMALL_FILE_BYTES = 65_536;

/** Files of a tree that are opened and read ahead of the network. */
export const MAX_TREE_READS = 32;

/** Small files of a tree that are being written at once. */
export const MAX_TREE_WRITES = 32;

/** Least bytes of a tree worth a wake-up, while more are on their way. */
export const TREE_RUN_BYTES = 16_384;

/** Slab that entries of a tree are packed into, bytes. */
export const TREE_SLAB_BYTES = 65_536;

/** Files and folders that are flushed together; one such group gathers while another is flushed. */
export const MAX_GROUP_MEMBERS = 4096;

/** Folders in which a group changes names: each is held open until they are flushed. */
export const MAX_GROUP_FOLDERS = 128;

/** Bytes of the files of a group. */
export const GROUP_MAX_BYTES = 67_108_864;

/** A group that began this long ago is flushed; ms. */
export const GROUP_AGE_MS = 250;

/** Files of a tree that a client has sent and not heard of: it waits. More than two groups. */
export const MAX_TREE_UNANSWERED = 16_384;

/** Failed files told in one message. */
export const MAX_FAILURES_TOLD = 6;

/** Ranges of stored files told in one message, each of two numbers. */
export const MAX_RANGES_TOLD = 256;

/** Chunks whose digests a client asks for: 256 GiB of a file. */
export const MAX_CHUNKS_COMPARED = 262_144;

/** Digests of chunks told in one message. */
export const MAX_CHUNKS_TOLD = 256;

/** Journals of uploads in one served folder: unfinished ones, and those that are remembered. */
export const MAX_KEPT_UPLOADS = 1024;

/** Bytes of one owner's unfinished uploads that nobody works on, by what the whole files have. */
export const MAX_KEPT_BYTES = 274_877_906_944;

/** An unfinished upload that nobody has gone on with for a week is removed. */
export const KEPT_UPLOAD_MS = 604_800_000;

/** For so long the same transfer gets the same answer after it was committed. */
export const REMEMBERED_MS = 86_400_000;

/** Ranges of chunks wanted of those. */
export const MAX_RANGES_WANTED = 256;

/** Names of one folder that a session keeps for the pages of a listing to come. */
export const MAX_HELD_NAMES = 4096;

/** Entries that a client takes of one listing. */
export const MAX_LISTED_ENTRIES = 1_048_576;
