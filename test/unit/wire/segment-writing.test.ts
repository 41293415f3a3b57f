import { describe, expect, it } from 'vitest';
import {
  finishSegment,
  type HeaderFields,
  patchLength,
  writeClose,
  writeCommonOptions,
  writeHeader,
  writePart,
  writeVersions,
} from '../../../src/wire/segment-write.ts';
import { commonOptions, naiveSegment } from './naive.ts';

const FIELDS: HeaderFields = {
  sourcePort: 0x1234,
  destinationPort: 0x5678,
  seq: 0x9abcdef1,
  ack: 0x81726354,
  flags: 0x18,
  error: 0x4f,
  window: 0xfedcba,
};

/** Bytes as `write` leaves them in a buffer full of 0xee, from `at` on; all before stays. */
function writtenAt(at: number, write: (bytes: Uint8Array) => void): Uint8Array {
  const bytes = new Uint8Array(at + 300).fill(0xee);
  write(bytes);
  expect([...bytes.subarray(0, at)]).toEqual(Array(at).fill(0xee));
  return bytes.subarray(at);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

describe.each([0, 5])('written at %i', (at) => {
  it('P-HDR-04 the fixed header is its 20 bytes, checksum 0', () => {
    const bytes = writtenAt(at, (buffer) => writeHeader(buffer, at, FIELDS, 36));
    const expected = '1234 5678 9abcdef1 81726354 24 18 0000 4f fedcba ee';
    expect(hex(bytes.subarray(0, 21))).toBe(expected.replaceAll(' ', ''));
  });

  it('P-HDR-02 the common options are TXN, LEN and two bytes of PAD', () => {
    const bytes = writtenAt(at, (buffer) => writeCommonOptions(buffer, at, 0xa1b2c3d4, 0x0578));
    expect(hex(bytes.subarray(19, 33))).toBe('ee0106a1b2c3d4020405780000ee');
  });

  it('LEN is put in later where the common options left it', () => {
    const bytes = writtenAt(at, (buffer) => {
      writeCommonOptions(buffer, at, 1, 0);
      patchLength(buffer, at, 0x1234);
    });
    expect(hex(bytes.subarray(20, 32))).toBe('010600000001020412340000');
  });

  it('P-HDR-02 PART makes the header 40 bytes', () => {
    let length = 0;
    const bytes = writtenAt(at, (buffer) => {
      length = writePart(buffer, at, 0x1234, 0x5678);
    });
    expect(length).toBe(40);
    expect(hex(bytes.subarray(31, 41))).toBe('ee0306123456780000ee');
  });

  it('CLOSE makes the header 36 bytes', () => {
    let length = 0;
    const bytes = writtenAt(at, (buffer) => {
      length = writeClose(buffer, at, 3);
    });
    expect(length).toBe(36);
    expect(hex(bytes.subarray(31, 37))).toBe('ee06030300ee');
  });

  it('VERSIONS is padded to a multiple of 4', () => {
    const expected = ['05020000ee', '05030100ee', '05040102ee', '050501020300 0000ee'];
    expected.forEach((text, count) => {
      const versions = [1, 2, 3].slice(0, count);
      let length = 0;
      const bytes = writtenAt(at, (buffer) => {
        length = writeVersions(buffer, at, versions);
      });
      const wanted = text.replaceAll(' ', '');
      expect(length).toBe(32 + wanted.length / 2 - 1);
      expect(hex(bytes.subarray(32, length + 1))).toBe(wanted);
    });
  });

  it('P-HDR-06 the checksum is that of an independent encoder', () => {
    for (const isSealed of [false, true]) {
      const payload = [1, 2, 3, 0xfe, 0xff];
      const bytes = writtenAt(at, (buffer) => {
        writeHeader(buffer, at, FIELDS, 32);
        writeCommonOptions(buffer, at, 0xa1b2c3d4, payload.length);
        buffer.set(payload, at + 32);
        // What the field held before must not matter.
        buffer[at + 14] = 0x77;
        buffer[at + 15] = 0x66;
        finishSegment(buffer, at, at + (isSealed ? 32 : 37));
      });
      const options = commonOptions(0xa1b2c3d4, payload.length);
      const expected = naiveSegment({ ...FIELDS, options, payload, isSealed });
      expect(hex(bytes.subarray(0, 37))).toBe(hex(expected));
    }
  });
});
