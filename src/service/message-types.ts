/** What client and server of the file service say to each other (docs/PROTOCOL.md, §10). */
import type {
  ChallengeMessage,
  ProofMessage,
  TokensAnswer,
  TokensRequest,
  WelcomeMessage,
} from './login/login-messages.ts';
import type { OperationAnswer, OperationRequest } from './operations/operation-types.ts';
import type { RemotePath } from './path.ts';
import type { ChunksMessage, WantMessage } from './resume/resume-messages.ts';

export const DIGEST_BYTES = 32;

/** What may happen to a target that is already there. */
export const OVERWRITE_RULES = ['never', 'always', 'older', 'differ'] as const;
export type OverwriteRule = (typeof OVERWRITE_RULES)[number];

/** The same, or that what comes goes behind what is there (P-OP-08). */
export const POST_RULES = [...OVERWRITE_RULES, 'append'] as const;
export type PostRule = (typeof POST_RULES)[number];

export interface GetRequest {
  readonly op: 'get';
  readonly id: number;
  readonly path: RemotePath;
  /** Chunks that the client may hold already: it wants their digests first (P-RES-01). */
  readonly have?: number | undefined;
  /** Size and time of the file they are of; ms since 1970. */
  readonly ofSize?: number | undefined;
  readonly ofMtimeMs?: number | undefined;
}

export interface PostRequest {
  readonly op: 'post';
  readonly id: number;
  readonly path: RemotePath;
  /** The source's own name, taken when `path` names a folder; absent: `path` is meant exactly. */
  readonly name?: string | undefined;
  /** Bytes that follow, or null when the sender cannot know. */
  readonly size: number | null;
  readonly overwrite: PostRule;
  /** Modification time of the source; ms since 1970. Always told, kept only with `keep`. */
  readonly mtimeMs?: number | undefined;
  /** Permission bits of the source. */
  readonly mode?: number | undefined;
  /** True: give the target the source's time and permissions. */
  readonly keep?: boolean | undefined;
  /** 16 bytes that name this transfer, drawn by the client: it can be gone on with (P-RES-06). */
  readonly transfer?: Uint8Array | undefined;
  /** True: the client has asked for that transfer before, and waits for the answer. */
  readonly again?: boolean | undefined;
}

/** A file, or a folder with all that is in it. */
export interface GetTreeRequest {
  readonly op: 'getTree';
  readonly id: number;
  readonly path: RemotePath;
}

/** A folder, with all that is in it, follows as one `dat` record. */
export interface PostTreeRequest {
  readonly op: 'postTree';
  readonly id: number;
  readonly path: RemotePath;
  /** The folder's own name, taken when `path` is there; absent: `path` is meant exactly. */
  readonly name?: string | undefined;
  readonly overwrite: OverwriteRule;
  readonly mtimeMs: number;
  readonly mode: number;
  /** True: give folders and files the source's times and permissions. */
  readonly keep: boolean;
}

/** Stops request `id`: a `get` that flows ends early, a waiting request is answered by an error. */
export interface CancelRequest {
  readonly op: 'cancel';
  readonly id: number;
  readonly code: number;
}

/** Asks for nothing but an answer. */
export interface PingRequest {
  readonly op: 'ping';
  readonly id: number;
}

export interface WhoAmIRequest {
  readonly op: 'whoami';
  readonly id: number;
}

export interface StatusRequest {
  readonly op: 'status';
  readonly id: number;
}

/** The client verified and stored what it got; asks how many segments that took. */
export interface CountRequest {
  readonly op: 'count';
  readonly id: number;
}

/** How a sender's segments fared during one transfer. */
export interface SegmentCounts {
  /** Segments sent, retransmissions included. */
  readonly sent: number;
  readonly retransmitted: number;
  /** The sender's congestion controller. */
  readonly controller: string;
}

/** Follows a complete `dat` record, from whoever sent the file. */
export interface DigestMessage {
  readonly op: 'digest';
  readonly id: number;
  /** BLAKE3 of the whole file. */
  readonly digest: Uint8Array;
  readonly counts?: SegmentCounts | undefined;
}

/** Not the answer to a request: the session ends after it. */
export interface SessionError {
  readonly op: 'error';
  readonly error: number;
  readonly message: string;
}

export interface FileAnswer {
  readonly kind: 'file';
  readonly re: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly mode: number;
  /** Chunks whose digests follow before the record; absent: all of the file follows. */
  readonly have?: number | undefined;
}
export interface GoAnswer {
  readonly kind: 'go';
  readonly re: number;
  /** Chunks that the server holds, whose digests follow; absent: it holds none. */
  readonly have?: number | undefined;
}
export interface CommittedAnswer {
  readonly kind: 'committed';
  readonly re: number;
  readonly digest: Uint8Array;
  /** Where the file is now, if the server completed the name. */
  readonly path?: RemotePath | undefined;
}
/** How the server is, for whoever asks (P-SVC-17). */
export interface StatusAnswer {
  readonly kind: 'status';
  readonly re: number;
  readonly clients: number;
  readonly uptimeSeconds: number;
  readonly version: string;
  readonly access: string;
}
/** Who a session acts for (P-OP-09). */
export interface WhoAmIAnswer {
  readonly kind: 'whoami';
  readonly re: number;
  readonly account: string;
  readonly access: string;
}
/** A folder's content follows as one `dat` record. */
export interface TreeAnswer {
  readonly kind: 'tree';
  readonly re: number;
  readonly mtimeMs: number;
  readonly mode: number;
}
/** What became of some folders and files of a `postTree`, by their numbers. */
export interface StoredAnswer {
  readonly kind: 'stored';
  readonly re: number;
  /** First and last of each range. */
  readonly ranges: readonly number[];
  readonly failed: readonly FailedNumber[];
}
export interface FailedNumber {
  readonly number: number;
  readonly error: number;
  readonly message: string;
}
/** Everything of a `postTree` has been answered. */
export interface FinishedAnswer {
  readonly kind: 'finished';
  readonly re: number;
  /** Where the tree is. */
  readonly path: RemotePath;
}
export interface CountAnswer extends SegmentCounts {
  readonly kind: 'count';
  readonly re: number;
}
export interface ErrorAnswer {
  readonly kind: 'error';
  readonly re: number;
  readonly error: number;
  readonly message: string;
}

/** The server is full: which place in its queue the client has, from 1. */
export interface WaitMessage {
  readonly op: 'wait';
  readonly place: number;
}

/** What becomes of the server's key, so that a change of it frightens nobody. */
export interface KeysMessage {
  readonly op: 'keys';
  /** Public keys that it will have. */
  readonly keys: readonly Uint8Array[];
  /** Those that it had, and nobody should take for its own any more. */
  readonly retired: readonly Uint8Array[];
}

export type ClientMessage =
  | GetRequest
  | PostRequest
  | GetTreeRequest
  | PostTreeRequest
  | CancelRequest
  | StatusRequest
  | CountRequest
  | TokensRequest
  | WantMessage
  | OperationRequest
  | PingRequest
  | WhoAmIRequest
  | DigestMessage
  | ProofMessage;
export type Answer =
  | FileAnswer
  | GoAnswer
  | CommittedAnswer
  | TreeAnswer
  | StoredAnswer
  | FinishedAnswer
  | StatusAnswer
  | CountAnswer
  | TokensAnswer
  | OperationAnswer
  | WhoAmIAnswer
  | ErrorAnswer;
export type ServerMessage =
  | Answer
  | ChunksMessage
  | DigestMessage
  | SessionError
  | WaitMessage
  | ChallengeMessage
  | WelcomeMessage
  | KeysMessage;
