/** Reading the messages about names on the server; messages.ts reads all others. */
import { MESSAGE_MAX_BYTES } from '../limits.ts';
import {
  bytesField,
  FieldFault,
  naturalField,
  numberField,
  optional,
  textField,
  textsField,
} from '../message-fields.ts';
import type { FieldMap } from '../message-fields.ts';
import type { RemotePath } from '../path.ts';
import { ENTRY_KINDS } from './operation-types.ts';
import type { OperationAnswer, OperationRequest, WireEntry } from './operation-types.ts';

/** Requests that these readers know. */
export const OPERATIONS = [
  'list',
  'stat',
  'mkdir',
  'rmdir',
  'rename',
  'delete',
  'touch',
  'chmod',
  'checksum',
  'space',
] as const;
export type OperationName = (typeof OPERATIONS)[number];

/** Bytes of a BLAKE3 digest. */
const CHECKSUM_BYTES = 32;

export function isOperation(op: string): op is OperationName {
  return OPERATIONS.some((name) => name === op);
}

/** @throws FieldFault */
export function operationRequest(
  fields: FieldMap,
  op: OperationName,
  id: number,
): OperationRequest {
  const path = pathField(fields, 'path');
  switch (op) {
    case 'list': {
      const after = optional(fields, 'after', textField);
      return { op, id, path, hidden: fields.get('hidden') === true, after };
    }
    case 'mkdir':
      return { op, id, path, parents: fields.get('parents') === true };
    case 'rename': {
      const to = pathField(fields, 'to');
      return { op, id, path, to, replace: fields.get('replace') === true };
    }
    case 'touch':
      return { op, id, path, mtimeMs: numberField(fields, 'mtimeMs') };
    case 'chmod':
      return { op, id, path, mode: naturalField(fields, 'mode') };
    default:
      return { op, id, path };
  }
}

/** Undefined: an answer of another kind. @throws FieldFault */
export function operationAnswer(fields: FieldMap, re: number): OperationAnswer | undefined {
  if (fields.has('entries')) return entriesAnswer(fields, re);
  if (fields.has('entry')) return { kind: 'entry', re, entry: wireEntry(fields.get('entry')) };
  if (fields.get('done') === true) return { kind: 'done', re };
  if (fields.has('checksum')) {
    const checksum = bytesField(fields, 'checksum', CHECKSUM_BYTES);
    return { kind: 'checksum', re, checksum, bytes: naturalField(fields, 'bytes') };
  }
  if (!fields.has('freeBytes')) return undefined;
  const freeBytes = naturalField(fields, 'freeBytes');
  return { kind: 'space', re, freeBytes, totalBytes: naturalField(fields, 'totalBytes') };
}

function pathField(fields: FieldMap, name: string): RemotePath {
  // Too long a path is refused like any other that is bad (P-SVC-05).
  return textsField(fields, name, MESSAGE_MAX_BYTES);
}

function entriesAnswer(fields: FieldMap, re: number): OperationAnswer {
  const entries = fields.get('entries');
  if (!Array.isArray(entries)) throw new FieldFault('field entries is no list');
  const next = optional(fields, 'next', textField);
  return { kind: 'entries', re, entries: entries.map(wireEntry), next };
}

function wireEntry(value: unknown): WireEntry {
  if (!Array.isArray(value) || value.length !== 5) throw new FieldFault('an entry is none');
  const [name, kind, sizeBytes, mtimeMs, mode] = value as unknown[];
  const fields: FieldMap = new Map(Object.entries({ name, kind, sizeBytes, mtimeMs, mode }));
  const number = naturalField(fields, 'kind');
  if (number >= ENTRY_KINDS.length) throw new FieldFault('an entry is of no known kind');
  return [
    textField(fields, 'name'),
    number,
    naturalField(fields, 'sizeBytes'),
    numberField(fields, 'mtimeMs'),
    naturalField(fields, 'mode'),
  ];
}
