/**
 * The wire format said a second time, slowly and without the code under test, as the oracle of the
 * tests in this folder.
 */

/** RFC 1071 §1 as it is written: pairs of octets, end-around carry, complement. */
export function naiveChecksum(bytes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i += 2) sum += bytes[i]! * 256 + (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum % 0x1_0000) + Math.floor(sum / 0x1_0000);
  return 0xffff - sum;
}

/** One segment field by field; what is left out is 0 or empty. */
export interface NaiveSegment {
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly seq?: number;
  readonly ack?: number;
  /** 20 and the options, unless it is to be wrong. */
  readonly headerLength?: number;
  readonly flags: number;
  readonly error?: number;
  readonly window?: number;
  readonly options: readonly number[];
  readonly payload?: readonly number[];
  /** Whether the checksum leaves the payload out. */
  readonly isSealed?: boolean;
}

/** Values of `count` bytes, most significant first. */
export function bigEndian(value: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.floor(value / 256 ** (count - 1 - i)) % 256);
}

export function txnOption(txn: number): number[] {
  return [1, 6, ...bigEndian(txn, 4)];
}

export function lenOption(payloadBytes: number): number[] {
  return [2, 4, ...bigEndian(payloadBytes, 2)];
}

/** TXN, LEN and two bytes of padding. */
export function commonOptions(txn: number, payloadBytes: number): number[] {
  return [...txnOption(txn), ...lenOption(payloadBytes), 0, 0];
}

export function naiveSegment(segment: NaiveSegment): Uint8Array {
  const payload = segment.payload ?? [];
  const bytes = Uint8Array.from([
    ...bigEndian(segment.sourcePort ?? 0, 2),
    ...bigEndian(segment.destinationPort ?? 0, 2),
    ...bigEndian(segment.seq ?? 0, 4),
    ...bigEndian(segment.ack ?? 0, 4),
    segment.headerLength ?? 20 + segment.options.length,
    segment.flags,
    0,
    0,
    segment.error ?? 0,
    ...bigEndian(segment.window ?? 0, 3),
    ...segment.options,
    ...payload,
  ]);
  const coveredBytes = bytes.length - (segment.isSealed === true ? payload.length : 0);
  bytes.set(bigEndian(naiveChecksum(bytes.subarray(0, coveredBytes)), 2), 14);
  return bytes;
}
