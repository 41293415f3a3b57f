import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encode } from 'cbor2/encoder';
import { getFile, getRequest } from '../../../src/service/client-get.ts';
import { postFile } from '../../../src/service/client-post.ts';
import { ClientSession, encodeFirst } from '../../../src/service/client-session.ts';
import { EXIT, LftpError } from '../../../src/service/error.ts';
import { decodeServerMessage } from '../../../src/service/messages.ts';
import {
  createDownload,
  openLocalFile,
  planLocalTarget,
} from '../../../src/service/store-local.ts';
import { NEVER, QUIET, Rig } from './session-rig.ts';

let rig: Rig;

const code = (value: number): unknown => expect.objectContaining({ code: value });
const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function get(client: ClientSession, path: string[], local: string, signal = NEVER) {
  const target = await planLocalTarget(local, 'name', 'always');
  return await getFile(client, {
    path,
    openSink: (file) => createDownload(target, file, 'always', false),
    signal,
    observer: QUIET,
  });
}

async function post(client: ClientSession, local: string, path: string[], signal = NEVER) {
  const source = await openLocalFile(local);
  try {
    return await postFile(client, {
      path,
      name: 'name',
      source,
      overwrite: 'always',
      keep: false,
      signal,
      observer: QUIET,
    });
  } finally {
    await source.close();
  }
}

beforeEach(async () => {
  rig = await Rig.make('rw');
});

afterEach(async () => {
  await rig.settle();
  expect(await rig.partials()).toEqual([]);
  expect(rig.tree.openFileCount).toBe(0);
  await rig.remove();
});

describe('a client and a server session', () => {
  it.each([0, 1, 16_384, 262_144, 262_145, 3_000_001])('move %i bytes both ways', async (size) => {
    const bytes = randomBytes(size);
    const [source, back] = [join(rig.folder, 'source'), join(rig.folder, 'back')];
    await writeFile(source, bytes);
    const client = rig.client();
    const posted = await post(client, source, ['there']);
    expect(posted).toMatchObject({ bytes: size, path: ['there'] });
    const got = await get(client, ['there'], back);
    expect(got.digest).toEqual(posted.digest);
    expect(got.counts?.controller).toBe('newreno');
    expect(sha(await readFile(back))).toBe(sha(bytes));
    await client.finish();
  });

  it('keep several transfers of one connection apart', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const client = rig.client();
    for (const [index, name] of names.entries()) {
      await writeFile(join(rig.folder, name), randomBytes(index * 200_000));
    }
    await Promise.all([...names.map((name) => post(client, join(rig.folder, name), [name]))]);
    const both = names.flatMap((name) => [
      get(client, [name], join(rig.folder, `${name}.back`)),
      post(client, join(rig.folder, name), [`${name}.again`]),
    ]);
    await Promise.all([...both, client.status()]);
    for (const name of names) {
      const bytes = await readFile(join(rig.folder, name));
      expect(sha(await readFile(join(rig.folder, `${name}.back`)))).toBe(sha(bytes));
      expect(sha(await readFile(join(rig.root, `${name}.again`)))).toBe(sha(bytes));
    }
    await client.finish();
  });

  it('P-SVC-16 P-SVC-17 tell the state of the server and of the last file', async () => {
    await writeFile(join(rig.root, 'file'), 'x');
    const client = rig.client();
    await expect(client.count()).rejects.toEqual(code(EXIT.MISSING));
    await get(client, ['file'], join(rig.folder, 'f'));
    expect(await client.count()).toMatchObject({ controller: 'newreno' });
    expect(await client.status()).toMatchObject({ clients: 7, uptimeSeconds: 42, access: 'rw' });
    await client.finish();
  });

  it('go on after each kind of refusal', async () => {
    await mkdir(join(rig.root, 'sub'));
    await symlink('/etc', join(rig.root, 'link'));
    await writeFile(join(rig.folder, 'big'), randomBytes(2_000_000));
    const client = rig.client();
    const local = join(rig.folder, 'x');
    await expect(get(client, ['none'], local)).rejects.toEqual(code(EXIT.MISSING));
    await expect(get(client, ['sub'], local)).rejects.toEqual(code(EXIT.REFUSED));
    await expect(get(client, ['link', 'passwd'], local)).rejects.toEqual(code(EXIT.REFUSED));
    const refused = post(client, join(rig.folder, 'big'), ['none', 'x']);
    await expect(refused).rejects.toEqual(code(EXIT.MISSING));
    await post(client, join(rig.folder, 'big'), ['sub']);
    expect(await readFile(join(rig.root, 'sub', 'name'))).toHaveLength(2_000_000);
    await client.finish();
  });

  it('stop a get that is cancelled and can be used further', async () => {
    await writeFile(join(rig.root, 'big'), randomBytes(8_000_000));
    await writeFile(join(rig.root, 'small'), 'small');
    const client = rig.client();
    const abort = new AbortController();
    const why = new LftpError(EXIT.INTERRUPTED, 'local', 'stop');
    const target = await planLocalTarget(join(rig.folder, 'big'), 'big', 'always');
    const running = getFile(client, {
      path: ['big'],
      openSink: (file) => {
        abort.abort(why);
        return createDownload(target, file, 'always', false);
      },
      signal: abort.signal,
      observer: QUIET,
    });
    await expect(running).rejects.toBe(why);
    await get(client, ['small'], join(rig.folder, 'small'));
    expect((await readFile(join(rig.folder, 'small'))).toString()).toBe('small');
    await client.finish();
  });

  it('stop a post that is cancelled and can be used further', async () => {
    await writeFile(join(rig.folder, 'big'), randomBytes(8_000_000));
    const client = rig.client();
    const abort = new AbortController();
    const why = new LftpError(EXIT.INTERRUPTED, 'local', 'stop');
    const running = post(client, join(rig.folder, 'big'), ['big'], abort.signal);
    setImmediate(() => abort.abort(why));
    await expect(running).rejects.toBe(why);
    expect(await client.status()).toMatchObject({ clients: 7 });
    await expect(readFile(join(rig.root, 'big'))).rejects.toThrow();
    await client.finish();
  });

  it('P-SVC-10 keep nothing of a file that changes while it is sent', async () => {
    const path = join(rig.root, 'changing');
    await writeFile(path, randomBytes(6_000_000));
    const client = rig.client();
    const target = await planLocalTarget(join(rig.folder, 'x'), 'x', 'always');
    const running = getFile(client, {
      path: ['changing'],
      openSink: async (file) => {
        await writeFile(path, randomBytes(6_000_000));
        return await createDownload(target, file, 'always', false);
      },
      signal: NEVER,
      observer: QUIET,
    });
    await expect(running).rejects.toEqual(code(EXIT.SOURCE_CHANGED));
    await expect(readFile(join(rig.folder, 'x'))).rejects.toThrow();
    await client.finish();
  });

  it('stop when the place for a file fails, and say why', async () => {
    await writeFile(join(rig.root, 'big'), randomBytes(4_000_000));
    const client = rig.client();
    const full = new LftpError(EXIT.NO_SPACE, 'local', 'full');
    let discarded = 0;
    const running = getFile(client, {
      path: ['big'],
      openSink: () =>
        Promise.resolve({
          runBytes: 1,
          write: (_, position) => (position > 500_000 ? Promise.reject(full) : Promise.resolve()),
          commit: () => Promise.reject(new Error('must not')),
          discard: () => Promise.resolve(void (discarded += 1)),
        }),
      signal: NEVER,
      observer: QUIET,
    });
    await expect(running).rejects.toBe(full);
    expect(discarded).toBe(1);
    expect(await client.status()).toMatchObject({ clients: 7 });
    await client.finish();
  });

  it('clean up when the connection dies in the middle', async () => {
    await writeFile(join(rig.folder, 'big'), randomBytes(4_000_000));
    await writeFile(join(rig.root, 'big'), randomBytes(4_000_000));
    const reason = { kind: 'timedOut', phase: 'silence', advice: 0 } as const;
    for (const way of ['get', 'post']) {
      const client = rig.client();
      const channel = rig.channels.at(-1)!;
      const local = join(rig.folder, way === 'get' ? 'new' : 'big');
      const running = way === 'get' ? get(client, ['big'], local) : post(client, local, ['new']);
      setImmediate(() => {
        channel.close(reason);
        channel.other.close(reason);
      });
      await expect(running).rejects.toEqual(code(EXIT.SILENT));
    }
    await rig.settle();
    await expect(readFile(join(rig.folder, 'new'))).rejects.toThrow();
    await expect(readFile(join(rig.root, 'new'))).rejects.toThrow();
  });
});

describe('a first request that was sent ahead', () => {
  it('is not sent again, and its answer may come before anybody asks', async () => {
    await writeFile(join(rig.root, 'file'), 'x');
    const channel = rig.connect();
    const first = encodeFirst(getRequest(['file']));
    await channel.sendMessage(first);
    const client = new ClientSession(channel, first);
    await new Promise((resolve) => setImmediate(resolve));
    await get(client, ['file'], join(rig.folder, 'f'));
    expect(await readFile(join(rig.folder, 'f'), 'utf8')).toBe('x');
    // The next one has a number of its own.
    await get(client, ['file'], join(rig.folder, 'f'));
    await client.finish();
  });

  it('is the one that the session begins with', async () => {
    const channel = rig.connect();
    const client = new ClientSession(channel, encodeFirst(getRequest(['file'])));
    await expect(client.status()).rejects.toThrow('invariant broken');
    await client.abort(0);
  });
});

describe('a server session and a hostile client', () => {
  async function answerTo(value: unknown): Promise<unknown> {
    const channel = rig.connect();
    await channel.sendMessage(encode(value));
    const bytes = await channel.nextMessage();
    channel.abort(0);
    return bytes === undefined ? undefined : decodeServerMessage(bytes);
  }

  const error = (value: number): unknown => ({
    ok: true,
    message: expect.objectContaining({ kind: 'error', re: 1, error: value }) as unknown,
  });

  it.each([
    [['..', 'x']],
    [['']],
    [['a/b']],
    [['a\0b']],
    [['.']],
    [['.lftp-udp']],
    [['link', 'x']],
  ])('P-SVC-05 refuses the path %j', async (path) => {
    await symlink('/etc', join(rig.root, 'link'));
    expect(await answerTo({ op: 'get', id: 1, path })).toEqual(error(EXIT.REFUSED));
    const upload = { op: 'post', id: 1, path, size: 1, overwrite: 'always' };
    expect(await answerTo(upload)).toEqual(error(EXIT.REFUSED));
  });

  it('P-SVC-09 keeps nothing of a file whose digest or length is wrong', async () => {
    for (const [size, length] of [
      [3, 3],
      [3, 2],
      [3, 4],
    ] as const) {
      const channel = rig.connect();
      await channel.sendMessage(
        encode({ op: 'post', id: 1, path: ['x'], size, overwrite: 'always' }),
      );
      await channel.sendData(await channel.acquireSlab(10), length);
      channel.endData();
      await channel.sendMessage(encode({ op: 'digest', id: 1, digest: new Uint8Array(32) }));
      const answers = [await channel.nextMessage(), await channel.nextMessage()];
      expect(answers.map((bytes) => decodeServerMessage(bytes!))).toEqual([
        { ok: true, message: { kind: 'go', re: 1 } },
        error(EXIT.VERIFICATION),
      ]);
      channel.abort(0);
    }
    await expect(readFile(join(rig.root, 'x'))).rejects.toThrow();
  });

  it.each([
    ['without a request', []],
    ['behind a get', [{ op: 'get', id: 1, path: ['none'] }]],
    [
      'behind the one that was announced',
      [{ op: 'post', id: 1, path: ['x'], size: 0, overwrite: 'always' }],
    ],
    ['of a post that was not understood', [{ op: 'post', id: 1, path: ['x'] }]],
  ])('P-SVC-20 ends a session that sends a file %s', async (_, requests) => {
    for (const leaves of [false, true]) {
      const channel = rig.connect();
      for (const request of requests) await channel.sendMessage(encode(request));
      channel.endData();
      channel.endData();
      if (leaves) channel.finish();
      expect(await channel.closed).toMatchObject({ kind: 'aborted', code: EXIT.PROTOCOL });
    }
  });

  it('does not wait for a digest that cannot come any more', async () => {
    const channel = rig.connect();
    await channel.sendMessage(
      encode({ op: 'post', id: 1, path: ['x'], size: 0, overwrite: 'always' }),
    );
    channel.endData();
    await channel.nextMessage();
    channel.finish();
    await channel.closed;
    await expect(readFile(join(rig.root, 'x'))).rejects.toThrow();
  });
});
