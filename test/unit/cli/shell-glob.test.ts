import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expandLocal, expandRemote, hasGlob, matchesGlob } from '../../../src/cli/shell-glob.ts';
import type { EntryKind } from '../../../src/service/operations/operation-types.ts';
import type { RemoteEntry } from '../../../src/service/operations/remote-entry.ts';
import type { RemotePath } from '../../../src/service/path.ts';

describe('a pattern', () => {
  it.each([
    ['a*c', ['ac', 'abc', 'a.b.c'], ['a', 'acb', 'xac']],
    ['*', ['a', 'a.b'], ['.a']],
    ['.*', ['.a', '.'], ['a']],
    ['?', ['a', 'ü'], ['', 'ab', '.']],
    ['[a-cx]1', ['a1', 'c1', 'x1'], ['d1', '-1', '1']],
    ['[!a]*', ['b', 'ba'], ['a', 'ab']],
    ['[^a]', ['b'], ['a']],
    ['[]]', [']'], ['[', '[]']],
    ['[a', ['[a'], ['a']],
    ['a[*]', ['a*', 'a[*]'], ['ab']],
    ['*.tar.*', ['x.tar.gz', 'a.tar.b.tar.'], ['x.tar']],
    ['*a*b*', ['ab', 'xaxbx'], ['ba']],
  ])('%s means %j and not %j', (pattern, yes, no) => {
    expect(hasGlob(pattern) || pattern === '').toBe(true);
    for (const name of yes) expect([name, matchesGlob(pattern, name)]).toEqual([name, true]);
    for (const name of no) expect([name, matchesGlob(pattern, name)]).toEqual([name, false]);
  });

  it('costs little, whatever a stranger calls his files', () => {
    // Steps grow with the product of both lengths; a search that tries all ways would never end.
    expect(matchesGlob(`${'a*'.repeat(60)}b`, 'a'.repeat(255))).toBe(false);
  });
});

const FOLDERS: Readonly<Record<string, readonly (readonly [string, EntryKind])[]>> = {
  '': [
    ['a', 'folder'],
    ['b', 'folder'],
    ['file.c', 'file'],
    ['link', 'link'],
  ],
  a: [['one.c', 'file']],
  b: [
    ['*.c', 'file'],
    ['two.c', 'file'],
  ],
};

/** A server with these folders. */
async function* list(path: RemotePath): AsyncGenerator<RemoteEntry, void, undefined> {
  for (const [name, kind] of FOLDERS[path.join('/')] ?? []) {
    await Promise.resolve();
    yield { name, kind, sizeBytes: 0, mtimeMs: 0, mode: 0o644 };
  }
}

describe('names on the server', () => {
  it('are found in every folder that a pattern means, and never behind a link', async () => {
    expect(await expandRemote(['*', '*.c'], list)).toEqual([
      ['a', 'one.c'],
      ['b', '*.c'],
      ['b', 'two.c'],
    ]);
    expect(await expandRemote(['b', 't*'], list)).toEqual([['b', 'two.c']]);
    expect(await expandRemote(['no', 'pattern'], list)).toEqual([['no', 'pattern']]);
    await expect(expandRemote(['*', 'x*'], list)).rejects.toMatchObject({ code: 4 });
  });
});

describe('names on this machine', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lftp-glob-'));
    await mkdir(join(folder, 'sub'));
    for (const name of ['b.c', 'a.c', '.h.c', 'sub/d.c']) await writeFile(join(folder, name), '');
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it('are found in their order', async () => {
    const found = await expandLocal(join(folder, '*.c'));
    expect(found).toEqual([join(folder, 'a.c'), join(folder, 'b.c')]);
    expect(await expandLocal(join(folder, '*', '*.c'))).toEqual([join(folder, 'sub', 'd.c')]);
    expect(await expandLocal('plain')).toEqual(['plain']);
    await expect(expandLocal(join(folder, 'x*'))).rejects.toMatchObject({ code: 14 });
    await expect(expandLocal(join(folder, 'none', '*'))).rejects.toMatchObject({ code: 14 });
  });
});
