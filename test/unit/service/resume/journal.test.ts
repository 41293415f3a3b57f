import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeJournal,
  encodeHead,
  encodeState,
  HEAD_BYTES,
  JOURNAL_BYTES,
  MARK_BYTES,
} from '../../../../src/service/resume/journal.ts';
import type { JournalHead } from '../../../../src/service/resume/journal.ts';

const HEAD: JournalHead = {
  kind: 'get',
  id: 'ab'.repeat(16),
  owner: '',
  remote: 'host:10000:/a',
  local: '/tmp/a\nb',
  part: '.a.00000000.lftp-part',
  sizeBytes: 1,
  mtimeMs: -1.5,
  holder: { pid: 1, born: '2' },
  madeMs: 3,
};

const mark = (bytes: number) => ({
  mark: { bytes, digest: new Uint8Array(32).fill(bytes) },
  done: undefined,
});

function journal(older: number, newer: number): Buffer {
  const bytes = Buffer.concat([encodeHead(HEAD)!, encodeState(4, mark(older))]);
  return Buffer.concat([bytes, encodeState(5, mark(newer))]);
}

describe('a journal', () => {
  it('tells its head and the latest mark', () => {
    const read = decodeJournal(journal(1, 2));
    expect(read).toMatchObject(HEAD);
    expect(read?.mark?.bytes).toBe(2);
    expect(journal(1, 2)).toHaveLength(JOURNAL_BYTES);
  });

  it('tells that the file is about to get its name', () => {
    const done = { digest: new Uint8Array(32).fill(7), atMs: 9 };
    const bytes = Buffer.concat([encodeHead(HEAD)!, encodeState(1, { mark: undefined, done })]);
    expect(decodeJournal(bytes)).toMatchObject({ done, mark: undefined });
  });

  it('falls back to the mark before one that was torn anywhere', () => {
    const line = encodeState(5, mark(2)).toString().trimEnd();
    for (let kept = 0; kept < line.length; kept += 1) {
      const bytes = journal(1, 2).fill(0, HEAD_BYTES + MARK_BYTES + kept);
      expect(decodeJournal(bytes)?.mark?.bytes).toBe(1);
    }
  });

  it('is none with a head that was torn, and never throws', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(255), (at, value) => {
        const bytes = journal(1, 2);
        const isSame = bytes[at] === value;
        bytes[at] = value;
        expect(decodeJournal(bytes) !== undefined).toBe(isSame);
      }),
    );
    fc.assert(fc.property(fc.uint8Array(), (bytes) => decodeJournal(bytes) === undefined));
  });

  it('has no room for endless names', () => {
    expect(encodeHead({ ...HEAD, local: 'x'.repeat(HEAD_BYTES) })).toBeUndefined();
  });
});
