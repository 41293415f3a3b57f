/** Reading a message: its bytes as a map, then fields; each reader names the field it refuses. */
import { decode } from 'cbor2/decoder';

/** Thrown inside a decoder and caught there: nothing outside this folder sees it. */
export class FieldFault extends Error {}

/** What a CBOR map became: keys stay apart from object properties such as `__proto__`. */
export type FieldMap = ReadonlyMap<unknown, unknown>;

const DECODE_OPTIONS = {
  ignoreGlobalTags: true,
  preferMap: true,
  rejectDuplicateKeys: true,
  rejectStreaming: true,
};

/**
 * The map that `bytes` are in CBOR.
 * @param maxDepth how deep maps and lists may lie in each other
 * @throws FieldFault for other CBOR, the decoder's own error for what is none
 */
export function decodeMap(bytes: Uint8Array, maxDepth: number): FieldMap {
  const fields: unknown = decode(bytes, { ...DECODE_OPTIONS, maxDepth });
  if (fields instanceof Map) return fields;
  throw new FieldFault('not a map');
}

/** A whole number in [0, 2^53). */
export function naturalField(fields: FieldMap, name: string): number {
  const value = fields.get(name);
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new FieldFault(`field ${name} is not a whole number`);
}

/** A finite number, also negative: times before 1970 exist. */
export function numberField(fields: FieldMap, name: string): number {
  const value = fields.get(name);
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new FieldFault(`field ${name} is not a number`);
}

export function textField(fields: FieldMap, name: string): string {
  const value = fields.get(name);
  if (typeof value === 'string') return value;
  throw new FieldFault(`field ${name} is not a text`);
}

/** A list of texts with at most `maxLength` entries. */
export function textsField(fields: FieldMap, name: string, maxLength: number): readonly string[] {
  const value = fields.get(name);
  if (!Array.isArray(value) || value.length > maxLength) {
    throw new FieldFault(`field ${name} is not a list of at most ${maxLength}`);
  }
  return value.map((entry: unknown) => {
    if (typeof entry === 'string') return entry;
    throw new FieldFault(`field ${name} holds something that is not a text`);
  });
}

/** Exactly `lengthBytes` bytes, copied: what came as a Buffer would be a view of the message. */
export function bytesField(fields: FieldMap, name: string, lengthBytes: number): Uint8Array {
  const value = fields.get(name);
  if (value instanceof Uint8Array && value.length === lengthBytes) return new Uint8Array(value);
  throw new FieldFault(`field ${name} is not ${lengthBytes} bytes`);
}

/** A list of at most `maxLength` byte strings of `lengthBytes` each, copied out of the message. */
export function bytesListField(
  fields: FieldMap,
  name: string,
  maxLength: number,
  lengthBytes: number,
): readonly Uint8Array[] {
  const value = fields.get(name);
  if (!Array.isArray(value) || value.length > maxLength) {
    throw new FieldFault(`field ${name} is not a list of at most ${maxLength}`);
  }
  return value.map((entry: unknown) => {
    if (entry instanceof Uint8Array && entry.length === lengthBytes) return new Uint8Array(entry);
    throw new FieldFault(`field ${name} holds something that is not ${lengthBytes} bytes`);
  });
}

/** One of `choices`. */
export function choiceField<T extends string>(
  fields: FieldMap,
  name: string,
  choices: readonly T[],
): T {
  const value = fields.get(name);
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  throw new FieldFault(`field ${name} is none of ${choices.join(', ')}`);
}

/** `read(fields, name)` if the field is there, else undefined. */
export function optional<T>(
  fields: FieldMap,
  name: string,
  read: (fields: FieldMap, name: string) => T,
): T | undefined {
  return fields.has(name) ? read(fields, name) : undefined;
}
