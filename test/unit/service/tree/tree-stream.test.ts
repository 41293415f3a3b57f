import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PATH_MAX_DEPTH } from '../../../../src/service/limits.ts';
import { TreeDecoder } from '../../../../src/service/tree/tree-decoder.ts';
import type { TreeEvent } from '../../../../src/service/tree/tree-decoder.ts';
import {
  encodeContent,
  encodeEntry,
  encodeFileEnd,
  LEFT_OUT,
  MAX_TREE_TEXT_BYTES,
} from '../../../../src/service/tree/tree-entries.ts';
import type { TreeEntry } from '../../../../src/service/tree/tree-entries.ts';

const DIGEST = new Uint8Array(32).fill(7);
const TIMES = { mode: 0o644, mtimeMs: 1_700_000_000_123.5 };

/** Every event of `stream` in pieces of the given lengths; content is joined. */
function decode(stream: Uint8Array, cuts: readonly number[] = []): TreeEvent[] {
  const decoder = new TreeDecoder();
  const events: TreeEvent[] = [];
  let at = 0;
  for (const cut of [...cuts, stream.length]) {
    // As a run does: the bytes are somebody else's after it.
    const piece = stream.slice(at, at + cut);
    at += piece.length;
    decoder.push(piece);
    for (let event = decoder.next(); event !== undefined; event = decoder.next()) {
      const last = events.at(-1);
      if (event.kind !== 'content') events.push(event);
      else if (last?.kind !== 'content') events.push({ ...event, bytes: event.bytes.slice() });
      else events[events.length - 1] = { ...last, bytes: joined([last.bytes, event.bytes]) };
      if (event.kind === 'fault') return events;
    }
    decoder.keepRest();
    piece.fill(0xee);
  }
  return events;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

const nameOf = fc.string({ unit: 'binary', maxLength: 60 });
const timesOf = fc.record({
  mode: fc.integer({ min: 0, max: 0xffff }),
  mtimeMs: fc.double({ noNaN: true, noDefaultInfinity: true }),
});

interface Item {
  readonly bytes: Uint8Array;
  readonly events: readonly TreeEvent[];
}

const plainItem: fc.Arbitrary<Item> = fc
  .oneof(
    fc.record({
      kind: fc.constant('leftOut' as const),
      name: nameOf,
      why: fc.constantFrom(LEFT_OUT.LINK, LEFT_OUT.SPECIAL),
    }),
    fc.record({
      kind: fc.constant('failed' as const),
      name: nameOf,
      code: fc.integer({ min: 1, max: 255 }),
      message: fc.string({ unit: 'binary', maxLength: MAX_TREE_TEXT_BYTES / 4 }),
    }),
  )
  .map((entry: TreeEntry) => ({ bytes: encodeEntry(entry), events: [entry] }));

const fileItem: fc.Arbitrary<Item> = fc
  .record({ name: nameOf, times: timesOf, content: fc.uint8Array({ maxLength: 300 }) })
  .map(({ name, times, content }) => {
    const sizeBytes = content.length;
    const entry = { kind: 'file', name, sizeBytes, ...times } as const;
    const end = { kind: 'fileEnd', code: 0, digest: DIGEST } as const;
    const body = sizeBytes === 0 ? [] : [{ kind: 'content', bytes: content } as const];
    return {
      bytes: joined([encodeEntry(entry), encodeContent(content, DIGEST)]),
      events: [entry, ...body, end],
    };
  });

const { tree } = fc.letrec<{ tree: Item[]; folder: Item }>((tie) => ({
  tree: fc.array(fc.oneof({ depthSize: 'small' }, plainItem, fileItem, tie('folder')), {
    maxLength: 6,
  }),
  folder: fc.record({ name: nameOf, times: timesOf, inside: tie('tree') }).map((made) => {
    const { name, times, inside } = made;
    const entry = { kind: 'folder', name, ...times } as const;
    const up = { kind: 'up' } as const;
    return {
      bytes: joined([encodeEntry(entry), ...inside.map(({ bytes }) => bytes), encodeEntry(up)]),
      events: [entry, ...inside.flatMap(({ events }) => events), up],
    };
  }),
}));

const cutsOf = fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 80 });

describe('a tree as a stream', () => {
  it('P-TREE-02 reads as it was written, however it is cut', () => {
    fc.assert(
      fc.property(tree, cutsOf, (items, cuts) => {
        const stream = joined(items.map(({ bytes }) => bytes));
        expect(decode(stream, cuts)).toEqual(items.flatMap(({ events }) => events));
      }),
    );
  });

  it('P-TREE-03 never throws, and after a fault nothing else comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), cutsOf, (bytes, cuts) => {
        const whole = decode(bytes);
        expect(decode(bytes, cuts)).toEqual(whole);
        const faults = whole.filter(({ kind }) => kind === 'fault');
        expect(faults.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 500 },
    );
  });

  it('P-TREE-03 holds one entry without content at most', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
        const decoder = new TreeDecoder();
        decoder.push(bytes);
        let event = decoder.next();
        while (event !== undefined && event.kind !== 'fault') event = decoder.next();
        if (event === undefined) expect(decoder.heldBytes).toBeLessThan(800);
      }),
    );
  });

  it('costs a small file some sixty bytes', () => {
    const entry = { kind: 'file', name: 'file0001', sizeBytes: 4096, ...TIMES } as const;
    const bytes = encodeEntry(entry).length + encodeContent(new Uint8Array(4096), DIGEST).length;
    expect(bytes - 4096).toBeLessThanOrEqual(70);
  });

  it('is whole between entries at the root, and nowhere else', () => {
    const folder = encodeEntry({ kind: 'folder', name: 'a', ...TIMES });
    const file = encodeEntry({ kind: 'file', name: 'b', sizeBytes: 1, ...TIMES });
    const rest = [encodeContent(Uint8Array.of(1), DIGEST), encodeEntry({ kind: 'up' })];
    const decoder = new TreeDecoder();
    expect(decoder.isWhole).toBe(true);
    for (const [index, bytes] of [folder, file, ...rest].entries()) {
      decoder.push(bytes);
      while (decoder.next() !== undefined);
      expect(decoder.isWhole).toBe(index === 3);
    }
  });

  it.each([
    ['a way up out of the tree', Uint8Array.of(2)],
    ['an entry of no known kind', Uint8Array.of(9, 0)],
    ['an entry of no known kind', Uint8Array.of(0, 0)],
    ['left out, but why', Uint8Array.of(4, 1, 65, 3)],
    ['a failure without a code', Uint8Array.of(5, 1, 65, 0, 0, 0)],
    ['a failure with too long a text', Uint8Array.of(5, 1, 65, 1, 0xff, 0xff)],
    ['a name that is not UTF-8', Uint8Array.of(4, 1, 0xff, 1)],
    ['a time that is no number', encodeEntry({ kind: 'folder', name: 'x', mode: 0, mtimeMs: NaN })],
    [
      'a size that no file has',
      encodeEntry({ kind: 'file', name: 'x', sizeBytes: 2 ** 54, ...TIMES }),
    ],
    [
      'folders too deep',
      joined(
        Array.from({ length: PATH_MAX_DEPTH + 1 }, () =>
          encodeEntry({ kind: 'folder', name: 'x', ...TIMES }),
        ),
      ),
    ],
  ])('P-TREE-03 refuses %s', (fault, bytes) => {
    expect(decode(bytes).at(-1)).toEqual({ kind: 'fault', fault });
  });

  it('tells why a file is not whole, and cuts a long text between letters', () => {
    const entry = { kind: 'file', name: 'x', sizeBytes: 2 ** 40, ...TIMES } as const;
    expect(decode(joined([encodeEntry(entry), encodeFileEnd(16, undefined)]))).toEqual([
      entry,
      { kind: 'fileEnd', code: 16, digest: new Uint8Array() },
    ]);
    const long = { kind: 'failed', name: 'x', code: 10, message: 'ü'.repeat(400) } as const;
    const message = 'ü'.repeat(MAX_TREE_TEXT_BYTES / 2);
    expect(decode(encodeEntry(long))).toEqual([{ ...long, message }]);
  });
});
