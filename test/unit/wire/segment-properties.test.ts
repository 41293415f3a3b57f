import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeSegment,
  isClear,
  isFlagCombination,
  SegmentView,
} from '../../../src/wire/segment.ts';
import {
  finishSegment,
  type HeaderFields,
  patchLength,
  writeChallenge,
  writeClose,
  writeCommonOptions,
  writeCookie,
  writeHeader,
  writePart,
  writeVersions,
} from '../../../src/wire/segment-write.ts';
import { commonOptions, lenOption, naiveSegment } from './naive.ts';

const uint8 = fc.nat({ max: 0xff });
const uint16 = fc.nat({ max: 0xffff });
const uint32 = fc.nat({ max: 0xffff_ffff });

const fields: fc.Arbitrary<HeaderFields> = fc.record({
  sourcePort: uint16,
  destinationPort: uint16,
  seq: uint32,
  ack: uint32,
  flags: fc.nat({ max: 0x7f }).filter(isFlagCombination),
  error: uint8,
  window: fc.nat({ max: 0xff_ffff }),
});

/** The one option that may follow the common ones, as its writer takes it. */
const extra = fc.oneof(
  fc.constant({ kind: 'none' } as const),
  fc.record({
    kind: fc.constant('part' as const),
    offset: uint16,
    total: fc.integer({ min: 1, max: 0xffff }),
  }),
  fc.record({ kind: fc.constant('close' as const), stage: fc.integer({ min: 1, max: 4 }) }),
  fc.record({
    kind: fc.constant('versions' as const),
    versions: fc.array(uint8, { minLength: 1, maxLength: 200 }),
  }),
  fc.record({
    kind: fc.constant('cookie' as const),
    value: fc.uint8Array({ minLength: 20, maxLength: 20 }),
  }),
  fc.record({
    kind: fc.constant('challenge' as const),
    value: fc.uint8Array({ minLength: 8, maxLength: 8 }),
    isAnswer: fc.boolean(),
  }),
);
type Extra = typeof extra extends fc.Arbitrary<infer T> ? T : never;

const sample = fc.record({
  fields,
  txn: uint32,
  extra,
  payload: fc.uint8Array({ maxLength: 1500 }),
  start: fc.nat({ max: 9 }),
  isSealed: fc.boolean(),
});
type Sample = typeof sample extends fc.Arbitrary<infer T> ? T : never;

function writeExtra(bytes: Uint8Array, start: number, option: Extra): number {
  if (option.kind === 'part') return writePart(bytes, start, option.offset, option.total);
  if (option.kind === 'close') return writeClose(bytes, start, option.stage);
  if (option.kind === 'versions') return writeVersions(bytes, start, option.versions);
  if (option.kind === 'cookie') return writeCookie(bytes, start, 32, option.value);
  if (option.kind === 'challenge') {
    return writeChallenge(bytes, start, option.value, option.isAnswer);
  }
  return 32;
}

/** The encoded segment in a buffer of noise, and where it ends. */
function encode(value: Sample): { bytes: Uint8Array; end: number } {
  const bytes = new Uint8Array(value.start + 252 + value.payload.length).fill(0xa5);
  writeCommonOptions(bytes, value.start, value.txn, 0);
  const headerLength = writeExtra(bytes, value.start, value.extra);
  writeHeader(bytes, value.start, value.fields, headerLength);
  bytes.set(value.payload, value.start + headerLength);
  patchLength(bytes, value.start, value.payload.length);
  const end = value.start + headerLength + value.payload.length;
  // A SYN's payload is clear on every wire, and covered.
  const isCovered = !value.isSealed || isClear(value.fields.flags);
  finishSegment(bytes, value.start, isCovered ? end : value.start + headerLength);
  return { bytes, end };
}

describe('properties of a segment', () => {
  it('decode after encode is the identity for headers, options and payload', () => {
    const view = new SegmentView();
    fc.assert(
      fc.property(sample, (value) => {
        const { bytes, end } = encode(value);
        const drop = decodeSegment(bytes, value.start, end, !value.isSealed, 0, view);
        expect(drop).toBeUndefined();
        expect(view).toMatchObject({ ...value.fields, hasTxn: true, txn: value.txn });
        expect(bytes.slice(view.payloadStart, view.payloadEnd)).toEqual(value.payload);
        const option = value.extra;
        const part = option.kind === 'part' ? [option.offset, option.total] : [0, 0];
        expect(view.partTotal === 0 ? [0, 0] : [view.partOffset, view.partTotal]).toEqual(part);
        expect(view.closeStage).toBe(option.kind === 'close' ? option.stage : 0);
        const speaks = option.kind === 'versions' && option.versions.includes(0);
        expect(view.speaksVersion).toBe(speaks);
        expect(view.hasReset).toBe(false);
        const { cookieAt, challengeAt, isChallengeAnswer } = view;
        const cookie = option.kind === 'cookie' ? option.value : undefined;
        const challenge = option.kind === 'challenge' ? option.value : undefined;
        expect(cookieAt < 0 ? undefined : bytes.slice(cookieAt, cookieAt + 20)).toEqual(cookie);
        const isThere = challengeAt >= 0;
        expect(isThere ? bytes.slice(challengeAt, challengeAt + 8) : undefined).toEqual(challenge);
        if (option.kind === 'challenge') expect(isChallengeAnswer).toBe(option.isAnswer);
      }),
    );
  });

  it('P-OPT-01 unknown options and padding between the known ones change nothing', () => {
    const filler = fc.oneof(
      fc.constant([0]),
      fc
        .tuple(fc.integer({ min: 9, max: 255 }), fc.array(uint8, { maxLength: 20 }))
        .map(([kind, value]) => [kind, value.length + 2, ...value]),
    );
    const fillers = fc.array(filler, { maxLength: 4 }).map((list) => list.flat());
    fc.assert(
      fc.property(fillers, fillers, uint32, (before, after, txn) => {
        const options = [...before, 1, 6, ...commonOptions(txn, 2).slice(2, 6), ...after];
        options.push(...lenOption(2));
        const bytes = naiveSegment({ flags: 0x18, options, payload: [1, 2] });
        const view = new SegmentView();
        expect(decodeSegment(bytes, 0, bytes.length, true, 0, view)).toBeUndefined();
        expect([view.txn, view.payloadBytes]).toEqual([txn, 2]);
      }),
    );
  });

  it('P-HDR-06 a single flipped bit is dropped, or has moved the end of what is summed', () => {
    const view = new SegmentView();
    fc.assert(
      fc.property(sample, fc.nat(), (value, choice) => {
        const unsealed = { ...value, isSealed: false };
        const { bytes, end } = encode(unsealed);
        const bit = choice % (8 * (end - value.start));
        bytes[value.start + (bit >> 3)]! ^= 1 << (bit & 7);
        const drop = decodeSegment(bytes, value.start, end, true, 0, view);
        // Sixteen bits of sum cannot do more: a tail that LEN has cut off may make up for LEN.
        if (drop === undefined) expect(view.payloadEnd).toBeLessThan(end);
      }),
      { numRuns: 2000 },
    );
  });

  it('P-HDR-06 no single flipped bit of a segment with a payload of zeros gets through', () => {
    for (const payloadBytes of [0, 1, 2, 31, 1168]) {
      const value = { flags: 0x18, options: commonOptions(0x1234, payloadBytes), seq: 77 };
      const bytes = naiveSegment({ ...value, payload: Array<number>(payloadBytes).fill(0) });
      const view = new SegmentView();
      for (let bit = 0; bit < 8 * bytes.length; bit += 1) {
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        expect(decodeSegment(bytes, 0, bytes.length, true, 0, view)).toBeDefined();
        bytes[bit >> 3]! ^= 1 << (bit & 7);
      }
      expect(decodeSegment(bytes, 0, bytes.length, true, 0, view)).toBeUndefined();
    }
  });
});
