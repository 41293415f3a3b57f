import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { chmod, mkdir, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT } from '../../../../src/service/error.ts';
import { decodeServerMessage } from '../../../../src/service/messages.ts';
import { Rig } from '../session-rig.ts';
import { fetchTree, harvest, plant, sendFolder } from './tree-rig.ts';

const code = (value: number): unknown => expect.objectContaining({ code: value });

/** Some of every size that is treated in its own way. */
const MIXED = {
  empty: '',
  one: 'x',
  'deep/er/still/small': 'small',
  'deep/empty folder': null,
  'deep/ümläut': 'letters',
  edge: 'e'.repeat(65_536),
  beyond: 'b'.repeat(65_537),
  'large/file': 'L'.repeat(3_000_001),
};

let rig: Rig;
let source: string;
let target: string;
let openBefore: number;

/** Descriptors that this process holds open. */
const openCount = (): number => readdirSync('/proc/self/fd').length;

beforeEach(async () => {
  openBefore = openCount();
  rig = await Rig.make('rw');
  source = join(rig.folder, 'source');
  target = join(rig.folder, 'target');
});

afterEach(async () => {
  await rig.settle();
  expect(await rig.partials()).toEqual([]);
  expect(rig.tree.openFileCount).toBe(0);
  for (const { lentRuns, pool } of rig.channels) {
    expect(lentRuns.size).toBe(0);
    expect(pool.usedBytes).toBe(0);
  }
  await rig.remove();
  expect(openCount()).toBe(openBefore);
});

/** Without what the server keeps for itself. */
async function served(): Promise<object> {
  const all = await harvest(rig.root);
  return Object.fromEntries(Object.entries(all).filter(([path]) => !path.startsWith('.lftp-udp')));
}

describe('a tree', () => {
  it('P-TREE-01 P-TREE-02 P-TREE-04 comes and goes whole', async () => {
    await plant(source, MIXED);
    const client = rig.client();
    const posted = await sendFolder(client, source, ['there']);
    expect(await harvest(join(rig.root, 'there'))).toEqual(await harvest(source));
    expect(posted).toMatchObject({ failed: {}, leftOut: [], path: ['there'] });
    const got = await fetchTree(client, ['there'], target);
    expect(await harvest(target)).toEqual(await harvest(source));
    const { files, folders, bytes } = posted.tally;
    expect([files, folders, bytes]).toEqual([7, 5, 3_131_087]);
    expect(got.tally).toMatchObject({ files, folders, bytes, failed: 0, leftOut: 0 });
    await client.finish();
  });

  it('asks and answers once, however many files it has', async () => {
    const names = Array.from({ length: 600 }, (_, i) => [`d${i % 7}/f${i}`, String(i)] as const);
    await plant(source, Object.fromEntries(names));
    const client = rig.client();
    const channel = rig.channels[0]!;
    const sent: string[] = [];
    const told: string[] = [];
    const ask = channel.sendMessage.bind(channel);
    channel.sendMessage = (bytes) => {
      sent.push('message');
      return ask(bytes);
    };
    const tell = channel.other.sendMessage.bind(channel.other);
    channel.other.sendMessage = (bytes) => {
      const decoded = decodeServerMessage(bytes);
      told.push(decoded.ok && 'kind' in decoded.message ? decoded.message.kind : 'else');
      return tell(bytes);
    };
    await sendFolder(client, source, ['there']);
    expect(sent.length).toBe(1);
    expect(told.slice(0, 2)).toEqual(['go', 'stored']);
    expect(told.length).toBeLessThan(20);
    [sent.length, told.length] = [0, 0];
    const { tally } = await fetchTree(client, ['there'], target);
    expect(tally.files).toBe(600);
    expect([sent.length, told]).toEqual([1, ['tree']]);
    expect(await harvest(target)).toEqual(await harvest(source));
    await client.finish();
  });

  it('P-TREE-04 leaves links and special files out, and counts them', async () => {
    await plant(source, { 'a/plain': 'x' });
    await symlink('plain', join(source, 'a/link'));
    await symlink('/etc', join(source, 'folder link'));
    execFileSync('mkfifo', [join(source, 'a/pipe')]);
    const leftOut = ['a/link', 'a/pipe', 'folder link'];
    const client = rig.client();
    const posted = await sendFolder(client, source, ['there']);
    expect([...posted.leftOut].sort()).toEqual(leftOut);
    expect(await served()).toEqual({ 'there/a/plain': 'x' });
    await symlink('plain', join(rig.root, 'there/a/link'));
    await symlink('/etc', join(rig.root, 'there/folder link'));
    execFileSync('mkfifo', [join(rig.root, 'there/a/pipe')]);
    const got = await fetchTree(client, ['there'], target);
    expect([...got.leftOut].sort()).toEqual(leftOut);
    expect(got.tally.isPartial).toBe(true);
    expect(await harvest(target)).toEqual({ 'a/plain': 'x' });
    await client.finish();
  });

  it('P-TREE-07 goes on around names that clash or are refused', async () => {
    await plant(source, {
      'file here/inside': 'x',
      'folder here': 'y',
      'bell\u0007': 'z',
      '.LFTP-UDP/inside': 'w',
      fine: 'v',
    });
    await plant(join(rig.root, 'there'), { 'file here': 'stays', 'folder here/inside': 'stays' });
    const client = rig.client();
    const posted = await sendFolder(client, source, ['there']);
    expect(posted.failed).toEqual({
      'file here': EXIT.REFUSED,
      'file here/inside': EXIT.REFUSED,
      'folder here': EXIT.REFUSED,
      'bell\u0007': EXIT.REFUSED,
      '.LFTP-UDP': EXIT.REFUSED,
    });
    expect(posted.tally.files).toBe(1);
    const kept = { 'file here': 'stays', 'folder here/inside': 'stays', fine: 'v' };
    expect(await harvest(join(rig.root, 'there'))).toEqual(kept);
    await client.finish();
  });

  it('P-TREE-07 is led out of its place by no link that stands there', async () => {
    await plant(source, { 'out/file': 'x', name: 'y' });
    const outside = join(rig.folder, 'outside');
    await mkdir(outside);
    for (const place of [join(rig.root, 'there'), target]) {
      await mkdir(place);
      await symlink(outside, join(place, 'out'));
      await symlink(join(outside, 'name'), join(place, 'name'));
    }
    const client = rig.client();
    const expected = { out: EXIT.REFUSED, 'out/file': EXIT.REFUSED, name: EXIT.REFUSED };
    expect((await sendFolder(client, source, ['there'])).failed).toEqual(expected);
    await sendFolder(client, source, ['plain']);
    const got = await fetchTree(client, ['plain'], target);
    expect(Object.keys(got.failed).sort()).toEqual(Object.keys(expected).sort());
    expect(await harvest(outside)).toEqual({});
    expect(await harvest(target)).toEqual({ out: '-> link', name: '-> link' });
    await client.finish();
  });

  it.each(['never', 'older', 'differ'] as const)(
    'P-SVC-13 obeys %s for each file',
    async (rule) => {
      await plant(source, { same: 'aa', newer: 'bb', more: 'cc' });
      await plant(join(rig.root, 'there'), { same: 'xx', newer: 'yy' });
      for (const name of ['same', 'newer']) {
        await utimes(join(source, name), 1000, name === 'same' ? 1000 : 2000);
        await utimes(join(rig.root, 'there', name), 1000, 1000);
      }
      const client = rig.client();
      const posted = await sendFolder(client, source, ['there'], { overwrite: rule });
      const expected = { same: 'xx', newer: rule === 'never' ? 'yy' : 'bb', more: 'cc' };
      expect(await harvest(join(rig.root, 'there'))).toEqual(expected);
      expect(posted.failed['same']).toBe(EXIT.EXISTS);
      expect(posted.tally.failed).toBe(rule === 'never' ? 2 : 1);
      await client.finish();
    },
  );

  it('P-TREE-10 keeps times and permissions, of folders as well', async () => {
    await plant(source, { 'a/b/file': 'x', 'a/beyond': 'b'.repeat(70_000) });
    await chmod(join(source, 'a/b/file'), 0o640);
    await chmod(join(source, 'a/b'), 0o750);
    for (const path of ['a/b/file', 'a/beyond', 'a/b', 'a', '']) {
      await utimes(join(source, path), 1_000_000, 1_000_000 + path.length);
    }
    const client = rig.client();
    await sendFolder(client, source, ['there'], { keep: true });
    await fetchTree(client, ['there'], target, { keep: true });
    for (const path of ['a/b/file', 'a/beyond', 'a/b', 'a', '']) {
      const [mine, theirs] = [await stat(join(target, path)), await stat(join(source, path))];
      expect([path, mine.mtimeMs, mine.mode]).toEqual([path, theirs.mtimeMs, theirs.mode]);
    }
    await client.finish();
  });

  it('P-TREE-06 goes into a folder that is there under its name, else as told', async () => {
    await plant(source, { file: 'x' });
    await plant(rig.root, { 'there/old': 'y', plain: 'z' });
    const client = rig.client();
    const send = (path: string[], name?: string) => sendFolder(client, source, path, { name });
    expect((await send(['there'], 'name')).path).toEqual(['there', 'name']);
    expect((await send([], 'top')).path).toEqual(['top']);
    expect((await send(['new'], 'name')).path).toEqual(['new']);
    expect((await send(['there'])).path).toEqual(['there']);
    await expect(send(['plain'], 'name')).rejects.toEqual(code(EXIT.REFUSED));
    await expect(send(['no', 'such'])).rejects.toEqual(code(EXIT.MISSING));
    await expect(send(['..'])).rejects.toEqual(code(EXIT.REFUSED));
    await expect(send(['there'], '..')).rejects.toEqual(code(EXIT.REFUSED));
    expect(await served()).toEqual({
      'there/old': 'y',
      'there/name/file': 'x',
      'there/file': 'x',
      'top/file': 'x',
      'new/file': 'x',
      plain: 'z',
    });
    await client.finish();
  });

  it('P-TREE-01 is answered by an error if there is none, like a file if one is', async () => {
    await writeFile(join(rig.root, 'plain'), 'x');
    const client = rig.client();
    await expect(fetchTree(client, ['none'], target)).rejects.toEqual(code(EXIT.MISSING));
    await expect(fetchTree(client, ['..'], target)).rejects.toEqual(code(EXIT.REFUSED));
    await symlink('/etc', join(rig.root, 'link'));
    await expect(fetchTree(client, ['link'], target)).rejects.toEqual(code(EXIT.REFUSED));
    await expect(fetchTree(client, ['plain'], target)).rejects.toThrow('a file');
    const { tally } = await fetchTree(client, [], target);
    expect([tally.files, tally.leftOut]).toEqual([1, 1]);
    expect(await harvest(target)).toEqual({ plain: 'x' });
    await client.finish();
  });
});

describe('a tree that is broken off', () => {
  const LONG = Object.fromEntries(
    Array.from({ length: 60 }, (_, i) => [`f${i}`, 'x'.repeat(200_000)]),
  );

  it('P-TREE-09 by its sender leaves whole files and nothing else', async () => {
    await plant(source, LONG);
    const client = rig.client();
    const stop = new AbortController();
    const reason = new Error('enough');
    const channel = rig.channels[0]!;
    const send = channel.sendData.bind(channel);
    let pieces = 0;
    channel.sendData = (slab, length) => {
      pieces += 1;
      const sent = send(slab, length);
      if (pieces === 20) stop.abort(reason);
      return sent;
    };
    const sending = sendFolder(client, source, ['there'], { signal: stop.signal });
    await expect(sending).rejects.toBe(reason);
    for (const content of Object.values(await harvest(join(rig.root, 'there')))) {
      expect(content).toBe(LONG['f0']);
    }
    expect((await client.status()).access).toBe('rw');
    await client.finish();
  });

  it('P-SVC-12 by its receiver leaves whole files and nothing else', async () => {
    await plant(join(rig.root, 'there'), LONG);
    const client = rig.client();
    const stop = new AbortController();
    const reason = new Error('enough');
    const channel = rig.channels[0]!;
    const next = channel.nextRun.bind(channel);
    let runs = 0;
    channel.nextRun = (least) => {
      runs += 1;
      if (runs === 10) stop.abort(reason);
      return next(least);
    };
    const getting = fetchTree(client, ['there'], target, { signal: stop.signal });
    await expect(getting).rejects.toBe(reason);
    for (const content of Object.values(await harvest(target))) expect(content).toBe(LONG['f0']);
    expect((await client.status()).access).toBe('rw');
    await client.finish();
  });

  it('by the end of the connection leaves whole files and nothing else', async () => {
    await plant(source, LONG);
    const client = rig.client();
    const channel = rig.channels[0]!;
    const send = channel.sendData.bind(channel);
    let pieces = 0;
    channel.sendData = (slab, length) => {
      pieces += 1;
      if (pieces === 20) channel.abort(0);
      return send(slab, length);
    };
    await expect(sendFolder(client, source, ['there'])).rejects.toThrow();
    await rig.settle();
    for (const content of Object.values(await harvest(join(rig.root, 'there')))) {
      expect(content).toBe(LONG['f0']);
    }
  });
});

describe('a tree and what a client may do', () => {
  it('P-TREE-11 is not taken by who may only read, and his record is passed over', async () => {
    await plant(source, MIXED);
    await plant(rig.root, { 'a/file': 'x' });
    const other = await Rig.make('ro');
    const client = other.client();
    await expect(sendFolder(client, source, ['there'])).rejects.toEqual(code(EXIT.REFUSED));
    expect((await client.status()).access).toBe('ro');
    await client.finish();
    await other.settle();
    expect(await harvest(other.root)).toEqual({});
    await other.remove();
  });

  it('P-TREE-11 can be dropped into incoming, replaces nothing there and is not read', async () => {
    await plant(source, { file: 'x', more: 'y' });
    const other = await Rig.make('drop');
    await plant(other.root, { 'open/file': 'z', 'incoming/there/file': 'stays' });
    const client = other.client();
    await expect(sendFolder(client, source, ['open'])).rejects.toEqual(code(EXIT.REFUSED));
    const posted = await sendFolder(client, source, ['incoming', 'there']);
    expect(posted.failed).toEqual({ file: EXIT.EXISTS });
    await expect(fetchTree(client, ['incoming'], target)).rejects.toEqual(code(EXIT.REFUSED));
    const got = await fetchTree(client, [], target);
    expect(got.failed).toEqual({ incoming: EXIT.REFUSED });
    expect(await harvest(target)).toEqual({ 'open/file': 'z' });
    await client.finish();
    await other.settle();
    await other.remove();
  });
});
