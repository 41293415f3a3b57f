import fc from 'fast-check';
import { encode } from 'cbor2/encoder';
import { describe, expect, it } from 'vitest';
import {
  decodeClientMessage,
  decodeServerMessage,
  encodeMessage,
} from '../../../src/service/messages.ts';
import type { ClientMessage, ServerMessage } from '../../../src/service/messages.ts';

const digest = new Uint8Array(32).map((_, index) => index);
const counts = { sent: 10, retransmitted: 2, controller: 'newreno' };

const CLIENT: ClientMessage[] = [
  { op: 'get', id: 1, path: ['a', 'b c', 'ü'] },
  { op: 'get', id: 2, path: [] },
  {
    op: 'post',
    id: 3,
    path: ['a'],
    name: 'n',
    size: 2 ** 52,
    overwrite: 'older',
    mtimeMs: 1_700_000_000_123.25,
    mode: 0o644,
    keep: true,
  },
  { op: 'post', id: 4, path: [], size: null, overwrite: 'always', mtimeMs: -5, keep: false },
  { op: 'getTree', id: 9, path: ['a'] },
  { op: 'postTree', id: 10, path: [], overwrite: 'never', mtimeMs: 1.5, mode: 0o755, keep: false },
  { op: 'cancel', id: 5, code: 64 },
  { op: 'status', id: 6 },
  { op: 'count', id: 7 },
  { op: 'digest', id: 8, digest },
  { op: 'list', id: 11, path: ['a'], hidden: true, after: 'b' },
  { op: 'stat', id: 12, path: [] },
  { op: 'mkdir', id: 13, path: ['a'], parents: true },
  { op: 'rmdir', id: 14, path: ['a'] },
  { op: 'rename', id: 15, path: ['a'], to: ['b', 'c'], replace: false },
  { op: 'delete', id: 16, path: ['a'] },
  { op: 'touch', id: 17, path: ['a'], mtimeMs: -1.5 },
  { op: 'chmod', id: 18, path: ['a'], mode: 0o644 },
  { op: 'checksum', id: 19, path: ['a'] },
  { op: 'space', id: 20, path: [] },
  { op: 'ping', id: 21 },
  { op: 'whoami', id: 22 },
  { op: 'post', id: 23, path: ['a'], size: 1, overwrite: 'append', keep: false },
  { op: 'get', id: 24, path: ['a'], have: 3, ofSize: 5, ofMtimeMs: -0.5 },
  { op: 'want', id: 24, ranges: [0, 0, 2, 5] },
];

const SERVER: ServerMessage[] = [
  { kind: 'file', re: 1, size: 0, mtimeMs: 0.5, mode: 0o600 },
  { kind: 'go', re: 2 },
  { kind: 'tree', re: 8, mtimeMs: -1.5, mode: 0o700 },
  { kind: 'stored', re: 9, ranges: [0, 5, 7, 7], failed: [{ number: 6, error: 10, message: 'x' }] },
  { kind: 'finished', re: 9, path: ['a'] },
  { kind: 'committed', re: 3, digest, path: ['x'] },
  { kind: 'status', re: 4, clients: 3, uptimeSeconds: 5, version: '1', access: 'ro' },
  { kind: 'count', re: 5, ...counts },
  {
    kind: 'entries',
    re: 10,
    entries: [
      ['a', 0, 5, 1.5, 0o644],
      ['b', 3, 0, 0, 0],
    ],
    next: 'b',
  },
  { kind: 'entry', re: 11, entry: ['', 1, 2 ** 52, -1, 0o755] },
  { kind: 'done', re: 12 },
  { kind: 'whoami', re: 15, account: 'a', access: 'rw' },
  { kind: 'checksum', re: 13, checksum: digest, bytes: 7 },
  { kind: 'space', re: 14, freeBytes: 5, totalBytes: 2 ** 50 },
  { kind: 'error', re: 6, error: 10, message: 'no' },
  { op: 'error', error: 21, message: 'full' },
  { op: 'digest', id: 7, digest, counts },
  { kind: 'go', re: 16, have: 4 },
  { op: 'chunks', id: 16, first: 256, digests: new Uint8Array(64) },
];

describe('messages', () => {
  it.each(CLIENT)('a client message survives the way: $op $id', (message) => {
    expect(decodeClientMessage(encodeMessage(message))).toEqual({ ok: true, message });
  });

  it.each(SERVER)('a server message survives the way: %o', (message) => {
    expect(decodeServerMessage(encodeMessage(message))).toEqual({ ok: true, message });
  });

  it.each([
    [{ op: 'get', id: 1 }, 1, 'field path'],
    [{ op: 'get', id: 1, path: ['a', 5] }, 1, 'field path'],
    [{ op: 'get', id: -1, path: [] }, undefined, 'field id'],
    [{ op: 'get', id: 1.5, path: [] }, undefined, 'field id'],
    [{ op: 'get', id: '1', path: [] }, undefined, 'field id'],
    [{ op: 'fly', id: 9 }, 9, 'field op'],
    [{ op: 'post', id: 1, path: [], size: -1, overwrite: 'always' }, 1, 'field size'],
    [{ op: 'post', id: 1, path: [], size: 1, overwrite: 'perhaps' }, 1, 'field overwrite'],
    [{ op: 'post', id: 1, path: [], overwrite: 'always' }, 1, 'field size'],
    [{ op: 'digest', id: 1, digest: new Uint8Array(31) }, 1, 'field digest'],
    [{ op: 'digest', id: 1, digest: 'x'.repeat(32) }, 1, 'field digest'],
    [{ op: 'cancel', id: 1 }, 1, 'field code'],
    [{ op: 'list', id: 1, path: [], after: 5 }, 1, 'field after'],
    [{ op: 'rename', id: 1, path: ['a'], replace: true }, 1, 'field to'],
    [{ op: 'touch', id: 1, path: ['a'], mtimeMs: NaN }, 1, 'field mtimeMs'],
    [{ op: 'chmod', id: 1, path: ['a'], mode: -1 }, 1, 'field mode'],
    [[1, 2], undefined, 'not a map'],
    ['get', undefined, 'not a map'],
  ])('P-SVC-02 what does not fit the schema is refused by name: %o', (value, id, fault) => {
    const decoded = decodeClientMessage(encode(value));
    expect(decoded).toMatchObject({ ok: false, id });
    expect(!decoded.ok && decoded.fault).toContain(fault);
  });

  it.each([
    [[], 'an entry'],
    [['a', 4, 0, 0, 0], 'kind'],
    [['a', 0, -1, 0, 0], 'sizeBytes'],
    [['a', 0, 0, Infinity, 0], 'mtimeMs'],
    [['a', 0, 0, 0, 'x'], 'mode'],
    [[5, 0, 0, 0, 0], 'name'],
  ])('P-SVC-02 P-OP-02 an entry that is none is refused: %o', (entry, fault) => {
    for (const value of [
      { re: 1, entry },
      { re: 1, entries: [entry] },
    ]) {
      const decoded = decodeServerMessage(encode(value));
      expect(!decoded.ok && decoded.fault).toContain(fault);
    }
  });

  it('P-SVC-01 an unknown field is ignored', () => {
    const bytes = encode({ op: 'status', id: 1, mood: { good: true } });
    expect(decodeClientMessage(bytes)).toEqual({ ok: true, message: { op: 'status', id: 1 } });
  });

  it.each([
    ['nothing', []],
    ['deep nesting', new Array(16_000).fill(0x81)],
    ['a length beyond the end', [0x9a, 0xff, 0xff, 0xff, 0xff]],
    ['a huge byte string', [0x5b, 0, 0xff, 0xff, 0xff, 0, 0, 0, 0]],
    ['a duplicate key', [0xa2, 0x61, 0x61, 1, 0x61, 0x61, 2]],
    ['bad UTF-8', [0xa1, 0x62, 0xff, 0xfe, 1]],
    ['two values', [0xa0, 0xa0]],
    ['a regular expression tag', [0xd8, 35, 0x63, 0x28, 0x61, 0x2b]],
    ['an object property', [0xa1, 0x69, ...new TextEncoder().encode('__proto__'), 0xa0]],
  ])('P-SVC-01 hostile bytes are a result, not an exception: %s', (_, bytes) => {
    expect(decodeClientMessage(Uint8Array.from(bytes)).ok).toBe(false);
    expect(decodeServerMessage(Uint8Array.from(bytes)).ok).toBe(false);
  });

  it('P-SVC-01 a map that comes in another form than one is refused', () => {
    const fields = [...encode({ op: 'status', id: 1 }).subarray(1)];
    const id = [0x62, 0x69, 0x64, 1];
    const isTaken = (...bytes: number[]) => decodeClientMessage(Uint8Array.from(bytes)).ok;
    expect(isTaken(0xa2, ...fields)).toBe(true);
    expect(isTaken(0xbf, ...fields, 0xff)).toBe(false);
    expect(isTaken(0xa3, ...fields, ...id)).toBe(false);
    expect(isTaken(0xa2, ...fields, 0xa0)).toBe(false);
  });

  it('more than 16 KiB is refused unread', () => {
    const bytes = encode({ op: 'status', id: 1, pad: 'x'.repeat(16_384) });
    expect(decodeClientMessage(bytes)).toMatchObject({ ok: false, fault: 'longer than 16 KiB' });
  });

  it('never throws, whatever comes', () => {
    const samples = [...CLIENT, ...SERVER].map((message) => encodeMessage(message));
    const mutated = fc
      .tuple(
        fc.constantFrom(...samples),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }),
      )
      .map(([sample, changes]) => {
        const bytes = sample.slice();
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        decodeClientMessage(bytes);
        decodeServerMessage(bytes);
      }),
      { numRuns: 20_000 },
    );
  });
});
