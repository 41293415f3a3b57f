/**
 * The messages of the file service (docs/PROTOCOL.md, "File service"): CBOR maps with text keys.
 *
 * Decoding never throws, whatever the bytes are: it returns the message or the reason why not.
 * A field that nobody knows is ignored, so that a later version may add some (P-SVC-01).
 */
import { encode } from 'cbor2/encoder';
import { MESSAGE_MAX_BYTES } from './limits.ts';
import {
  challengeMessage,
  proofMessage,
  tokensAnswer,
  welcomeMessage,
} from './login/login-messages.ts';
import { DIGEST_BYTES, POST_RULES } from './message-types.ts';
import type {
  ClientMessage,
  CommittedAnswer,
  DigestMessage,
  GetRequest,
  KeysMessage,
  PostRequest,
  SegmentCounts,
  ServerMessage,
  StatusAnswer,
} from './message-types.ts';
import { KEY_BYTES } from '../crypto/primitives.ts';
import {
  bytesField,
  bytesListField,
  choiceField,
  decodeMap,
  FieldFault,
  naturalField,
  numberField,
  optional,
  textField,
  textsField,
} from './message-fields.ts';
import type { FieldMap } from './message-fields.ts';
import {
  isOperation,
  operationAnswer,
  operationRequest,
  OPERATIONS,
} from './operations/operation-messages.ts';
import type { RemotePath } from './path.ts';
import { chunksMessage, wantMessage } from './resume/resume-messages.ts';
import { finishedAnswer, postTreeRequest, storedAnswer, treeAnswer } from './tree/tree-messages.ts';

export { DIGEST_BYTES, OVERWRITE_RULES } from './message-types.ts';
export type * from './message-types.ts';

export type Decoded<T> =
  | { readonly ok: true; readonly message: T }
  /** `id` is the number, when that could be read: the fault can be answered then (P-SVC-02). */
  | { readonly ok: false; readonly fault: string; readonly id: number | undefined };

/** How deep maps and lists lie in each other at most. */
const MESSAGE_DEPTH = 5;

/** Fields without a value are left out. A message above 16 KiB is a programmer error. */
export function encodeMessage(message: ClientMessage | ServerMessage): Uint8Array {
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(message) as [string, unknown][]) {
    if (name === 'kind' && typeof value === 'string' && isMark(value)) fields[value] = true;
    else if (name !== 'kind' && value !== undefined) fields[name] = value;
  }
  const bytes = encode(fields);
  if (bytes.length > MESSAGE_MAX_BYTES) throw new RangeError('message above 16 KiB');
  return bytes;
}

/** Kinds of answers that a field of their own name marks. */
function isMark(kind: string): boolean {
  return ['go', 'committed', 'tree', 'stored', 'finished', 'done'].includes(kind);
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
    const map = decodeMap(bytes, MESSAGE_DEPTH);
    if (typeof map.get('id') === 'number') id = naturalField(map, 'id');
    return { ok: true, message: read(map) };
  } catch (error) {
    // The decoder's own words may quote the peer; ours do not.
    const fault = error instanceof FieldFault ? error.message : 'not CBOR';
    return { ok: false, fault, id };
  }
}

const CLIENT_OPS = [
  'get',
  'post',
  'getTree',
  'postTree',
  'digest',
  'cancel',
  'status',
  'count',
  'tokens',
  'ping',
  'whoami',
  'want',
  ...OPERATIONS,
] as const;

function clientMessage(fields: FieldMap): ClientMessage {
  if (fields.get('op') === 'proof') return proofMessage(fields);
  const op = choiceField(fields, 'op', CLIENT_OPS);
  const id = naturalField(fields, 'id');
  if (isOperation(op)) return operationRequest(fields, op, id);
  switch (op) {
    case 'get':
      return getRequest(fields, id);
    case 'getTree':
      return { op, id, path: pathField(fields) };
    case 'want':
      return wantMessage(fields, id);
    case 'postTree':
      return postTreeRequest(fields, id);
    case 'post':
      return postRequest(fields, id);
    case 'digest':
      return digestMessage(fields, id);
    case 'cancel':
      return { op, id, code: naturalField(fields, 'code') };
    case 'tokens':
      return { op, id, count: naturalField(fields, 'count') };
    case 'status':
    case 'ping':
    case 'whoami':
    case 'count':
      return { op, id };
  }
}

function getRequest(fields: FieldMap, id: number): GetRequest {
  return {
    op: 'get',
    id,
    path: pathField(fields),
    have: optional(fields, 'have', naturalField),
    ofSize: optional(fields, 'ofSize', naturalField),
    ofMtimeMs: optional(fields, 'ofMtimeMs', numberField),
  };
}

function postRequest(fields: FieldMap, id: number): PostRequest {
  return {
    op: 'post',
    id,
    path: pathField(fields),
    name: optional(fields, 'name', textField),
    size: fields.get('size') === null ? null : naturalField(fields, 'size'),
    overwrite: choiceField(fields, 'overwrite', POST_RULES),
    mtimeMs: optional(fields, 'mtimeMs', numberField),
    mode: optional(fields, 'mode', naturalField),
    keep: fields.get('keep') === true,
    transfer: optional(fields, 'transfer', (map, name) => bytesField(map, name, 16)),
    again: fields.get('again') === true ? true : undefined,
  };
}

function serverMessage(fields: FieldMap): ServerMessage {
  if (fields.get('op') === 'digest') return digestMessage(fields, naturalField(fields, 'id'));
  if (fields.get('op') === 'error') {
    return { op: 'error', ...errorFields(fields) };
  }
  if (fields.get('op') === 'challenge') return challengeMessage(fields);
  if (fields.get('op') === 'welcome') return welcomeMessage(fields);
  if (fields.get('op') === 'keys') return keysMessage(fields);
  if (fields.get('op') === 'wait') return { op: 'wait', place: naturalField(fields, 'place') };
  if (fields.get('op') === 'chunks') return chunksMessage(fields);
  const re = naturalField(fields, 're');
  if (fields.has('error')) return { kind: 'error', re, ...errorFields(fields) };
  if (fields.has('size')) {
    const size = naturalField(fields, 'size');
    const mtimeMs = numberField(fields, 'mtimeMs');
    const have = optional(fields, 'have', naturalField);
    return { kind: 'file', re, size, mtimeMs, mode: naturalField(fields, 'mode'), have };
  }
  if (fields.get('tree') === true) return treeAnswer(fields, re);
  if (fields.get('stored') === true) return storedAnswer(fields, re);
  if (fields.get('finished') === true) return finishedAnswer(fields, re);
  if (fields.get('go') === true) {
    return { kind: 'go', re, have: optional(fields, 'have', naturalField) };
  }
  if (fields.get('committed') === true) return committedAnswer(fields, re);
  if (fields.has('clients')) return statusAnswer(fields, re);
  if (fields.has('tokens')) return tokensAnswer(fields, re);
  if (fields.has('sent')) return { kind: 'count', re, ...segmentCounts(fields) };
  if (fields.has('account')) {
    const account = textField(fields, 'account');
    return { kind: 'whoami', re, account, access: textField(fields, 'access') };
  }
  const answer = operationAnswer(fields, re);
  if (answer !== undefined) return answer;
  throw new FieldFault('an answer of no known kind');
}

/** Keys that one server may announce, and that it may take back. */
export const MAX_ANNOUNCED_KEYS = 4;

function keysMessage(fields: FieldMap): KeysMessage {
  const keys = bytesListField(fields, 'keys', MAX_ANNOUNCED_KEYS, KEY_BYTES);
  if (!fields.has('retired')) return { op: 'keys', keys, retired: [] };
  const retired = bytesListField(fields, 'retired', MAX_ANNOUNCED_KEYS, KEY_BYTES);
  return { op: 'keys', keys, retired };
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
  // Too long a path is refused like any other that is bad (P-SVC-05).
  return textsField(fields, 'path', MESSAGE_MAX_BYTES);
}
