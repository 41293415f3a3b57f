import { describe, expect, it } from 'vitest';
import type { DropReason } from '../../../src/wire/codes.ts';
import {
  decodeSegment,
  isFlagCombination,
  isStreamCombination,
  SegmentView,
} from '../../../src/wire/segment.ts';
import {
  commonOptions,
  lenOption,
  naiveChecksum,
  naiveSegment,
  type NaiveSegment,
  txnOption,
} from './naive.ts';

const ACK = 0x10;
const DAT_ACK = 0x18;

interface Decoded {
  readonly drop: DropReason | undefined;
  readonly view: SegmentView;
}

function decode(bytes: Uint8Array, isSealed = false, view = new SegmentView()): Decoded {
  return { drop: decodeSegment(bytes, 0, bytes.length, !isSealed, 0, view), view };
}

function decodeNaive(segment: NaiveSegment): Decoded {
  return decode(naiveSegment(segment), segment.isSealed);
}

/** Decodes an acknowledgement whose options are `options` and then LEN 0. */
function decodeOptions(...options: readonly number[]): Decoded {
  return decodeNaive({ flags: ACK, options: [...options, ...lenOption(0)] });
}

const FULL: NaiveSegment = {
  sourcePort: 0x1234,
  destinationPort: 0x5678,
  seq: 0x9abcdef1,
  ack: 0x81726354,
  flags: DAT_ACK,
  error: 0x4f,
  window: 0xfedcba,
  options: commonOptions(0xc0ffee99, 3),
  payload: [7, 8, 9],
};

describe('the fixed header', () => {
  it('P-HDR-02 lies bit for bit where the specification says', () => {
    const bytes = naiveSegment(FULL);
    const { drop, view } = decode(bytes);
    expect(drop).toBeUndefined();
    expect(view.buffer).toBe(bytes);
    expect([view.headerStart, view.payloadStart, view.payloadEnd]).toEqual([0, 32, 35]);
    expect([view.sourcePort, view.destinationPort]).toEqual([0x1234, 0x5678]);
    expect([view.seq, view.ack]).toEqual([0x9abcdef1, 0x81726354]);
    expect([view.flags, view.error, view.window]).toEqual([DAT_ACK, 0x4f, 0xfedcba]);
    expect([view.hasTxn, view.txn, view.payloadBytes]).toEqual([true, 0xc0ffee99, 3]);
    expect([view.partTotal, view.closeStage]).toEqual([0, 0]);
    expect([view.speaksVersion, view.hasReset]).toEqual([false, false]);
  });

  it('each byte of each number counts', () => {
    for (let byte = 0; byte < 4; byte += 1) {
      const value = 256 ** byte;
      const { view } = decodeNaive({ ...FULL, seq: value, ack: 2 * value });
      expect([view.seq, view.ack]).toEqual([value, 2 * value]);
      const { txn } = decodeNaive({ ...FULL, options: commonOptions(3 * value, 3) }).view;
      expect(txn).toBe(3 * value);
    }
    for (let byte = 0; byte < 3; byte += 1) {
      expect(decodeNaive({ ...FULL, window: 256 ** byte }).view.window).toBe(256 ** byte);
    }
    for (const port of [1, 256, 0xffff]) {
      const { view } = decodeNaive({ ...FULL, sourcePort: port, destinationPort: 0xffff - port });
      expect([view.sourcePort, view.destinationPort]).toEqual([port, 0xffff - port]);
    }
  });

  it('a segment is found in the middle of a buffer', () => {
    const one = naiveSegment(FULL);
    const bytes = Uint8Array.from([1, 2, 3, ...one, 4, 5]);
    const view = new SegmentView();
    expect(decodeSegment(bytes, 3, bytes.length, true, 0, view)).toBeUndefined();
    expect([view.headerStart, view.payloadStart, view.payloadEnd]).toEqual([3, 35, 38]);
    expect([view.sourcePort, view.seq, view.ack]).toEqual([0x1234, 0x9abcdef1, 0x81726354]);
    expect([view.error, view.window, view.txn]).toEqual([0x4f, 0xfedcba, 0xc0ffee99]);
    expect(decodeSegment(bytes, 3, 37, true, 0, view)).toBe('length');
    expect(decodeSegment(bytes, 3, 38, true, 0, view)).toBeUndefined();
  });

  it('P-HDR-07 is dropped when the datagram ends before 20 bytes', () => {
    const bytes = naiveSegment(FULL);
    for (let length = 0; length < 20; length += 1) {
      expect(decode(bytes.subarray(0, length)).drop).toBe('short');
    }
    expect(decode(bytes.subarray(0, 20)).drop).toBe('headerLength');
    expect(decodeSegment(bytes, 16, 35, true, 0, new SegmentView())).toBe('short');
  });

  it('P-HDR-03 drops a header length outside 20…252 or beyond the datagram', () => {
    const withLength = (headerLength: number): DropReason | undefined =>
      decodeNaive({ flags: ACK, options: commonOptions(1, 0), headerLength }).drop;
    for (const headerLength of [0, 1, 19, 33, 252, 253, 255]) {
      expect(withLength(headerLength)).toBe('headerLength');
    }
    expect(withLength(32)).toBeUndefined();
    // 20 and 31 are lengths like any other; what is missing there is LEN, or room for it.
    expect(withLength(20)).toBe('length');
    expect(withLength(29)).toBe('option');
    const longest = [...commonOptions(1, 0), ...Array<number>(220).fill(0)];
    expect(decodeNaive({ flags: ACK, options: longest }).view.payloadStart).toBe(252);
    expect(decodeNaive({ flags: ACK, options: longest }).drop).toBeUndefined();
    expect(decodeNaive({ flags: ACK, options: [...longest, 0] }).drop).toBe('headerLength');
  });

  it('P-HDR-04 drops a segment with the reserved flag', () => {
    expect(decodeNaive({ ...FULL, flags: 0x80 | DAT_ACK }).drop).toBe('reservedFlag');
    expect(decodeNaive({ ...FULL, flags: 0x80 }).drop).toBe('reservedFlag');
  });

  it('P-HDR-05 drops flags that may not stand together', () => {
    const allowed = new Set([
      ...[0x10, 0x40, 0x50, 0x60, 0x70, 0x08, 0x18, 0x28, 0x38],
      ...[0x04, 0x14, 0x05, 0x15, 0x06, 0x16, 0x07, 0x17],
    ]);
    for (let flags = 0; flags < 0x80; flags += 1) {
      expect([flags, isFlagCombination(flags)]).toEqual([flags, allowed.has(flags)]);
      const isStream = allowed.has(flags) && (flags & 0x48) !== 0;
      expect([flags, isStreamCombination(flags)]).toEqual([flags, isStream]);
      expect(isStreamCombination(0x80 | flags)).toBe(false);
      const expected = allowed.has(flags) ? undefined : 'flagCombination';
      expect(decodeNaive({ ...FULL, flags }).drop).toBe(expected);
    }
  });

  it('tells which flags are set', () => {
    const { view } = decodeNaive({ ...FULL, flags: 0x38 });
    expect([0x08, 0x10, 0x20, 0x01 | 0x08].map((flag) => view.has(flag))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect([0x01, 0x02, 0x04, 0x40, 0x47].map((flag) => view.has(flag))).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('the checksum of a segment', () => {
  it('P-HDR-06 covers header, options and an unsealed payload', () => {
    const bytes = naiveSegment(FULL);
    for (let at = 20; at < bytes.length; at += 1) {
      const spoilt = bytes.slice();
      spoilt[at]! ^= 0x10;
      expect(decode(spoilt).drop).toBeDefined();
    }
    bytes[34]! ^= 1;
    expect(decode(bytes).drop).toBe('checksum');
  });

  it('P-HDR-06 leaves a sealed payload to the seal', () => {
    const bytes = naiveSegment({ ...FULL, isSealed: true });
    expect(decode(bytes, true).drop).toBeUndefined();
    expect(decode(bytes, false).drop).toBe('checksum');
    bytes[33]! ^= 0xff;
    expect(decode(bytes, true).drop).toBeUndefined();
    bytes[31]! ^= 1;
    expect(decode(bytes, true).drop).toBe('option');
    bytes[31]! ^= 1;
    bytes[4]! ^= 1;
    expect(decode(bytes, true).drop).toBe('checksum');
  });

  it('P-HDR-06 stops where LEN says, not where the datagram ends', () => {
    const bytes = Uint8Array.from([...naiveSegment(FULL), 0xde, 0xad]);
    const { drop, view } = decode(bytes);
    expect(drop).toBeUndefined();
    expect(view.payloadEnd).toBe(35);
  });
});

describe('options', () => {
  it('P-OPT-01 skips unknown kinds by their length', () => {
    for (const kind of [9, 10, 99, 200, 255]) {
      const { drop, view } = decodeOptions(kind, 2, kind, 5, 1, 2, 3, ...txnOption(77));
      expect(drop).toBeUndefined();
      expect([view.hasTxn, view.txn]).toEqual([true, 77]);
    }
  });

  it('skips PAD anywhere', () => {
    const { drop, view } = decodeOptions(0, ...txnOption(5), 0, 0, 0);
    expect(drop).toBeUndefined();
    expect(view.txn).toBe(5);
  });

  it('P-OPT-02 drops an option shorter than 2 bytes or longer than the header', () => {
    expect(decodeOptions(9, 0).drop).toBe('option');
    expect(decodeOptions(9, 1).drop).toBe('option');
    expect(decodeOptions(9, 2).drop).toBeUndefined();
    const tail = (...options: number[]): DropReason | undefined =>
      decodeNaive({ flags: ACK, options: [...lenOption(0), ...options] }).drop;
    expect(tail(9)).toBe('option');
    expect(tail(9, 2)).toBeUndefined();
    expect(tail(9, 3)).toBe('option');
    expect(tail(9, 3, 0)).toBeUndefined();
    expect(tail(9, 255, 0)).toBe('option');
    // The length byte of the last option must not be taken from the payload.
    const options = [...lenOption(4), 9];
    expect(decodeNaive({ flags: ACK, options, payload: [2, 2, 2, 2] }).drop).toBe('option');
  });

  it('P-OPT-02 drops a known option of a wrong length', () => {
    const sized = (kind: number, length: number): DropReason | undefined =>
      decodeOptions(kind, length, ...Array<number>(length - 2).fill(1)).drop;
    for (const [kind, right] of [
      [1, 6],
      [3, 6],
      [4, 22],
      [6, 3],
      [7, 18],
      [8, 11],
    ] as const) {
      for (let length = 2; length <= 24; length += 1) {
        expect([kind, length, sized(kind, length)]).toEqual([
          kind,
          length,
          length === right ? undefined : 'option',
        ]);
      }
    }
    for (const length of [2, 3, 5, 6]) {
      const value = Array<number>(length - 2).fill(0);
      expect(decodeOptions(2, length, ...value).drop).toBe('option');
    }
  });

  it('P-OPT-03 drops a segment without LEN or with a payload beyond the datagram', () => {
    const attempt = (payloadBytes: number): DropReason | undefined =>
      decodeNaive({ ...FULL, options: commonOptions(1, payloadBytes) }).drop;
    expect(decodeNaive({ flags: ACK, options: [] }).drop).toBe('length');
    expect(decodeNaive({ flags: ACK, options: txnOption(1) }).drop).toBe('length');
    expect(attempt(3)).toBeUndefined();
    expect(attempt(4)).toBe('length');
    expect(attempt(0x0103)).toBe('length');
    expect(attempt(0xffff)).toBe('length');
  });

  it('reads both bytes of LEN', () => {
    const payload = Array<number>(0x0203).fill(1);
    const { drop, view } = decodeNaive({ ...FULL, options: commonOptions(1, 0x0203), payload });
    expect(drop).toBeUndefined();
    expect(view.payloadBytes).toBe(0x0203);
  });

  it('PART has an offset and a total that is not 0', () => {
    const { drop, view } = decodeOptions(3, 6, 0x12, 0x34, 0x56, 0x78);
    expect(drop).toBeUndefined();
    expect([view.partOffset, view.partTotal]).toEqual([0x1234, 0x5678]);
    expect(decodeOptions(3, 6, 1, 1, 0, 0).drop).toBe('option');
    expect(decodeOptions(3, 6, 0, 0, 0, 1).drop).toBeUndefined();
  });

  it('CLOSE has a stage from 1 to 4', () => {
    for (let stage = 0; stage < 256; stage += 1) {
      const { drop, view } = decodeOptions(6, 3, stage);
      if (stage >= 1 && stage <= 4) {
        expect([drop, view.closeStage]).toEqual([undefined, stage]);
      } else {
        expect(drop).toBe('option');
      }
    }
  });

  it('VERSIONS is searched for the wanted one', () => {
    const speaks = (wanted: number, ...versions: number[]): boolean => {
      const options = [...lenOption(0), 5, 2 + versions.length, ...versions, ...txnOption(3)];
      const bytes = naiveSegment({ flags: 0x06, options });
      const view = new SegmentView();
      expect(decodeSegment(bytes, 0, bytes.length, true, wanted, view)).toBeUndefined();
      return view.speaksVersion;
    };
    expect(speaks(0)).toBe(false);
    expect(speaks(0, 0)).toBe(true);
    expect(speaks(0, 1)).toBe(false);
    expect(speaks(0, 1, 2, 0)).toBe(true);
    expect(speaks(2, 1, 2, 0)).toBe(true);
    // Neither the option's own length nor what follows it is a version.
    expect(speaks(3, 0)).toBe(false);
    expect(speaks(5, 0)).toBe(false);
    expect(speaks(6, 0)).toBe(false);
  });

  it('RESET is noticed', () => {
    const { drop, view } = decodeOptions(7, 18, ...Array<number>(16).fill(0x55));
    expect([drop, view.hasReset]).toEqual([undefined, true]);
  });
});

describe('a reused view', () => {
  it('keeps nothing of the segment before', () => {
    const view = new SegmentView();
    const reset = [7, 18, ...Array<number>(16).fill(1)];
    const options = [...commonOptions(9, 2), 3, 6, 0, 1, 0, 2, 6, 3, 4, 5, 3, 0, ...reset];
    const rich = naiveSegment({ ...FULL, flags: 0x04, options, payload: [1, 2] });
    expect(decode(rich, false, view).drop).toBeUndefined();
    expect([view.hasTxn, view.partTotal, view.closeStage]).toEqual([true, 2, 4]);
    expect([view.speaksVersion, view.hasReset, view.payloadBytes]).toEqual([true, true, 2]);
    const plain = naiveSegment({ flags: ACK, options: lenOption(0) });
    expect(decode(plain, false, view).drop).toBeUndefined();
    expect([view.hasTxn, view.partTotal, view.closeStage]).toEqual([false, 0, 0]);
    expect([view.speaksVersion, view.hasReset, view.payloadBytes]).toEqual([false, false, 0]);
    expect([view.sourcePort, view.seq, view.ack, view.error, view.window]).toEqual([0, 0, 0, 0, 0]);
  });

  it('starts out empty', () => {
    const { buffer, ...rest } = new SegmentView();
    expect(buffer).toHaveLength(0);
    expect(new Set(Object.values(rest))).toEqual(new Set([0, -1, false]));
  });
});

it('P-HDR-07 a train is cut where each LEN says', () => {
  const one = naiveSegment(FULL);
  const two = naiveSegment({ flags: ACK, options: commonOptions(2, 1), payload: [5], seq: 8 });
  const train = Uint8Array.from([...one, ...two, ...one]);
  const view = new SegmentView();
  const ends: number[] = [];
  for (let at = 0; at < train.length; at = view.payloadEnd) {
    expect(decodeSegment(train, at, train.length, true, 0, view)).toBeUndefined();
    expect(view.headerStart).toBe(at);
    ends.push(view.payloadEnd);
  }
  expect(ends).toEqual([one.length, one.length + two.length, train.length]);
  expect(naiveChecksum(two)).toBe(0);
});
