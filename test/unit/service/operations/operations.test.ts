/** Operations on names: client, wire, server and a real folder. */
import { appendFileSync, writeFileSync } from 'node:fs';
import {
  chmod,
  lstat,
  mkdir,
  readdir,
  readFile,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDigest } from '../../../../src/io/digest.ts';
import type { ClientSession } from '../../../../src/service/client-session.ts';
import { EXIT } from '../../../../src/service/error.ts';
import type { FileSystem } from '../../../../src/service/file-system.ts';
import { MAX_HELD_NAMES } from '../../../../src/service/limits.ts';
import {
  checksumOperation,
  chmodOperation,
  deleteOperation,
  listFolder,
  listOperation,
  makeFolderOperation,
  perform,
  removeFolderOperation,
  renameOperation,
  spaceOperation,
  statOperation,
  touchOperation,
} from '../../../../src/service/operations/client-operations.ts';
import type { Operation } from '../../../../src/service/operations/client-operations.ts';
import { checksumOf } from '../../../../src/service/operations/entries-store.ts';
import { nodeFileSystem } from '../../../../src/service/store-file-system.ts';
import { ServedTree } from '../../../../src/service/store-tree.ts';
import { Store } from '../../../../src/service/store.ts';
import { Rig } from '../session-rig.ts';

let rig: Rig;
let client: ClientSession;

const code = (value: number): unknown => expect.objectContaining({ code: value });
const at = (...names: string[]): string => join(rig.root, ...names);
const asked = <T>(operation: Operation<T>): Promise<T> => perform(client, operation);

async function namesIn(path: string[], hidden = false): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of listFolder(client, path, hidden)) names.push(name);
  return names;
}

beforeEach(async () => {
  rig = await Rig.make('rw');
  client = rig.client();
  await mkdir(at('folder'));
  await writeFile(at('file'), 'served', { mode: 0o640 });
  await writeFile(at('folder', 'inner'), 'inner');
  await writeFile(join(rig.folder, 'secret'), 'secret');
  await symlink('../secret', at('link'));
  await symlink('..', at('up'));
});

afterEach(async () => {
  await client.finish();
  await rig.settle();
  expect(rig.tree.openFileCount).toBe(0);
  expect(await readFile(join(rig.folder, 'secret'), 'utf8')).toBe('secret');
  await rig.remove();
});

describe('list and stat', () => {
  it('P-OP-02 tell name, kind, size, time and mode of what is in a folder', async () => {
    await utimes(at('file'), 5, 1234.5);
    const entries = [];
    for await (const entry of listFolder(client, [], false)) entries.push(entry);
    expect(entries).toMatchObject([
      { name: 'file', kind: 'file', sizeBytes: 6, mtimeMs: 1_234_500, mode: 0o640 },
      { name: 'folder', kind: 'folder' },
      { name: 'link', kind: 'link' },
      { name: 'up', kind: 'link' },
    ]);
    expect(await asked(statOperation(['file']))).toEqual(entries[0]);
    expect(await asked(statOperation(['up']))).toEqual(entries[3]);
    expect(await asked(statOperation([]))).toMatchObject({ name: '', kind: 'folder' });
  });

  it('P-OP-02 leave out dots unless asked, and never tell of what no path may name', async () => {
    await writeFile(at('.hidden'), '');
    await writeFile(at('line\nfeed'), '');
    expect(await namesIn([])).toEqual(['file', 'folder', 'link', 'up']);
    expect(await namesIn([], true)).toEqual(['.hidden', 'file', 'folder', 'link', 'up']);
    expect(await readdir(rig.root)).toContain('.lftp-udp');
  });

  it('P-OP-02 name a file, or a link, that is asked for like a folder', async () => {
    expect(await namesIn(['file'])).toEqual(['file']);
    expect(await namesIn(['link'])).toEqual(['link']);
    await expect(namesIn(['none'])).rejects.toEqual(code(EXIT.MISSING));
    await expect(namesIn(['up', 'root'])).rejects.toEqual(code(EXIT.REFUSED));
    await expect(asked(statOperation(['none']))).rejects.toEqual(code(EXIT.MISSING));
    await expect(asked(statOperation(['up', 'secret']))).rejects.toEqual(code(EXIT.REFUSED));
  });

  it('P-OP-02 page through more names than are held, also while they change', async () => {
    const total = MAX_HELD_NAMES + 700;
    const names = Array.from({ length: total }, (_, i) => `n${String(i).padStart(5, '0')}`);
    await mkdir(at('many'));
    for (const name of names) writeFileSync(at('many', name), '');
    expect(await namesIn(['many'])).toEqual(names);
    const first = await asked(listOperation(['many'], false));
    expect(first.entries.length).toBeGreaterThan(200);
    expect(first.next).toBe(names[first.entries.length - 1]);
    // Another listing in between, and names that go: the next page is what it should be.
    await asked(listOperation([], false));
    const next = await asked(listOperation(['many'], false, first.next));
    expect(next.entries[0]?.[0]).toBe(names[first.entries.length]);
    const { entries } = await asked(listOperation(['many'], false, names.at(-2)));
    expect(entries.map(([name]) => name)).toEqual([names.at(-1)]);
  });

  it('end at the cap of entries that a client takes', async () => {
    const names: string[] = [];
    const listing = async (most: number): Promise<void> => {
      for await (const { name } of listFolder(client, [], false, most)) names.push(name);
    };
    await listing(4);
    await expect(listing(3)).rejects.toEqual(code(EXIT.OTHER));
    expect(names).toHaveLength(7);
  });
});

describe('changes', () => {
  it('P-OP-03 P-OP-04 mkdir makes one folder, or all that are missing', async () => {
    await asked(makeFolderOperation(['new'], false));
    expect((await stat(at('new'))).isDirectory()).toBe(true);
    for (const path of [['new'], ['file'], ['link']]) {
      await expect(asked(makeFolderOperation(path, false))).rejects.toEqual(code(EXIT.EXISTS));
    }
    await expect(asked(makeFolderOperation(['a', 'b'], false))).rejects.toEqual(code(EXIT.MISSING));
    await asked(makeFolderOperation(['a', 'b', 'c'], true));
    await asked(makeFolderOperation(['a', 'b', 'c'], true));
    expect((await stat(at('a', 'b', 'c'))).isDirectory()).toBe(true);
    for (const path of [['file', 'x'], ['file'], ['up', 'x']]) {
      await expect(asked(makeFolderOperation(path, true))).rejects.toEqual(code(EXIT.REFUSED));
    }
    await expect(asked(makeFolderOperation([], false))).rejects.toEqual(code(EXIT.REFUSED));
    expect(await readdir(rig.folder)).toEqual(['root', 'secret']);
  });

  it('P-OP-03 P-OP-04 rmdir takes empty folders, delete everything else', async () => {
    await expect(asked(removeFolderOperation(['folder']))).rejects.toEqual(code(EXIT.REFUSED));
    await expect(asked(removeFolderOperation(['file']))).rejects.toEqual(code(EXIT.REFUSED));
    await expect(asked(removeFolderOperation(['up']))).rejects.toEqual(code(EXIT.REFUSED));
    await expect(asked(removeFolderOperation([]))).rejects.toEqual(code(EXIT.REFUSED));
    await expect(asked(deleteOperation(['folder']))).rejects.toEqual(code(EXIT.REFUSED));
    await expect(asked(deleteOperation(['none']))).rejects.toEqual(code(EXIT.MISSING));
    await expect(asked(deleteOperation(['up', 'secret']))).rejects.toEqual(code(EXIT.REFUSED));
    await asked(deleteOperation(['folder', 'inner']));
    await asked(removeFolderOperation(['folder']));
    await asked(deleteOperation(['file']));
    await asked(deleteOperation(['link']));
    expect((await readdir(rig.root)).sort()).toEqual(['.lftp-udp', 'up']);
  });

  it('P-OP-05 rename replaces nothing unless it is told to', async () => {
    await writeFile(at('other'), 'other');
    const rename = (from: string[], to: string[], replace = false): Promise<unknown> =>
      asked(renameOperation(from, to, replace));
    for (const taken of ['other', 'folder', 'link']) {
      await expect(rename(['file'], [taken])).rejects.toEqual(code(EXIT.EXISTS));
    }
    for (const taken of ['file', 'link']) {
      await expect(rename(['folder'], [taken])).rejects.toEqual(code(EXIT.EXISTS));
    }
    await expect(rename(['file'], ['folder'], true)).rejects.toEqual(code(EXIT.REFUSED));
    await expect(rename(['file'], ['link'], true)).rejects.toEqual(code(EXIT.REFUSED));
    await expect(rename(['link'], ['x'])).rejects.toEqual(code(EXIT.REFUSED));
    await expect(rename(['none'], ['x'])).rejects.toEqual(code(EXIT.MISSING));
    await expect(rename(['file'], ['none', 'x'])).rejects.toEqual(code(EXIT.MISSING));
    await expect(rename(['file'], ['up', 'x'])).rejects.toEqual(code(EXIT.REFUSED));
    await expect(rename(['folder'], ['folder', 'x'])).rejects.toEqual(code(EXIT.REFUSED));
    await expect(rename([], ['x'])).rejects.toEqual(code(EXIT.REFUSED));
    expect(await readFile(at('other'), 'utf8')).toBe('other');
    await rename(['file'], ['other'], true);
    await rename(['other'], ['other'], true);
    expect(await readFile(at('other'), 'utf8')).toBe('served');
    await rename(['other'], ['folder', 'moved']);
    await rename(['folder'], ['new']);
    expect((await readdir(at('new'))).sort()).toEqual(['inner', 'moved']);
    expect((await readdir(rig.root)).sort()).toEqual(['.lftp-udp', 'link', 'new', 'up']);
  });

  it('P-OP-06 touch and chmod change time and nine bits, of no link', async () => {
    await asked(touchOperation(['file'], 1_234_500));
    expect((await stat(at('file'))).mtimeMs).toBe(1_234_500);
    await asked(chmodOperation(['file'], 0o6051));
    expect((await stat(at('file'))).mode & 0o7777).toBe(0o451);
    await asked(chmodOperation(['folder'], 0));
    expect((await stat(at('folder'))).mode & 0o7777).toBe(0o500);
    await chmod(at('folder'), 0o700);
    const before = await lstat(join(rig.folder, 'secret'));
    for (const operation of [touchOperation(['link'], 5), chmodOperation(['link'], 0o777)]) {
      await expect(asked(operation)).rejects.toEqual(code(EXIT.REFUSED));
    }
    await expect(asked(touchOperation(['none'], 5))).rejects.toEqual(code(EXIT.MISSING));
    const after = await lstat(join(rig.folder, 'secret'));
    expect([after.mtimeMs, after.mode]).toEqual([before.mtimeMs, before.mode]);
  });

  it('P-OP-07 checksum and space tell digest and bytes', async () => {
    const digest = await createDigest();
    digest.update(new TextEncoder().encode('served'));
    const found = await asked(checksumOperation(['file']));
    expect(found).toMatchObject({ checksum: digest.digest(), bytes: 6 });
    await expect(asked(checksumOperation(['folder']))).rejects.toEqual(code(EXIT.REFUSED));
    await expect(asked(checksumOperation(['link']))).rejects.toEqual(code(EXIT.REFUSED));
    const { freeBytes, totalBytes } = await asked(spaceOperation([]));
    expect(freeBytes).toBeGreaterThan(0);
    expect(totalBytes).toBeGreaterThanOrEqual(freeBytes);
  });

  it('P-OP-07 checksum tells of a file that changes while it is read', async () => {
    const open: FileSystem['open'] = async (path, how, mode) => {
      const handle = await nodeFileSystem.open(path, how, mode);
      const read = handle.read.bind(handle);
      handle.read = async (...where) => {
        appendFileSync(at('file'), 'more');
        return await read(...where);
      };
      return handle;
    };
    const tree = await ServedTree.open(rig.root, { ...nodeFileSystem, open });
    const store = await Store.open(tree, { home: undefined, access: 'ro' });
    const { signal } = new AbortController();
    await expect(checksumOf(store, ['file'], signal)).rejects.toEqual(code(EXIT.SOURCE_CHANGED));
    await tree.close();
  });

  it('P-OP-01 are done in the order in which they are asked for', async () => {
    const asking = [
      asked(makeFolderOperation(['x'], false)),
      asked(renameOperation(['file'], ['x', 'file'], false)),
      asked(deleteOperation(['x', 'file'])),
      asked(removeFolderOperation(['x'])),
    ];
    expect(await Promise.all(asking)).toEqual([true, true, true, true]);
    expect((await readdir(rig.root)).sort()).toEqual(['.lftp-udp', 'folder', 'link', 'up']);
  });
});
