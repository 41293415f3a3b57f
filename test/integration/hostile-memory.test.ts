import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'cbor2/encoder';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Channel } from '../../src/io/channel.ts';
import { connect, type ClientLink } from '../../src/io/connect.ts';
import { getFile } from '../../src/service/client-get.ts';
import { postFile } from '../../src/service/client-post.ts';
import { dial } from '../../src/service/dial.ts';
import type { FileServer } from '../../src/service/server.ts';
import { createDownload, openLocalFile, planLocalTarget } from '../../src/service/store-local.ts';
import { until } from './cli-rig.ts';
import { startFileServer } from './file-server.ts';

const host = '127.0.0.1';
const signal = new AbortController().signal;
const observer = { onPhase: (): void => undefined };

let folder: string;
let root: string;
let server: FileServer;
let port: number;
const links: ClientLink[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lftp-hostile-'));
  root = join(folder, 'root');
  await mkdir(root);
  await writeFile(join(root, 'long'), '');
  await truncate(join(root, 'long'), 2 ** 31);
  server = await startFileServer(root, 400);
  port = server.address.port;
});

afterEach(async () => {
  await Promise.all(links.map(({ channel }) => leave(channel)));
  for (const link of links.splice(0)) link.close();
  await server.stop();
  await rm(folder, { recursive: true });
});

async function leave(channel: Channel): Promise<void> {
  channel.abort(64);
  await channel.linger();
}

/** A client that keeps the rules of the transport and none of the service's. */
async function raw(receiveWindowBytes: number): Promise<Channel> {
  const link = await connect({ host, port, config: { receiveWindowBytes } });
  links.push(link);
  return link.channel;
}

async function crowd(count: number, behave: (index: number) => Promise<void>): Promise<void> {
  const indices = Array.from({ length: count }, (_, index) => index);
  for (let from = 0; from < count; from += 32) {
    await Promise.all(indices.slice(from, from + 32).map(behave));
  }
}

/** What an honest client wants meanwhile. */
async function thereAndBack(bytes: Buffer): Promise<void> {
  await writeFile(join(folder, 'mine'), bytes);
  const { session, link } = await dial({ host, port });
  const source = await openLocalFile(join(folder, 'mine'));
  const rules = { overwrite: 'always', keep: false, signal, observer } as const;
  await postFile(session, { path: ['new'], name: undefined, source, ...rules });
  await source.close();
  const target = await planLocalTarget(join(folder, 'back'), 'new', 'always');
  await getFile(session, {
    path: ['new'],
    openSink: (file) => createDownload(target, file, 'always', false),
    signal,
    observer,
  });
  expect(bytes.equals(await readFile(join(folder, 'back')))).toBe(true);
  await session.finish();
  link.close();
}

describe('a server whose memory others hold', () => {
  it('serves a client beside 256 uploads that idle', { timeout: 60_000 }, async () => {
    await crowd(256, async (index) => {
      const channel = await raw(65_536);
      const path = [`idle-${index}`];
      await channel.sendMessage(
        encode({ op: 'post', id: 1, path, size: null, overwrite: 'always' }),
      );
      const sentBytes = 150_000;
      await channel.sendData(await channel.acquireSlab(sentBytes), sentBytes);
      await until(() => (channel.stats().bytesAcknowledged > sentBytes ? true : undefined));
    });
    await thereAndBack(randomBytes(1_048_576));
  });

  it('serves a client beside 100 that do not read', { timeout: 60_000 }, async () => {
    const windowBytes = 1_048_576;
    await crowd(100, async () => {
      const channel = await raw(windowBytes);
      await channel.sendMessage(encode({ op: 'get', id: 1, path: ['long'] }));
      // What is left may be too little for one of loopback's segments.
      const isFull = (): boolean => channel.stats().bytesDelivered > windowBytes - 65_536;
      await until(() => (isFull() ? true : undefined));
    });
    await thereAndBack(randomBytes(1_048_576));
  });

  it('ends a session that sends a file which it has not announced', async () => {
    const channel = await raw(65_536);
    await channel.sendData(await channel.acquireSlab(1), 1);
    expect(await channel.closed).toMatchObject({ kind: 'aborted', by: 'peer', code: 13 });
    await expect.poll(() => server.clientCount).toBe(0);
  });
});
