/** What is said about chunks that are held already; messages.ts reads all else. */
import { MAX_CHUNKS_TOLD, MAX_RANGES_WANTED } from '../limits.ts';
import { FieldFault, naturalField } from '../message-fields.ts';
import type { FieldMap } from '../message-fields.ts';

const DIGEST_BYTES = 32;

/** Digests of chunks of the server's file, in order; as many messages as it takes. */
export interface ChunksMessage {
  readonly op: 'chunks';
  readonly id: number;
  /** Number of the first chunk told here. */
  readonly first: number;
  /** BLAKE3 of each chunk, 32 bytes for each. */
  readonly digests: Uint8Array;
}

/** Which of those chunks travel; what is behind them does anyway. */
export interface WantMessage {
  readonly op: 'want';
  readonly id: number;
  /** First and last of each range. */
  readonly ranges: readonly number[];
}

export function chunksMessage(fields: FieldMap): ChunksMessage {
  const digests = fields.get('digests');
  const isList = digests instanceof Uint8Array && digests.length % DIGEST_BYTES === 0;
  if (!isList || digests.length === 0 || digests.length > MAX_CHUNKS_TOLD * DIGEST_BYTES) {
    throw new FieldFault('field digests is no list of digests');
  }
  const id = naturalField(fields, 'id');
  return { op: 'chunks', id, first: naturalField(fields, 'first'), digests: digests.slice() };
}

export function wantMessage(fields: FieldMap, id: number): WantMessage {
  const ranges: unknown = fields.get('ranges');
  if (!Array.isArray(ranges) || ranges.length > 2 * MAX_RANGES_WANTED || ranges.length % 2 !== 0) {
    throw new FieldFault('field ranges is no list of ranges');
  }
  const isNatural = (value: unknown): value is number =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
  if (!ranges.every(isNatural)) throw new FieldFault('field ranges holds no number');
  return { op: 'want', id, ranges };
}
