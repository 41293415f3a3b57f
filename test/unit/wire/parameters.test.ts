import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  defaultParameters,
  endParameters,
  FIRST_SEGMENT_OVERHEAD_BYTES,
  type Parameters,
  readParameters,
  writeFirstSegment,
  writeParameters,
} from '../../../src/wire/parameters.ts';

const SAMPLE: Parameters = {
  segmentBytes: 0x0578,
  windowSegments: 0x01020304,
  creditBytes: 0xfffefdfc,
  ackEverySegments: 0x0809,
  maxAckDelayMs: 0x0a0b,
  patienceMs: 0x00007530,
  capabilities: 0x80000001,
  firstFlags: 0,
  firstStart: 0,
  firstEnd: 0,
  resetToken: undefined,
  login: undefined,
};
const SAMPLE_HEX =
  '01 0002 0578  02 0004 01020304  03 0004 fffefdfc  04 0004 08090a0b  05 0004 00007530' +
  '  06 0004 80000001';

/** The list of `values`, not yet ended, as written at `at` of a buffer whose rest stays. */
function written(values: Parameters, at = 0): Uint8Array {
  const bytes = new Uint8Array(at + 64).fill(0xee);
  const end = writeParameters(bytes, at, values);
  expect(bytes.subarray(0, at)).toEqual(new Uint8Array(at).fill(0xee));
  expect(bytes.subarray(end)).toEqual(new Uint8Array(at + 64 - end).fill(0xee));
  return bytes.slice(at, end);
}

function read(bytes: readonly number[], start = 0): Parameters | undefined {
  const into = defaultParameters();
  const isRead = readParameters(Uint8Array.from(bytes), start, bytes.length, into);
  expect(typeof isRead).toBe('boolean');
  return isRead ? into : undefined;
}

describe('handshake parameters', () => {
  it('have the layout of the specification', () => {
    expect(Buffer.from(written(SAMPLE)).toString('hex')).toBe(SAMPLE_HEX.replaceAll(' ', ''));
    expect(written(SAMPLE, 5)).toEqual(written(SAMPLE));
    expect(read([...written(SAMPLE), 0])).toEqual(SAMPLE);
    expect(read([9, 9, ...written(SAMPLE), 0], 2)).toEqual(SAMPLE);
  });

  it('a peer that says nothing grants the defaults', () => {
    expect(read([0])).toEqual({
      segmentBytes: 1200,
      windowSegments: 64,
      creditBytes: 65_536,
      ackEverySegments: 2,
      maxAckDelayMs: 25,
      patienceMs: 30_000,
      capabilities: 0,
      firstFlags: 0,
      firstStart: 0,
      firstEnd: 0,
    });
  });

  it('each one is stored where it belongs', () => {
    const only = (...bytes: number[]): Partial<Parameters> => {
      const values = Object.entries(read([...bytes, 0])!);
      const defaults = defaultParameters() as unknown as Record<string, number>;
      return Object.fromEntries(values.filter(([name, value]) => value !== defaults[name]));
    };
    expect(only(1, 0, 2, 0x12, 0x34)).toEqual({ segmentBytes: 0x1234 });
    expect(only(2, 0, 4, 0, 0, 1, 2)).toEqual({ windowSegments: 258 });
    expect(only(3, 0, 4, 255, 0, 0, 7)).toEqual({ creditBytes: 0xff000007 });
    expect(only(4, 0, 4, 1, 2, 3, 4)).toEqual({ ackEverySegments: 258, maxAckDelayMs: 772 });
    expect(only(5, 0, 4, 0, 0, 0, 0)).toEqual({ patienceMs: 0 });
    expect(only(6, 0, 4, 0, 0, 0, 5)).toEqual({ capabilities: 5 });
  });

  it('saturate instead of wrapping around', () => {
    const huge: Parameters = {
      ...SAMPLE,
      segmentBytes: 70_000,
      windowSegments: 2 ** 32,
      creditBytes: 2 ** 40,
      ackEverySegments: 70_000,
      maxAckDelayMs: 70_000,
      patienceMs: 100 * 86_400_000,
    };
    expect(read([...written(huge), 0])).toEqual({
      ...SAMPLE,
      segmentBytes: 65_535,
      windowSegments: 2 ** 32 - 1,
      creditBytes: 2 ** 32 - 1,
      ackEverySegments: 65_535,
      maxAckDelayMs: 65_535,
      patienceMs: 2 ** 32 - 1,
    });
    const largest = { ...huge, segmentBytes: 65_535, ackEverySegments: 65_535 };
    expect(written(largest)).toEqual(written(huge));
  });

  it('a part of a millisecond of delay counts as a whole one', () => {
    expect(read([...written({ ...SAMPLE, maxAckDelayMs: 24.1 }), 0])?.maxAckDelayMs).toBe(25);
  });

  it('P-OPEN-08 unknown parameters are ignored', () => {
    expect(read([99, 0, 0, 200, 0, 3, 1, 2, 3, ...written(SAMPLE), 0])).toEqual(SAMPLE);
    const long = [99, 1, 2, ...Array<number>(258).fill(1)];
    expect(read([...long, ...written(SAMPLE), 0])).toEqual(SAMPLE);
  });

  it('P-OPEN-08 what follows the end of the list is padding', () => {
    expect(read([...written(SAMPLE), 0, 1, 0, 9])).toEqual(SAMPLE);
    expect(endParameters(new Uint8Array(9), 4)).toBe(5);
    const bytes = new Uint8Array(3).fill(0xee);
    endParameters(bytes, 1);
    expect([...bytes]).toEqual([0xee, 0, 0xee]);
  });

  it('P-OPEN-08 a list that is cut off drops the message', () => {
    const whole = [...written(SAMPLE), 0];
    for (let length = 0; length < whole.length; length += 1) {
      expect(read(whole.slice(0, length))).toBeUndefined();
    }
    expect(read([])).toBeUndefined();
    expect(read([99, 0])).toBeUndefined();
    expect(read([99, 0, 0])).toBeUndefined();
    expect(read([99, 0, 0, 0])).toEqual(defaultParameters());
    expect(read([99, 0, 1, 0])).toBeUndefined();
    expect(read([99, 1, 0, 0, 0])).toBeUndefined();
  });

  it('P-OPEN-08 a wrong length drops the message', () => {
    for (const [type, right] of [
      [1, 2],
      [2, 4],
      [3, 4],
      [4, 4],
      [5, 4],
      [6, 4],
    ] as const) {
      for (let length = 0; length < 8; length += 1) {
        const list = [type, 0, length, ...Array<number>(length).fill(1), 0];
        expect([type, length, read(list) !== undefined]).toEqual([type, length, length === right]);
      }
      const long = [type, 1, right, ...Array<number>(256 + right).fill(1), 0];
      expect(read(long)).toBeUndefined();
    }
  });
});

describe('FIRST_SEGMENT', () => {
  it('is flags and payload, 4 bytes longer than the payload', () => {
    const bytes = new Uint8Array(300).fill(0xee);
    const end = writeFirstSegment(bytes, 2, 0x60, Uint8Array.of(1, 2, 3));
    expect(FIRST_SEGMENT_OVERHEAD_BYTES).toBe(4);
    expect(end).toBe(2 + FIRST_SEGMENT_OVERHEAD_BYTES + 3);
    expect([...bytes.subarray(1, end + 1)]).toEqual([0xee, 7, 0, 4, 0x60, 1, 2, 3, 0xee]);
    expect(writeFirstSegment(bytes, 0, 0x60, new Uint8Array(255))).toBe(259);
    expect([...bytes.subarray(0, 4)]).toEqual([7, 1, 0, 0x60]);
  });

  it('is read as a range of the decoded buffer', () => {
    const into = defaultParameters();
    const bytes = Uint8Array.from([8, 8, 7, 0, 4, 0x60, 1, 2, 3, 5, 0, 4, 0, 0, 0, 9, 0]);
    expect(readParameters(bytes, 2, bytes.length, into)).toBe(true);
    expect(into).toEqual({
      ...defaultParameters(),
      firstFlags: 0x60,
      firstStart: 6,
      firstEnd: 9,
      patienceMs: 9,
    });
  });

  it('has at least one byte of payload', () => {
    expect(read([7, 0, 0, 0])).toBeUndefined();
    expect(read([7, 0, 1, 0x40, 0])).toBeUndefined();
    expect(read([7, 0, 2, 0x40, 5, 0])).toMatchObject({ firstStart: 4, firstEnd: 5 });
  });
});

it('decode after encode is the identity', () => {
  const uint16 = fc.nat({ max: 0xffff });
  const uint32 = fc.nat({ max: 0xffff_ffff });
  const values = fc.record({
    segmentBytes: uint16,
    windowSegments: uint32,
    creditBytes: uint32,
    ackEverySegments: uint16,
    maxAckDelayMs: uint16,
    patienceMs: uint32,
    capabilities: uint32,
  });
  const first = fc.tuple(fc.nat({ max: 255 }), fc.uint8Array({ minLength: 1, maxLength: 1100 }));
  fc.assert(
    fc.property(values, fc.option(first), fc.nat({ max: 40 }), (sent, segment, padding) => {
      const bytes = new Uint8Array(1300);
      const whole = { ...defaultParameters(), ...sent };
      let end = writeParameters(bytes, 0, whole);
      if (segment !== null) end = writeFirstSegment(bytes, end, ...segment);
      end = endParameters(bytes, end) + padding;
      const into = defaultParameters();
      expect(readParameters(bytes, 0, end, into)).toBe(true);
      const { firstFlags, firstStart, firstEnd, ...numbers } = into;
      expect(numbers).toEqual(sent);
      const received = segment === null ? null : [firstFlags, bytes.slice(firstStart, firstEnd)];
      expect(received).toEqual(segment);
    }),
  );
});
