/** What each client sees of one served folder: homes, drops, and never each other's files. */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../../../src/service/error.ts';
import { deleteEntry, makeFolder } from '../../../src/service/operations/entries-store.ts';
import { renameEntry } from '../../../src/service/operations/rename-store.ts';
import type { PathRule } from '../../../src/service/rights.ts';
import { ServedTree } from '../../../src/service/store-tree.ts';
import { Store } from '../../../src/service/store.ts';
import type { StoreOwner, UploadOffer } from '../../../src/service/store.ts';
import type { WalkStep } from '../../../src/service/tree/tree-walk-store.ts';
import { walkTree } from '../../../src/service/tree/tree-walk-store.ts';

let folder: string;
let root: string;
let tree: ServedTree;
const stores: Store[] = [];

const code = (value: number): unknown => expect.objectContaining({ code: value });

async function view(owner: StoreOwner): Promise<Store> {
  const store = await Store.open(tree, owner);
  stores.push(store);
  return store;
}

const homeOf = async (name: string): Promise<Store> => view({ home: [name], access: 'rw' });

async function put(
  store: Store,
  path: string[],
  text: string,
  more: Partial<UploadOffer> = {},
): Promise<readonly string[]> {
  const { file, path: where } = await store.createUpload({
    path,
    name: undefined,
    sizeBytes: text.length,
    mtimeMs: 0,
    overwrite: 'always',
    keepMode: undefined,
    ...more,
  });
  await file.write(new TextEncoder().encode(text), 0);
  await file.commit();
  return where;
}

async function read(store: Store, path: string[]): Promise<string> {
  const file = await store.openForRead(path);
  const buffer = new Uint8Array(100);
  const length = await file.read(buffer, 100, 0);
  await file.close();
  return new TextDecoder().decode(buffer.subarray(0, length));
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lftp-views-'));
  root = join(folder, 'root');
  await mkdir(root);
  await writeFile(join(root, 'public'), 'public');
  await writeFile(join(folder, 'secret'), 'secret');
  tree = await ServedTree.open(root);
});

afterEach(async () => {
  expect(tree.openFileCount).toBe(0);
  await Promise.all(stores.splice(0).map((store) => store.close()));
  await tree.close();
  await rm(folder, { recursive: true });
});

describe('an account', () => {
  it('P-LOGIN-12 reads and writes in its home, which is made for the server alone', async () => {
    const alice = await view({ home: ['team', 'alice'], access: 'rw' });
    for (const name of ['team', 'team/alice']) {
      expect((await stat(join(root, name))).mode & 0o777).toBe(0o700);
    }
    expect(await put(alice, ['note'], 'mine')).toEqual(['note']);
    expect(await read(alice, ['note'])).toBe('mine');
    expect(await readFile(join(root, 'team', 'alice', 'note'), 'utf8')).toBe('mine');
  });

  it('P-LOGIN-12 names nothing outside its home', async () => {
    const [alice, bob] = [await homeOf('alice'), await homeOf('bob')];
    await put(alice, ['note'], 'alice');
    await put(bob, ['note'], 'bob');
    await mkdir(join(root, 'alice', 'alice'));
    for (const path of [
      ['alice', 'note'],
      ['alice', 'bob', 'note'],
      ['bob', 'note'],
      ['public'],
      ['alice', 'public'],
    ]) {
      await expect(read(alice, path)).rejects.toEqual(code(EXIT.MISSING));
    }
    for (const path of [
      ['..', 'bob', 'note'],
      ['alice', '..', '..', 'bob', 'note'],
      ['../bob/note'],
      ['..\\bob\\note', ''],
      ['', 'bob', 'note'],
      [join(root, 'bob', 'note')],
      ['.lftp-udp', 'partial'],
    ]) {
      await expect(read(alice, path)).rejects.toEqual(code(EXIT.REFUSED));
      await expect(put(alice, path, 'evil')).rejects.toEqual(code(EXIT.REFUSED));
    }
    expect(await read(bob, ['note'])).toBe('bob');
    expect(await read(alice, ['note'])).toBe('alice');
  });

  it('P-LOGIN-12 gets nowhere through links, though somebody made them', async () => {
    const [alice, bob] = [await homeOf('alice'), await homeOf('bob')];
    await put(bob, ['note'], 'bob');
    await symlink('../bob', join(root, 'alice', 'door'));
    await symlink('../bob/note', join(root, 'alice', 'window'));
    for (const path of [['door', 'note'], ['window'], ['door', 'new']]) {
      await expect(read(alice, path)).rejects.toEqual(code(EXIT.REFUSED));
      await expect(put(alice, path, 'evil')).rejects.toEqual(code(EXIT.REFUSED));
    }
    await expect(put(alice, ['door'], 'evil', { name: 'x' })).rejects.toEqual(code(EXIT.REFUSED));
    expect(await readdir(join(root, 'bob'))).toEqual(['note']);
  });

  it('P-LOGIN-12 whose home is a link, or no folder, is not let in', async () => {
    await symlink(folder, join(root, 'out'));
    for (const home of [['out'], ['out', 'x'], ['public'], ['..']]) {
      await expect(Store.open(tree, { home, access: 'rw' })).rejects.toBeDefined();
    }
    expect((await readdir(folder)).sort()).toEqual(['root', 'secret']);
  });

  it('P-LOGIN-12 loses a thousand random tries at another home', async () => {
    const [alice, bob] = [await homeOf('alice'), await homeOf('bob')];
    await put(bob, ['note'], 'bob');
    const words = ['..', '.', 'bob', 'alice', 'note', 'root', '', '/', 'x', '.lftp-udp', 'partial'];
    let seed = 7;
    const draw = (most: number): number => {
      seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
      return seed % most;
    };
    for (let i = 0; i < 1000; i += 1) {
      const path = Array.from({ length: draw(5) }, () => words[draw(words.length)]!);
      const isRead = draw(2) === 0;
      const tried = isRead
        ? read(alice, path)
        : put(alice, path, 'alice', { name: words[draw(5)] });
      const text = await tried.catch(() => '');
      expect(text).not.toBe('bob');
    }
    expect(await read(bob, ['note'])).toBe('bob');
    expect(await readdir(join(root, 'bob'))).toEqual(['note']);
    expect((await readdir(root)).sort()).toEqual(['.lftp-udp', 'alice', 'bob', 'public']);
  });
});

describe('drop', () => {
  it('P-LOGIN-09 takes files into incoming, and hands none of them out', async () => {
    const dropper = await view({ home: undefined, access: 'drop' });
    expect((await stat(join(root, 'incoming'))).mode & 0o777).toBe(0o700);
    await put(dropper, ['incoming', 'gift'], 'gift');
    expect(await put(dropper, ['incoming'], 'gift', { name: 'other' })).toEqual([
      'incoming',
      'other',
    ]);
    expect(await readFile(join(root, 'incoming', 'gift'), 'utf8')).toBe('gift');
    for (const path of [['incoming', 'gift'], ['incoming'], ['Incoming', 'gift']]) {
      await expect(read(dropper, path)).rejects.toEqual(code(EXIT.REFUSED));
    }
    expect(await read(dropper, ['public'])).toBe('public');
  });

  it('P-LOGIN-09 takes them nowhere else', async () => {
    const dropper = await view({ home: undefined, access: 'drop' });
    for (const path of [['x'], [], ['public'], ['incoming', '..', 'x'], ['INCOMING', 'x']]) {
      const tried = put(dropper, path, 'evil', { name: 'incoming' });
      await expect(tried).rejects.toEqual(code(EXIT.REFUSED));
    }
    await expect(put(dropper, ['incoming'], 'evil', { name: '..' })).rejects.toEqual(
      code(EXIT.REFUSED),
    );
    expect((await readdir(root)).sort()).toEqual(['.lftp-udp', 'incoming', 'public']);
  });

  it.each(['always', 'older', 'differ', 'never'] as const)(
    'P-LOGIN-09 replaces nothing, whatever is asked: %s',
    async (overwrite) => {
      const dropper = await view({ home: undefined, access: 'drop' });
      await put(dropper, ['incoming', 'gift'], 'first');
      const again = put(dropper, ['incoming', 'gift'], 'second', { overwrite, mtimeMs: 1e15 });
      await expect(again).rejects.toEqual(code(EXIT.EXISTS));
      expect(await readFile(join(root, 'incoming', 'gift'), 'utf8')).toBe('first');
    },
  );

  it('P-LOGIN-09 lets an account with that folder read what came', async () => {
    const dropper = await view({ home: undefined, access: 'drop' });
    await put(dropper, ['incoming', 'gift'], 'gift');
    const keeper = await homeOf('incoming');
    expect(await read(keeper, ['gift'])).toBe('gift');
  });
});

describe('rights of an account', () => {
  it('P-ACCT-01 are asked for a file, and change while it is in', async () => {
    const rules: PathRule[] = [];
    const alice = await view({ home: ['alice'], access: 'rw', rules });
    await mkdir(join(root, 'alice', 'in'));
    await put(alice, ['in', 'note'], 'mine');
    rules.push({ path: [], allowed: [], denied: ['write'] });
    await expect(put(alice, ['note'], 'x')).rejects.toEqual(code(EXIT.REFUSED));
    // What is in place of a folder's name is asked too.
    rules.push({ path: ['in'], allowed: ['write'], denied: ['read'] });
    expect(await put(alice, ['in'], 'two', { name: 'other' })).toEqual(['in', 'other']);
    rules.push({ path: ['in', 'shut'], allowed: [], denied: ['write'] });
    const shut = put(alice, ['in'], 'x', { name: 'shut' });
    await expect(shut).rejects.toEqual(code(EXIT.REFUSED));
    await expect(read(alice, ['in', 'note'])).rejects.toEqual(code(EXIT.REFUSED));
    rules.splice(0);
    expect(await read(alice, ['in', 'note'])).toBe('mine');
  });

  it('P-ACCT-01 are asked for every folder of a tree', async () => {
    const rules: PathRule[] = [];
    const alice = await view({ home: ['alice'], access: 'rw', rules });
    await mkdir(join(root, 'alice', 'a', 'b'), { recursive: true });
    rules.push({ path: ['a', 'b'], allowed: [], denied: ['list'] });
    const tree = await alice.openTree(['a']);
    const steps: WalkStep[] = [];
    if (tree !== undefined) for await (const step of walkTree(tree.view)) steps.push(step);
    await tree?.view.root.release();
    expect(steps).toEqual([expect.objectContaining({ kind: 'failed', path: ['b'] })]);
    await expect(alice.openTree(['a', 'b'])).rejects.toEqual(code(EXIT.REFUSED));
    const offer = { overwrite: 'always', keep: false } as const;
    rules.push({ path: [], allowed: [], denied: ['mkdir'] });
    const made = alice.createTree({ path: ['new'], ...offer });
    await expect(made).rejects.toEqual(code(EXIT.REFUSED));
    expect(await readdir(join(root, 'alice'))).toEqual(['a']);
    const { place } = await alice.createTree({ path: ['a'], ...offer });
    try {
      await expect(place.enter(place.root, 'new', ['new'])).rejects.toEqual(code(EXIT.REFUSED));
      const standing = await place.enter(place.root, 'b', ['b']);
      await standing.release();
      rules.push({ path: ['a', 'b'], allowed: [], denied: ['write'] });
      const entry = { kind: 'file', name: 'f', sizeBytes: 1, mtimeMs: 0, mode: 0o644 } as const;
      await place.precheck(place.root, entry, ['f']);
      const refused = place.precheck(place.root, entry, ['b', 'f']);
      await expect(refused).rejects.toEqual(code(EXIT.REFUSED));
    } finally {
      await place.root.release();
    }
  });
});

describe('a quota over a view', () => {
  it('P-ACCT-05 P-ACCT-06 is told of what operations delete, rename and replace', async () => {
    tree.quotas.set([
      { home: ['alice'], quota: { bytes: 10, files: 3 } },
      { home: ['alice', 'in'], quota: { bytes: 5, files: 9 } },
    ]);
    const alice = await view({ home: ['alice'], access: 'rw' });
    const usedIn = async (...home: string[]): Promise<unknown> =>
      (await tree.quotas.usage(home))?.used;
    await makeFolder(alice, ['in'], false);
    await put(alice, ['a'], '1234');
    await put(alice, ['in', 'b'], '123');
    expect(await usedIn('alice')).toEqual({ bytes: 7, files: 2 });
    expect(await usedIn('alice', 'in')).toEqual({ bytes: 3, files: 1 });
    const move = { path: ['a'], to: ['in', 'a'], replace: false };
    await expect(renameEntry(alice, move)).rejects.toEqual(code(EXIT.NO_SPACE));
    await renameEntry(alice, { path: ['a'], to: ['in', 'b'], replace: true });
    expect(await usedIn('alice')).toEqual({ bytes: 4, files: 1 });
    expect(await usedIn('alice', 'in')).toEqual({ bytes: 4, files: 1 });
    await renameEntry(alice, { path: ['in'], to: ['out'], replace: false });
    expect(await usedIn('alice', 'in')).toEqual({ bytes: 0, files: 0 });
    await deleteEntry(alice, ['out', 'b']);
    expect(await usedIn('alice')).toEqual({ bytes: 0, files: 0 });
    await expect(put(alice, ['c'], '12345678901')).rejects.toEqual(code(EXIT.NO_SPACE));
    await put(alice, ['c'], '1234567890');
    expect(await readFile(join(root, 'alice', 'c'), 'utf8')).toHaveLength(10);
  });
});
