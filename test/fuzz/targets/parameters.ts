/** Handshake parameters, against a reader that is too simple to be wrong. */
import {
  defaultParameters,
  endParameters,
  MAX_LOGIN_BYTES,
  type Parameters,
  readParameters,
  writeFirstSegment,
  writeParameters,
} from '../../../src/wire/parameters.ts';
import { demand, type Target } from '../target.ts';

/** Whether the list is well formed, and how often each type stands in it. */
function naive(bytes: Uint8Array): boolean {
  const lengths: Record<number, number> = { 1: 2, 2: 4, 3: 4, 4: 4, 5: 4, 6: 4, 8: 16 };
  let rest = [...bytes];
  for (;;) {
    const [type, high, low] = rest;
    if (type === 0) return true;
    if (type === undefined || high === undefined || low === undefined) return false;
    const length = high * 256 + low;
    rest = rest.slice(3);
    if (rest.length < length) return false;
    if (lengths[type] !== undefined && lengths[type] !== length) return false;
    if (type === 7 && length < 2) return false;
    if (type === 9 && length > MAX_LOGIN_BYTES) return false;
    rest = rest.slice(length);
  }
}

function checkValues(values: Parameters, length: number): void {
  const numbers = [
    [values.segmentBytes, 2 ** 16],
    [values.windowSegments, 2 ** 32],
    [values.creditBytes, 2 ** 32],
    [values.ackEverySegments, 2 ** 16],
    [values.maxAckDelayMs, 2 ** 16],
    [values.patienceMs, 2 ** 32],
    [values.capabilities, 2 ** 32],
  ] as const;
  for (const [value, end] of numbers) {
    demand(Number.isInteger(value) && value >= 0 && value < end, 'a number out of range');
  }
  const { firstStart, firstEnd } = values;
  demand(firstStart <= firstEnd && firstEnd <= length, 'FIRST_SEGMENT is out of bounds');
  demand((values.resetToken?.length ?? 16) === 16, 'a token of another length');
  demand((values.login?.length ?? 0) <= MAX_LOGIN_BYTES, 'a login too long');
}

function run(bytes: Uint8Array): void {
  const values = defaultParameters();
  const isRead = readParameters(bytes, 0, bytes.length, values);
  demand(isRead === naive(bytes), () => `read: ${isRead}`);
  checkValues(values, bytes.length);
  if (!isRead) return;
  const written = new Uint8Array(2_048);
  const length = endParameters(written, writeParameters(written, 0, values));
  const again = defaultParameters();
  demand(readParameters(written, 0, length, again), 'what was written cannot be read');
  const isSame = JSON.stringify({ ...again, firstFlags: 0, firstStart: 0, firstEnd: 0 });
  const wanted = JSON.stringify({ ...values, firstFlags: 0, firstStart: 0, firstEnd: 0 });
  demand(isSame === wanted, 'other values when read again');
}

function example(): Uint8Array {
  const bytes = new Uint8Array(512);
  const resetToken = new Uint8Array(16).fill(5);
  const values = { ...defaultParameters(), resetToken, login: Uint8Array.of(1, 2) };
  const first = writeFirstSegment(
    bytes,
    writeParameters(bytes, 0, values),
    0x40,
    new Uint8Array(5),
  );
  return bytes.slice(0, endParameters(bytes, first));
}

export const target: Target = { run, seeds: [example(), Uint8Array.of(0)], maxBytes: 512 };
