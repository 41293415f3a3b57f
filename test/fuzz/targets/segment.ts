/** The segment decoder: bounds, flags and lengths of whatever it calls a segment. */
import { FLAG, INSECURE_VERSION, WIRE_VERSION } from '../../../src/wire/codes.ts';
import { HEADER_BYTES } from '../../../src/wire/layout.ts';
import { prettyPrint } from '../../../src/wire/pretty-print.ts';
import { cookieRange, decodeSegment, isClear, SegmentView } from '../../../src/wire/segment.ts';
import { finishSegment } from '../../../src/wire/segment-write.ts';
import { craft } from '../../unit/transport/segments.ts';
import { ByteReader } from '../byte-reader.ts';
import { demand, type Target } from '../target.ts';

const MODE = { COVERED: 1, INSECURE: 2, MENDED: 4 } as const;

function isLegal(flags: number): boolean {
  const has = (flag: number): boolean => (flags & flag) !== 0;
  if (has(FLAG.RESERVED) || (has(FLAG.OP) && has(FLAG.DAT))) return false;
  const isStream = has(FLAG.OP) || has(FLAG.DAT);
  if (has(FLAG.CNT)) return !isStream && !has(FLAG.END);
  if (has(FLAG.SYN) || has(FLAG.FIN)) return false;
  return isStream || (has(FLAG.ACK) && !has(FLAG.END));
}

function checkView(view: SegmentView, start: number, bytes: Uint8Array): void {
  const { headerStart, payloadStart, payloadEnd, flags } = view;
  demand(headerStart === start && payloadStart >= start + HEADER_BYTES, 'the header is too short');
  demand(payloadStart <= payloadEnd && payloadEnd <= bytes.length, 'the payload is out of bounds');
  demand(isLegal(flags), () => `flags ${flags} are no combination`);
  demand(view.closeStage >= 0 && view.closeStage <= 4, 'a stage that does not exist');
  const values = [
    [view.resetAt, 16],
    [view.cookieAt, 20],
    [view.challengeAt, 8],
  ] as const;
  for (const [at, length] of values) {
    if (at < 0) continue;
    const isInside = at >= start + HEADER_BYTES + 2 && at + length <= payloadStart;
    demand(isInside, 'an option reaches out of the header');
  }
  const cookie = cookieRange(bytes.subarray(start, payloadEnd));
  demand((cookie === undefined) === view.cookieAt < 0, 'two readers differ about a cookie');
  prettyPrint(view);
}

function run(bytes: Uint8Array): void {
  const reader = new ByteReader(bytes);
  const mode = reader.byte();
  const datagram = reader.rest();
  const before = datagram.slice();
  const isCovered = (mode & MODE.COVERED) !== 0;
  const version = (mode & MODE.INSECURE) !== 0 ? INSECURE_VERSION : WIRE_VERSION;
  const view = new SegmentView();
  const decode = (at: number) =>
    decodeSegment(datagram, at, datagram.length, isCovered, version, view);
  let count = 0;
  for (let at = 0; at < datagram.length; at = view.payloadEnd) {
    let reason = decode(at);
    if (reason === 'checksum' && (mode & MODE.MENDED) !== 0) {
      const isWhole = isCovered || isClear(view.flags);
      const coveredEnd = isWhole ? view.payloadEnd : view.payloadStart;
      finishSegment(datagram, at, coveredEnd);
      before.set(datagram);
      reason = decode(at);
      demand(reason === undefined, 'a checksum just written is wrong');
    }
    if (reason !== undefined) break;
    checkView(view, at, datagram);
    count += 1;
  }
  demand(count <= bytes.length / (HEADER_BYTES + 4), 'more segments than bytes');
  demand(
    datagram.every((byte, i) => byte === before[i]),
    'decoding changed the bytes',
  );
}

const MENDED_MODES = [MODE.MENDED, MODE.MENDED | MODE.COVERED];
const KINDS = [
  craft({ flags: FLAG.CNT | FLAG.SYN, versions: [1], txn: 7, payload: new Uint8Array(40) }),
  craft({ flags: FLAG.DAT | FLAG.ACK, txn: 7, part: [10, 50], payload: new Uint8Array(9) }),
  craft({ flags: FLAG.CNT | FLAG.FIN, txn: 7, closeStage: 1 }),
];

export const target: Target = {
  run,
  seeds: KINDS.flatMap((kind) => MENDED_MODES.map((mode) => Uint8Array.of(mode, ...kind))),
  maxBytes: 512,
};
