/** Reading the messages about trees; messages.ts reads all others. */
import { MAX_FAILURES_TOLD, MAX_RANGES_TOLD, MESSAGE_MAX_BYTES } from '../limits.ts';
import {
  choiceField,
  FieldFault,
  naturalField,
  numberField,
  optional,
  textField,
  textsField,
} from '../message-fields.ts';
import type { FieldMap } from '../message-fields.ts';
import { OVERWRITE_RULES } from '../message-types.ts';
import type {
  FailedNumber,
  FinishedAnswer,
  PostTreeRequest,
  StoredAnswer,
  TreeAnswer,
} from '../message-types.ts';

export function postTreeRequest(fields: FieldMap, id: number): PostTreeRequest {
  return {
    op: 'postTree',
    id,
    path: textsField(fields, 'path', MESSAGE_MAX_BYTES),
    name: optional(fields, 'name', textField),
    overwrite: choiceField(fields, 'overwrite', OVERWRITE_RULES),
    mtimeMs: numberField(fields, 'mtimeMs'),
    mode: naturalField(fields, 'mode'),
    keep: fields.get('keep') === true,
  };
}

export function treeAnswer(fields: FieldMap, re: number): TreeAnswer {
  const mtimeMs = numberField(fields, 'mtimeMs');
  return { kind: 'tree', re, mtimeMs, mode: naturalField(fields, 'mode') };
}

export function finishedAnswer(fields: FieldMap, re: number): FinishedAnswer {
  return { kind: 'finished', re, path: textsField(fields, 'path', MESSAGE_MAX_BYTES) };
}

export function storedAnswer(fields: FieldMap, re: number): StoredAnswer {
  const ranges = fields.get('ranges');
  const failed = fields.get('failed');
  if (!isNaturals(ranges) || ranges.length % 2 !== 0 || ranges.length > 2 * MAX_RANGES_TOLD) {
    throw new FieldFault('field ranges is no list of ranges');
  }
  if (!Array.isArray(failed) || failed.length > MAX_FAILURES_TOLD) {
    throw new FieldFault('field failed is no list of failures');
  }
  return { kind: 'stored', re, ranges, failed: failed.map(failedNumber) };
}

function failedNumber(value: unknown): FailedNumber {
  if (!(value instanceof Map)) throw new FieldFault('field failed holds no failure');
  const fields: FieldMap = value;
  return {
    number: naturalField(fields, 'number'),
    error: naturalField(fields, 'error'),
    message: textField(fields, 'message'),
  };
}

function isNaturals(value: unknown): value is number[] {
  const isNatural = (entry: unknown): boolean => Number.isSafeInteger(entry) && Number(entry) >= 0;
  return Array.isArray(value) && value.every(isNatural);
}
