/** Messages of the file service: decoding never throws, and what it takes is what was meant. */
import {
  decodeClientMessage,
  decodeServerMessage,
  encodeMessage,
} from '../../../src/service/messages.ts';
import { OPERATIONS } from '../../../src/service/operations/operation-messages.ts';
import { BrokenProperty, demand, type Target } from '../target.ts';

const DECODERS = [decodeClientMessage, decodeServerMessage] as const;
const OPS: readonly string[] = [
  'get',
  'post',
  'getTree',
  'postTree',
  'digest',
  'cancel',
  'status',
  'count',
  'ping',
  'whoami',
  'error',
  'want',
  'chunks',
  ...OPERATIONS,
];

function isNatural(value: unknown): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** Every number is finite, every `id` and `re` natural, nothing has a foreign prototype. */
function checkFields(message: object): void {
  demand(Object.getPrototypeOf(message) === Object.prototype, 'a message with another prototype');
  for (const [name, value] of Object.entries(message) as [string, unknown][]) {
    if (typeof value === 'number') demand(Number.isFinite(value), `${name} is not finite`);
    if (['id', 're', 'error', 'code'].includes(name)) demand(isNatural(value), `${name} is odd`);
    if (name === 'op' && typeof value === 'string') demand(OPS.includes(value), `op ${value}`);
  }
}

function run(bytes: Uint8Array): void {
  for (const decode of DECODERS) {
    const before = bytes.slice();
    const decoded = decode(bytes);
    demand(Buffer.compare(before, bytes) === 0, 'decoding changed the bytes');
    if (!decoded.ok) {
      demand(/^[\x20-\x7e]{1,300}$/.test(decoded.fault), 'a fault that quotes the peer');
      demand(decoded.id === undefined || isNatural(decoded.id), 'an id that is no number');
      continue;
    }
    checkFields(decoded.message);
    let again: Uint8Array;
    try {
      again = encodeMessage(decoded.message);
    } catch (error) {
      // Other encodings of the same may be longer; only that may be in the way.
      if (error instanceof RangeError) continue;
      throw error;
    }
    const back = decode(again);
    if (!back.ok) throw new BrokenProperty(`what was written cannot be read: ${back.fault}`);
    const isSame = Buffer.compare(encodeMessage(back.message), again) === 0;
    demand(isSame, 'another message when read again');
  }
}

const DIGEST = new Uint8Array(32);

export const target: Target = {
  run,
  seeds: [
    encodeMessage({ op: 'get', id: 1, path: ['a', 'b'] }),
    encodeMessage({ op: 'post', id: 2, path: ['x'], size: null, overwrite: 'never', mode: 420 }),
    encodeMessage({ op: 'cancel', id: 3, code: 4 }),
    encodeMessage({
      op: 'digest',
      id: 3,
      digest: DIGEST,
      counts: { sent: 1, retransmitted: 0, controller: 'newreno' },
    }),
    encodeMessage({ kind: 'file', re: 1, size: 9, mtimeMs: -1.5, mode: 420 }),
    encodeMessage({ kind: 'committed', re: 1, digest: DIGEST, path: ['a'] }),
    encodeMessage({ kind: 'error', re: 1, error: 4, message: 'no such file' }),
    encodeMessage({ op: 'error', error: 13, message: 'x' }),
    encodeMessage({ op: 'list', id: 4, path: ['a'], hidden: true, after: 'b' }),
    encodeMessage({ op: 'rename', id: 5, path: ['a'], to: ['b'], replace: true }),
    encodeMessage({ op: 'touch', id: 6, path: ['a'], mtimeMs: 1.5 }),
    encodeMessage({ kind: 'entries', re: 4, entries: [['a', 0, 1, 2.5, 420]], next: 'a' }),
    encodeMessage({ kind: 'space', re: 4, freeBytes: 1, totalBytes: 2 }),
  ],
  maxBytes: 400,
};
