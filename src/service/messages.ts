/**
 * The messages of the file service (docs/PROTOCOL.md, "File service"): CBOR maps with text keys.
 *
 * Decoding never throws, whatever the bytes are: it returns the message or the reason why not.
 * A field that nobody knows is ignored, so that a later version may add some (P-SVC-01).
 */
import { decode } from 'cbor2/decoder';
import { encode } from 'cbor2/encoder';
import { MESSAGE_MAX_BYTES } from './limits.ts';
import {
  challengeMessage,
  type ChallengeMessage,
  proofMessage,
  type ProofMessage,
  tokensAnswer,
  type TokensAnswer,
  type TokensRequest,
  welcomeMessage,
  type WelcomeMessage,
} from './login/login-messages.ts';
import {
  bytesField,
  choiceField,
  FieldFault,
  naturalField,
  numberField,
  optional,
  textField,
  textsField,
} from './message-fields.ts';
import type { FieldMap } from './message-fields.ts';
import type { RemotePath } from './path.ts';

export const DIGEST_BYTES = 32;

/** What may happen to a target that is already there. */
export const OVERWRITE_RULES = ['never', 'always', 'older', 'differ'] as const;
export type OverwriteRule = (typeof OVERWRITE_RULES)[number];

export interface GetRequest {
  readonly op: 'get';
  readonly id: number;
  readonly path: RemotePath;
}

export interface PostRequest {
  readonly op: 'post';
  readonly id: number;
  readonly path: RemotePath;
  /** The source's own name, taken when `path` names a folder; absent: `path` is meant exactly. */
  readonly name?: string | undefined;
  /** Bytes that follow, or null when the sender cannot know. */
  readonly size: number | null;
  readonly overwrite: OverwriteRule;
  /** Modification time of the source; ms since 1970. Always told, kept only with `keep`. */
  readonly mtimeMs?: number | undefined;
  /** Permission bits of the source. */
  readonly mode?: number | undefined;
  /** True: give the target the source's time and permissions. */
  readonly keep?: boolean | undefined;
}

/** Stops request `id`: a `get` that flows ends early, a waiting request is answered by an error. */
export interface CancelRequest {
  readonly op: 'cancel';
  readonly id: number;
  readonly code: number;
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
}
export interface GoAnswer {
  readonly kind: 'go';
  readonly re: number;
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

export type ClientMessage =
  | GetRequest
  | PostRequest
  | CancelRequest
  | StatusRequest
  | CountRequest
  | TokensRequest
  | DigestMessage
  | ProofMessage;
export type Answer =
  FileAnswer | GoAnswer | CommittedAnswer | StatusAnswer | CountAnswer | TokensAnswer | ErrorAnswer;
export type ServerMessage =
  Answer | DigestMessage | SessionError | ChallengeMessage | WelcomeMessage;

export type Decoded<T> =
  | { readonly ok: true; readonly message: T }
  /** `id` is the number, when that could be read: the fault can be answered then (P-SVC-02). */
  | { readonly ok: false; readonly fault: string; readonly id: number | undefined };

const DECODE_OPTIONS = {
  ignoreGlobalTags: true,
  preferMap: true,
  rejectDuplicateKeys: true,
  rejectStreaming: true,
  maxDepth: 3,
};

/** Fields without a value are left out. A message above 16 KiB is a programmer error. */
export function encodeMessage(message: ClientMessage | ServerMessage): Uint8Array {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(message) as [string, unknown][]) {
    if (name === 'kind' && (value === 'go' || value === 'committed')) fields[value] = true;
    else if (name !== 'kind' && value !== undefined) fields[name] = value;
  }
  const bytes = encode(fields);
  if (bytes.length > MESSAGE_MAX_BYTES) throw new RangeError('message above 16 KiB');
  return bytes;
}

export function decodeClientMessage(bytes: Uint8Array): Decoded<ClientMessage> {
  return decodeWith(bytes, clientMessage);
}

export function decodeServerMessage(bytes: Uint8Array): Decoded<ServerMessage> {
  return decodeWith(bytes, serverMessage);
}

function decodeWith<T>(bytes: Uint8Array, read: (fields: FieldMap) => T): Decoded<T> {
  let id: number | undefined;
  try {
    if (bytes.length > MESSAGE_MAX_BYTES) throw new FieldFault('longer than 16 KiB');
    const fields: unknown = decode(bytes, DECODE_OPTIONS);
    if (!(fields instanceof Map)) throw new FieldFault('not a map');
    const map: FieldMap = fields;
    if (typeof map.get('id') === 'number') id = naturalField(map, 'id');
    return { ok: true, message: read(map) };
  } catch (error) {
    // The decoder's own words may quote the peer; ours do not.
    const fault = error instanceof FieldFault ? error.message : 'not CBOR';
    return { ok: false, fault, id };
  }
}

const CLIENT_OPS = ['get', 'post', 'digest', 'cancel', 'status', 'count', 'tokens'] as const;

function clientMessage(fields: FieldMap): ClientMessage {
  if (fields.get('op') === 'proof') return proofMessage(fields);
  const op = choiceField(fields, 'op', CLIENT_OPS);
  const id = naturalField(fields, 'id');
  switch (op) {
    case 'get':
      return { op, id, path: pathField(fields) };
    case 'post':
      return postRequest(fields, id);
    case 'digest':
      return digestMessage(fields, id);
    case 'cancel':
      return { op, id, code: naturalField(fields, 'code') };
    case 'tokens':
      return { op, id, count: naturalField(fields, 'count') };
    case 'status':
    case 'count':
      return { op, id };
  }
}

function postRequest(fields: FieldMap, id: number): PostRequest {
  return {
    op: 'post',
    id,
    path: pathField(fields),
    name: optional(fields, 'name', textField),
    size: fields.get('size') === null ? null : naturalField(fields, 'size'),
    overwrite: choiceField(fields, 'overwrite', OVERWRITE_RULES),
    mtimeMs: optional(fields, 'mtimeMs', numberField),
    mode: optional(fields, 'mode', naturalField),
    keep: fields.get('keep') === true,
  };
}

function serverMessage(fields: FieldMap): ServerMessage {
  if (fields.get('op') === 'digest') return digestMessage(fields, naturalField(fields, 'id'));
  if (fields.get('op') === 'error') {
    return { op: 'error', ...errorFields(fields) };
  }
  if (fields.get('op') === 'challenge') return challengeMessage(fields);
  if (fields.get('op') === 'welcome') return welcomeMessage(fields);
  const re = naturalField(fields, 're');
  if (fields.has('error')) return { kind: 'error', re, ...errorFields(fields) };
  if (fields.has('size')) {
    const size = naturalField(fields, 'size');
    const mtimeMs = numberField(fields, 'mtimeMs');
    return { kind: 'file', re, size, mtimeMs, mode: naturalField(fields, 'mode') };
  }
  if (fields.get('go') === true) return { kind: 'go', re };
  if (fields.get('committed') === true) return committedAnswer(fields, re);
  if (fields.has('clients')) return statusAnswer(fields, re);
  if (fields.has('tokens')) return tokensAnswer(fields, re);
  if (fields.has('sent')) return { kind: 'count', re, ...segmentCounts(fields) };
  throw new FieldFault('an answer of no known kind');
}

function committedAnswer(fields: FieldMap, re: number): CommittedAnswer {
  const digest = bytesField(fields, 'digest', DIGEST_BYTES);
  return { kind: 'committed', re, digest, path: optional(fields, 'path', pathField) };
}

function statusAnswer(fields: FieldMap, re: number): StatusAnswer {
  return {
    kind: 'status',
    re,
    clients: naturalField(fields, 'clients'),
    uptimeSeconds: numberField(fields, 'uptimeSeconds'),
    version: textField(fields, 'version'),
    access: textField(fields, 'access'),
  };
}

function digestMessage(fields: FieldMap, id: number): DigestMessage {
  const digest = bytesField(fields, 'digest', DIGEST_BYTES);
  const counts = fields.get('counts');
  if (!(counts instanceof Map)) return { op: 'digest', id, digest };
  return { op: 'digest', id, digest, counts: segmentCounts(counts) };
}

function segmentCounts(fields: FieldMap): SegmentCounts {
  return {
    sent: naturalField(fields, 'sent'),
    retransmitted: naturalField(fields, 'retransmitted'),
    controller: textField(fields, 'controller'),
  };
}

function errorFields(fields: FieldMap): { error: number; message: string } {
  return { error: naturalField(fields, 'error'), message: textField(fields, 'message') };
}

function pathField(fields: FieldMap): RemotePath {
  return textsField(fields, 'path', 1024);
}
