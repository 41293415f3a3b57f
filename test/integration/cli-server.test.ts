import { randomBytes } from 'node:crypto';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'cbor2/encoder';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/io/connect.ts';
import { getFile, getRequest } from '../../src/service/client-get.ts';
import { postFile, postRequest } from '../../src/service/client-post.ts';
import type { ClientSession, MakeRequest } from '../../src/service/client-session.ts';
import { dial } from '../../src/service/dial.ts';
import { decodeServerMessage } from '../../src/service/messages.ts';
import type { FileServer } from '../../src/service/server.ts';
import { createDownload, openLocalFile, planLocalTarget } from '../../src/service/store-local.ts';
import { CliRig } from './cli-rig.ts';
import { startFileServer } from './file-server.ts';

const HOST = '127.0.0.1';

const observer = { onPhase: (): void => undefined };

let folder: string;
let root: string;
let server: FileServer;
let port: number;

async function serve(): Promise<FileServer> {
  return await startFileServer(root, 150);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lftp-server-'));
  root = join(folder, 'root');
  await mkdir(join(root, 'sub'), { recursive: true });
  await writeFile(join(root, 'file'), 'served');
  await symlink('/etc', join(root, 'link'));
  server = await serve();
  port = server.address.port;
});

afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

async function over(
  firstRequest: MakeRequest,
  work: (session: ClientSession) => Promise<unknown>,
): Promise<void> {
  const { session, link } = await dial({ host: HOST, port, firstRequest });
  try {
    await work(session);
    await session.finish();
  } catch (error) {
    await session.abort(64);
    throw error;
  } finally {
    link.close();
  }
}

async function get(name: string, local: string): Promise<void> {
  const target = await planLocalTarget(local, 'x', 'always');
  const { signal } = new AbortController();
  await over(getRequest([name]), (session) =>
    getFile(session, {
      path: [name],
      openSink: (file) => createDownload(target, file, 'always', false),
      signal,
      observer,
    }),
  );
}

async function post(local: string, name: string): Promise<void> {
  const source = await openLocalFile(local);
  const rules = { overwrite: 'always', keep: false } as const;
  const offer = { path: [name], name: undefined, source, ...rules };
  const { signal } = new AbortController();
  await over(postRequest(offer), (session) => postFile(session, { ...offer, signal, observer }));
  await source.close();
}

describe('a server on a real socket', () => {
  it.each([
    [['..', 'file']],
    [['sub', '..', 'file']],
    [['.']],
    [['']],
    [['sub', '', 'file']],
    [['sub/file']],
    [['/etc/passwd']],
    [['file\0']],
    [['file\0.txt']],
    [['link', 'passwd']],
    [['.lftp-udp', 'partial']],
    [['a\nb']],
    [['x'.repeat(256)]],
    [new Array<string>(33).fill('a')],
  ])('a raw client that asks for %j hears 10', async (path) => {
    const link = await connect({ host: HOST, port });
    const { channel } = link;
    const requests = [
      { op: 'get', id: 1, path },
      { op: 'post', id: 2, path, size: 1, overwrite: 'always' },
      { op: 'post', id: 3, path: ['sub'], name: path[0], size: 1, overwrite: 'always' },
    ];
    for (const request of requests) {
      await channel.sendMessage(encode(request));
      const bytes = await channel.nextMessage();
      const decoded = decodeServerMessage(bytes ?? new Uint8Array());
      const isFine = request.id === 3 && ['sub', 'link', 'a'].includes(path[0] ?? '');
      if (!isFine) {
        expect(decoded).toMatchObject({ ok: true, message: { re: request.id, error: 10 } });
      }
      if (request.op === 'post') channel.endData(64);
    }
    channel.abort(0);
    await channel.linger();
    link.close();
    await get('file', join(folder, 'out'));
    expect(await readFile(join(folder, 'out'), 'utf8')).toBe('served');
  });

  it('serves 100 clients at once, 1 MiB each, both ways', { timeout: 120_000 }, async () => {
    const bytes = randomBytes(1_048_576);
    await writeFile(join(root, 'shared'), bytes);
    await writeFile(join(folder, 'own'), bytes);
    const clients = Array.from({ length: 100 }, (_, index) => index);
    await Promise.all(
      clients.map((index) =>
        index % 4 === 0
          ? post(join(folder, 'own'), `new-${index}`)
          : get('shared', join(folder, `got-${index}`)),
      ),
    );
    for (const index of clients) {
      const path = index % 4 === 0 ? join(root, `new-${index}`) : join(folder, `got-${index}`);
      expect(bytes.equals(await readFile(path))).toBe(true);
    }
    expect(server.openFileCount).toBe(0);
  });

  it('removes at its start what a killed one left, but not what another one writes', async () => {
    const partial = join(root, '.lftp-udp', 'partial');
    const [old, young] = ['a'.repeat(32), 'b'.repeat(32)];
    for (const name of [old, young]) await writeFile(join(partial, name), 'half');
    await utimes(join(partial, old), 0, 0);
    const second = await serve();
    expect(await readdir(partial)).toEqual([young]);
    await second.stop();
  });

  it('tells the 151st client that it is full, and lets it in later', async () => {
    const links = [];
    for (let i = 0; i < 150; i += 1) links.push(await dial({ host: HOST, port }));
    const full = get('file', join(folder, 'out'));
    await expect(full).rejects.toMatchObject({ code: 21, where: 'remote' });
    await expect(post(join(root, 'file'), 'new')).rejects.toMatchObject({ code: 21 });
    await Promise.all(
      links.map(async ({ session, link }) => {
        await session.finish();
        link.close();
      }),
    );
    await expect.poll(() => server.clientCount, { timeout: 10_000 }).toBe(0);
    await get('file', join(folder, 'out'));
  });
});

describe('a server process', () => {
  it('serves 12 client processes at once', { timeout: 120_000 }, async () => {
    const rig = await CliRig.make('--anonymous=rw');
    const bytes = randomBytes(1_048_576);
    await writeFile(join(rig.root, 'shared'), bytes);
    await writeFile(join(rig.work, 'own'), bytes);
    const runs = Array.from({ length: 12 }, (_, index) =>
      index % 3 === 0
        ? rig.run(['post', '-q', 'own', rig.at(`new-${index}`)])
        : rig.run(['get', '-q', rig.at('shared'), `got-${index}`]),
    );
    const ended = await Promise.all(runs);
    expect(ended.map(({ code, stderr }) => ({ code, stderr }))).toEqual(
      ended.map(() => ({ code: 0, stderr: '' })),
    );
    for (const index of ended.keys()) {
      const path = index % 3 === 0 ? [rig.root, `new-${index}`] : [rig.work, `got-${index}`];
      expect(bytes.equals(await readFile(join(...path)))).toBe(true);
    }
    await rig.remove();
  });
});
