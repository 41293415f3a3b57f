import { execFileSync } from 'node:child_process';
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../../../src/service/error.ts';
import { STORE_MAX_OPEN_FILES } from '../../../src/service/limits.ts';
import { ServedTree } from '../../../src/service/store-tree.ts';
import { Store } from '../../../src/service/store.ts';
import { statOf } from '../../../src/service/store-source.ts';
import type { UploadOffer } from '../../../src/service/store.ts';

let folder: string;
let root: string;
let tree: ServedTree;
let store: Store;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const code = (value: number): unknown => expect.objectContaining({ code: value });

function offer(path: string[], more: Partial<UploadOffer> = {}): UploadOffer {
  return {
    path,
    name: undefined,
    sizeBytes: 3,
    mtimeMs: Date.UTC(2020, 0, 1),
    overwrite: 'always',
    keepMode: undefined,
    ...more,
  };
}

async function partials(): Promise<string[]> {
  return await readdir(join(root, '.lftp-udp', 'partial'));
}

async function put(path: string[], text: string, more: Partial<UploadOffer> = {}): Promise<void> {
  const { file } = await store.createUpload(offer(path, { sizeBytes: text.length, ...more }));
  await file.write(bytes(text), 0);
  await file.commit();
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lftp-unit-'));
  root = join(folder, 'root');
  await mkdir(join(root, 'sub'), { recursive: true });
  await writeFile(join(folder, 'secret'), 'secret');
  await writeFile(join(root, 'sub', 'file'), 'hello');
  await symlink('../secret', join(root, 'leak'));
  await symlink('..', join(root, 'up'));
  await symlink('sub', join(root, 'inner'));
  tree = await ServedTree.open(root);
  store = await Store.open(tree, { home: undefined, access: 'rw' });
});

afterEach(async () => {
  expect(tree.openFileCount).toBe(0);
  await store.close();
  await tree.close();
  await rm(folder, { recursive: true });
});

describe('reading', () => {
  it('opens a regular file, with its size, time and permissions', async () => {
    await chmod(join(root, 'sub', 'file'), 0o4640);
    const file = await store.openForRead(['sub', 'file']);
    expect(file).toMatchObject({ sizeBytes: 5, mode: 0o640 });
    const buffer = new Uint8Array(10);
    expect(await file.read(buffer, 10, 1)).toBe(4);
    expect(new TextDecoder().decode(buffer.subarray(0, 4))).toBe('ello');
    expect(await file.isUnchanged()).toBe(true);
    await writeFile(join(root, 'sub', 'file'), 'hello world');
    expect(await file.isUnchanged()).toBe(false);
    await file.close();
  });

  it.each([
    [['none'], EXIT.MISSING],
    [['none', 'file'], EXIT.MISSING],
    [['sub', 'file', 'deeper'], EXIT.MISSING],
    [['leak'], EXIT.REFUSED],
    [['up', 'secret'], EXIT.REFUSED],
    [['inner', 'file'], EXIT.REFUSED],
    [['sub', '..', '..', 'secret'], EXIT.REFUSED],
    [['..', 'secret'], EXIT.REFUSED],
    [['sub', ''], EXIT.REFUSED],
    [['sub/file'], EXIT.REFUSED],
    [['sub', 'file\0'], EXIT.REFUSED],
    [['.lftp-udp', 'partial'], EXIT.REFUSED],
    [['sub'], EXIT.REFUSED],
    [[], EXIT.REFUSED],
  ])('P-SVC-06 reading %j gives %i', async (path, expected) => {
    await expect(store.openForRead(path)).rejects.toEqual(code(expected));
  });

  it('P-SVC-06 does not wait for the writer of a pipe', async () => {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    await expect(store.openForRead(['pipe'])).rejects.toEqual(code(EXIT.REFUSED));
  });

  it('holds a bounded number of files', async () => {
    const files = [];
    for (let i = 0; i < STORE_MAX_OPEN_FILES; i += 1) {
      files.push(await store.openForRead(['sub', 'file']));
    }
    await expect(store.openForRead(['sub', 'file'])).rejects.toEqual(code(EXIT.BUSY));
    await Promise.all(files.map((file) => file.close()));
    await (await store.openForRead(['sub', 'file'])).close();
  });
});

describe('a handle that cannot be looked at', () => {
  it('is closed', async () => {
    const handle = await open(join(root, 'sub', 'file'));
    const fails = (): never => {
      throw new Error('EIO');
    };
    await expect(statOf({ statNow: fails }, handle)).rejects.toThrow('EIO');
    expect(handle.fd).toBe(-1);
  });
});

describe('writing', () => {
  it('P-SVC-09 shows a file only when it is whole', async () => {
    const { file } = await store.createUpload(offer(['new']));
    await file.write(bytes('b'), 1);
    await file.write(bytes('a'), 0);
    expect(await partials()).toHaveLength(1);
    await expect(stat(join(root, 'new'))).rejects.toThrow();
    await file.commit();
    expect(await readFile(join(root, 'new'), 'utf8')).toBe('ab');
    await writeFile(join(root, 'plain'), '');
    const plain = await stat(join(root, 'plain'));
    expect((await stat(join(root, 'new'))).mode).toBe(plain.mode);
    expect(await partials()).toEqual([]);
    expect((await stat(join(root, '.lftp-udp', 'partial'))).mode & 0o777).toBe(0o700);
  });

  it('leaves nothing of a file that is given up', async () => {
    const { file } = await store.createUpload(offer(['new']));
    await file.write(bytes('ab'), 0);
    await file.discard();
    await file.discard();
    expect(await partials()).toEqual([]);
    await expect(stat(join(root, 'new'))).rejects.toThrow();
  });

  it('P-SVC-15 keeps time and permissions when asked, but never a set-user bit', async () => {
    await put(['kept'], 'abc', { keepMode: 0o4751 });
    const stats = await stat(join(root, 'kept'));
    expect(stats.mode & 0o7777).toBe(0o751);
    expect(stats.mtimeMs).toBe(Date.UTC(2020, 0, 1));
  });

  it('P-SVC-14 completes the name when the path is a folder', async () => {
    await put(['sub'], 'abc', { name: 'taken' });
    expect(await readFile(join(root, 'sub', 'taken'), 'utf8')).toBe('abc');
    await put([], 'abc', { name: 'taken' });
    expect(await readFile(join(root, 'taken'), 'utf8')).toBe('abc');
    await put(['exact'], 'abc', { name: 'ignored' });
    expect(await readFile(join(root, 'exact'), 'utf8')).toBe('abc');
  });

  it.each([
    [['none', 'file'], {}, EXIT.MISSING],
    [['sub'], {}, EXIT.REFUSED],
    [[], {}, EXIT.REFUSED],
    [['sub'], { name: '..' }, EXIT.REFUSED],
    [['sub'], { name: 'a/b' }, EXIT.REFUSED],
    [['leak'], {}, EXIT.REFUSED],
    [['up', 'x'], {}, EXIT.REFUSED],
    [['..', 'x'], {}, EXIT.REFUSED],
    [['.lftp-udp', 'x'], {}, EXIT.REFUSED],
    [['sub', 'file'], { overwrite: 'never' as const }, EXIT.EXISTS],
    [['sub', 'file'], { overwrite: 'older' as const }, EXIT.EXISTS],
    [['huge'], { sizeBytes: 2 ** 50 }, EXIT.NO_SPACE],
  ])('P-SVC-06 P-SVC-13 writing %j with %o gives %i', async (path, more, expected) => {
    await expect(store.createUpload(offer(path, more))).rejects.toEqual(code(expected));
    expect(await partials()).toEqual([]);
    expect(await readFile(join(folder, 'secret'), 'utf8')).toBe('secret');
  });

  it('P-SVC-13 replaces a target by the rule that was given', async () => {
    const path = ['sub', 'file'];
    await put(path, 'other', { overwrite: 'differ' });
    await utimes(join(root, 'sub', 'file'), 1, 1);
    await put(path, 'newer', { overwrite: 'older', keepMode: 0o600 });
    expect(await readFile(join(root, 'sub', 'file'), 'utf8')).toBe('newer');
    const same = offer(path, { overwrite: 'differ', sizeBytes: 5 });
    await expect(store.createUpload(same)).rejects.toEqual(code(EXIT.EXISTS));
  });

  it('P-SVC-13 of two that must not replace anything, one wins', async () => {
    const two = await Promise.all(
      [1, 2].map(() => store.createUpload(offer(['race'], { overwrite: 'never' }))),
    );
    const ends = await Promise.allSettled(two.map(({ file }) => file.commit()));
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(ends.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { code: EXIT.EXISTS },
    });
    expect(await partials()).toEqual([]);
  });

  it('P-SVC-06 does not write through a link that appears on the way', async () => {
    const { file } = await store.createUpload(offer(['new']));
    await file.write(bytes('abc'), 0);
    await symlink('../secret', join(root, 'new'));
    await expect(file.commit()).rejects.toEqual(code(EXIT.REFUSED));
    expect(await readFile(join(folder, 'secret'), 'utf8')).toBe('secret');
    expect((await lstat(join(root, 'new'))).isSymbolicLink()).toBe(true);
    expect(await partials()).toEqual([]);
  });
});

describe('uploads of a killed server', () => {
  const NOW_MS = Date.UTC(2030, 0, 1);
  const NAME = '0123456789abcdef0123456789abcdef';
  const HOUR_S = 3600;

  async function leave(name: string, ageSeconds: number): Promise<void> {
    const path = join(root, '.lftp-udp', 'partial', name);
    await writeFile(path, 'half');
    await utimes(path, NOW_MS / 1000, NOW_MS / 1000 - ageSeconds);
  }

  it('are removed once nobody has written to them for a day', async () => {
    await leave(NAME, 25 * HOUR_S);
    expect(await tree.removeAbandoned(NOW_MS)).toBe(1);
    expect(await partials()).toEqual([]);
    expect(await tree.removeAbandoned(NOW_MS)).toBe(0);
  });

  it('stay while another server may still write to them, like whatever else is there', async () => {
    const young = NAME.replace('0', 'f');
    await leave(young, 23 * HOUR_S);
    await leave('notes', 1000 * HOUR_S);
    await mkdir(join(root, '.lftp-udp', 'partial', NAME));
    expect(await tree.removeAbandoned(NOW_MS)).toBe(0);
    expect((await partials()).sort()).toEqual([NAME, young, 'notes'].sort());
  });

  it('are nothing to a server that only lets read', async () => {
    await leave(NAME, 25 * HOUR_S);
    const readOnly = await ServedTree.open(root);
    expect(await readOnly.removeAbandoned(NOW_MS)).toBe(0);
    await readOnly.close();
    expect(await partials()).toEqual([NAME]);
  });
});

describe('opening', () => {
  it('P-SVC-19 read-only refuses uploads and makes no folder of its own', async () => {
    const plain = join(folder, 'plain');
    await mkdir(plain);
    const plainTree = await ServedTree.open(plain);
    const readOnly = await Store.open(plainTree, { home: undefined, access: 'ro' });
    await expect(readOnly.createUpload(offer(['x']))).rejects.toEqual(code(EXIT.REFUSED));
    expect(await readdir(plain)).toEqual([]);
    await readOnly.close();
    await plainTree.close();
  });

  it('refuses what is no folder, and a link in place of its own folder', async () => {
    for (const name of ['secret', 'none']) {
      await expect(ServedTree.open(join(folder, name))).rejects.toEqual(code(EXIT.LOCAL_IO));
    }
    const trap = join(folder, 'trap');
    await mkdir(trap);
    await symlink('../root', join(trap, '.lftp-udp'));
    const trapTree = await ServedTree.open(trap);
    const owner = { home: undefined, access: 'rw' } as const;
    await expect(trapTree.openPartial()).rejects.toEqual(code(EXIT.LOCAL_IO));
    await expect(Store.open(trapTree, owner)).rejects.toEqual(code(EXIT.REMOTE_IO));
    await trapTree.close();
  });
});
