/** No name and no path leads out of the served folder, also while somebody swaps folders. */
import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encode } from 'cbor2/encoder';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type HostilePath,
  hostilePaths,
  SURROGATES,
} from '../../scripts/confinement/hostile-paths.ts';
import { race, RACE_OPERATIONS } from '../../scripts/confinement/race.ts';
import { createDigest } from '../../src/io/digest.ts';
import { EXIT } from '../../src/service/error.ts';
import { decodeServerMessage } from '../../src/service/messages.ts';
import type { ServerMessage } from '../../src/service/messages.ts';
import type { FakeChannel } from '../unit/service/fake-channel.ts';
import { Rig } from '../unit/service/session-rig.ts';

const RACE_MS = 5000;
const CORPUS = hostilePaths();

let rig: Rig;

beforeEach(async () => {
  rig = await Rig.make('rw');
  await mkdir(join(rig.root, 'sub'));
  await writeFile(join(rig.folder, 'secret'), 'secret');
});

afterEach(async () => {
  for (const channel of rig.channels) channel.abort(0);
  await rig.settle();
  await rig.remove();
});

async function hear(channel: FakeChannel): Promise<ServerMessage> {
  const bytes = await channel.nextMessage();
  const decoded = bytes === undefined ? undefined : decodeServerMessage(bytes);
  if (decoded?.ok !== true) throw new Error('the server said nothing that makes sense');
  return decoded.message;
}

/** What lies beside the served folder, and what lies in it. */
async function surroundings(): Promise<string> {
  const outside = (await readdir(rig.folder)).sort();
  return JSON.stringify([outside, await readFile(join(rig.folder, 'secret'), 'utf8')]);
}

let id = 0;

/** The code of the answer, 0 for a file that was put in place. */
async function post(
  channel: FakeChannel,
  path: readonly string[],
  name?: string,
): Promise<{ readonly code: number; readonly where: readonly string[] }> {
  id += 1;
  const request = { op: 'post', id, path, size: 1, overwrite: 'always' };
  await channel.sendMessage(encode(name === undefined ? request : { ...request, name }));
  const slab = await channel.acquireSlab(1);
  slab.bytes.set([120]);
  await channel.sendData(slab, 1);
  channel.endData();
  const digest = await createDigest();
  digest.update(Uint8Array.of(120));
  await channel.sendMessage(encode({ op: 'digest', id, digest: digest.digest() }));
  for (;;) {
    const message = await hear(channel);
    if (!('kind' in message) || message.kind === 'go') continue;
    if (message.kind === 'error') return { code: message.error, where: [] };
    if (message.kind === 'committed') return { code: 0, where: message.path ?? [] };
  }
}

async function get(channel: FakeChannel, path: readonly string[]): Promise<number> {
  id += 1;
  await channel.sendMessage(encode({ op: 'get', id, path }));
  const message = await hear(channel);
  if ('kind' in message && message.kind === 'error') return message.error;
  throw new Error(`a get of ${JSON.stringify(path)} brought a file`);
}

/** A legal name must be there, exactly so, and is removed for the next. */
async function checkLanding(path: readonly string[], where: readonly string[]): Promise<void> {
  expect(where).toEqual(path);
  const names = await readdir(join(rig.root, ...path.slice(0, -1)));
  expect(names).toContain(path.at(-1));
  const place = join(rig.root, ...path.slice(0, -1), path.at(-1)!);
  expect((await lstat(place)).isFile()).toBe(true);
  expect(await readFile(place, 'utf8')).toBe('x');
  await rm(place);
}

async function offend(channel: FakeChannel, { path, isRefused, kind }: HostilePath): Promise<void> {
  const shown = `${kind} ${JSON.stringify(path).slice(0, 100)}`;
  const got = await get(channel, path);
  const posted = await post(channel, path);
  if (isRefused) {
    expect([shown, got, posted.code]).toEqual([shown, EXIT.REFUSED, EXIT.REFUSED]);
    return;
  }
  expect([shown, got]).toEqual([shown, EXIT.MISSING]);
  if (posted.code === 0) await checkLanding(path, posted.where);
  else expect([shown, posted.code]).toEqual([shown, EXIT.MISSING]);
}

describe('hostile paths', () => {
  it('are many', () => {
    expect(CORPUS.length).toBeGreaterThan(2000);
    expect(CORPUS.filter(({ isRefused }) => isRefused).length).toBeGreaterThan(1500);
  });

  it('P-SVC-05 are refused by get and post, or are plain names where they say', async () => {
    const before = await surroundings();
    const channel = rig.connect();
    for (const hostile of CORPUS) await offend(channel, hostile);
    expect(await surroundings()).toBe(before);
    expect((await readdir(rig.root)).sort()).toEqual(['.lftp-udp', 'sub']);
    expect(await rig.partials()).toEqual([]);
  });

  it('P-SVC-05 P-SVC-14 are refused as the name of a post into a folder', async () => {
    const before = await surroundings();
    const channel = rig.connect();
    for (const { path, isRefused } of CORPUS.filter(({ path }) => path.length === 1)) {
      for (const folder of [[], ['sub']]) {
        const { code, where } = await post(channel, folder, path[0]);
        if (isRefused) expect([path, code]).toEqual([path, EXIT.REFUSED]);
        else await checkLanding([...folder, path[0]!], where);
      }
    }
    expect(await surroundings()).toBe(before);
  });

  it('P-SVC-05 that are no UTF-8 are refused by the store, and end a session', async () => {
    const offer = { sizeBytes: 1, mtimeMs: 0, overwrite: 'always', keepMode: undefined } as const;
    const refused = expect.objectContaining({ code: EXIT.REFUSED }) as unknown;
    for (const name of SURROGATES) {
      for (const path of [[name], ['sub', name]]) {
        await expect(rig.store.openForRead(path)).rejects.toEqual(refused);
        const upload = rig.store.createUpload({ ...offer, path, name: undefined });
        await expect(upload).rejects.toEqual(refused);
      }
      const into = rig.store.createUpload({ ...offer, path: ['sub'], name });
      await expect(into).rejects.toEqual(refused);
    }
    // The bytes of "..", written longer than they need be, and half of a pair.
    for (const bytes of [
      [0xc0, 0xae, 0xc0, 0xae],
      [0xed, 0xa0, 0x80],
      [0xff, 0xfe],
    ]) {
      const channel = rig.connect();
      const message = Buffer.from(encode({ op: 'get', id: 1, path: ['A'.repeat(bytes.length)] }));
      message.set(bytes, message.indexOf('A'.repeat(bytes.length)));
      await channel.sendMessage(message);
      expect(await channel.closed).toMatchObject({ kind: 'aborted', code: EXIT.PROTOCOL });
    }
  });
});

describe('a folder that is swapped for a link and back', () => {
  it.each(RACE_OPERATIONS)('P-SVC-06 P-LOGIN-12 lets no %s out', async (operation) => {
    const { flips, tries, done, escapes } = await race(operation, RACE_MS);
    expect(escapes).toEqual([]);
    // The race was one: both sides came to act, and both faces of the folder were met.
    expect(flips).toBeGreaterThan(1000);
    expect(done).toBeGreaterThan(10);
    expect(tries).toBeGreaterThan(done);
  });

  it('would be met outside by whoever does not look', async () => {
    expect((await race('unguarded', 1000)).escapes.length).toBeGreaterThan(10);
  });
});
