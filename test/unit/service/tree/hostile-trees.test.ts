/** Trees that no honest side would send: nothing outside the place changes, nothing is believed. */
import { readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'cbor2/encoder';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDigest } from '../../../../src/io/digest.ts';
import { ClientSession } from '../../../../src/service/client-session.ts';
import { EXIT } from '../../../../src/service/error.ts';
import { decodeServerMessage, encodeMessage } from '../../../../src/service/messages.ts';
import type { StoredAnswer } from '../../../../src/service/messages.ts';
import { encodeContent, encodeEntry } from '../../../../src/service/tree/tree-entries.ts';
import { channelPair, type FakeChannel } from '../fake-channel.ts';
import { Rig } from '../session-rig.ts';
import { fetchTree, harvest, plant, sendFolder } from './tree-rig.ts';

const TIMES = { mode: 0o107777, mtimeMs: 1e12 };
const UP = encodeEntry({ kind: 'up' });
const code = (value: number): unknown => expect.objectContaining({ code: value });

async function digestOf(content: Uint8Array): Promise<Uint8Array> {
  const digest = await createDigest();
  digest.update(content);
  return digest.digest();
}

async function file(name: string, text: string, told = text.length): Promise<Uint8Array> {
  const content = new TextEncoder().encode(text);
  const entry = encodeEntry({ kind: 'file', name, sizeBytes: told, ...TIMES });
  return Buffer.concat([entry, encodeContent(content, await digestOf(content))]);
}

const folder = (name: string): Uint8Array => encodeEntry({ kind: 'folder', name, ...TIMES });

async function sendRecord(channel: FakeChannel, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; at += 10_000) {
    const part = bytes.subarray(at, at + 10_000);
    const slab = await channel.acquireSlab(part.length);
    slab.bytes.set(part);
    await channel.sendData(slab, part.length);
  }
  channel.endData();
}

/** Names that lead elsewhere, or hide something. */
const BAD_NAMES = ['..', '.', '', 'a/b', '/etc', 'a\0b', 'bell\u0007', '.lftp-udp', '.LFTP-UDP'];

/** One of each bad name, as a file and as a folder with a file, and a good one behind them. */
async function badTree(): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for (const name of BAD_NAMES) {
    parts.push(await file(name, 'bad'), folder(name), await file('inside', 'bad'), UP);
  }
  parts.push(await file('x', 'ab', 3), await file('y', 'abc', 2), await file('good', 'good'));
  return Buffer.concat(parts);
}

let base: string;
let outside: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'lftp-hostile-'));
  outside = join(base, 'outside');
  await mkdir(outside);
  await writeFile(join(outside, 'mine'), 'mine');
});

afterEach(async () => {
  expect(await harvest(outside)).toEqual({ mine: 'mine' });
  await rm(base, { recursive: true });
});

describe('a server that means harm', () => {
  let server: FakeChannel;
  let client: ClientSession;
  let target: string;

  beforeEach(() => {
    const [mine, theirs] = channelPair();
    client = new ClientSession(mine);
    server = theirs;
    target = join(base, 'target');
  });

  async function answerWith(stream: Uint8Array): Promise<void> {
    await server.nextMessage();
    await server.sendMessage(encodeMessage({ kind: 'tree', re: 1, mode: 0o777, mtimeMs: 0 }));
    await sendRecord(server, stream);
  }

  it('P-TREE-07 gets none of its names outside the place, and its good files in', async () => {
    const getting = fetchTree(client, ['x'], target);
    await answerWith(await badTree());
    const { tally, failed } = await getting;
    // Each bad file, folder and what is in it, and two of wrong lengths.
    expect(tally).toMatchObject({ files: 1, folders: 0, failed: 3 * BAD_NAMES.length + 2 });
    expect([failed['x'], failed['y']]).toEqual([EXIT.VERIFICATION, EXIT.VERIFICATION]);
    expect(await harvest(target)).toEqual({ good: 'good' });
    expect(readdirSync(base).sort()).toEqual(['outside', 'target']);
  });

  it('P-TREE-07 does not get through a link that it finds', async () => {
    await mkdir(target);
    await symlink(outside, join(target, 'way'));
    await symlink(join(outside, 'mine'), join(target, 'name'));
    const getting = fetchTree(client, ['x'], target);
    const way = [folder('way'), await file('mine', 'bad'), UP, await file('name', 'bad')];
    await answerWith(Buffer.concat(way));
    expect((await getting).tally).toMatchObject({ files: 0, failed: 3 });
  });

  it('P-TREE-03 is left when its stream is none, and leaves nothing', async () => {
    const whole = await file('good', 'good');
    for (const stream of [
      Buffer.concat([whole, UP]),
      Buffer.concat([whole, folder('open')]),
      whole.subarray(0, whole.length - 1),
      Buffer.concat([whole, Uint8Array.of(77, 0)]),
    ]) {
      const [mine, theirs] = channelPair();
      client = new ClientSession(mine);
      server = theirs;
      const getting = fetchTree(client, ['x'], target);
      await answerWith(stream);
      await expect(getting).rejects.toEqual(code(EXIT.PROTOCOL));
      expect(Object.keys(await harvest(target)).filter((name) => name !== 'open')).toEqual([]);
    }
  });

  it('P-TREE-04 gets no file in whose digest is another', async () => {
    const bytes = Uint8Array.from(await file('good', 'good'));
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    const getting = fetchTree(client, ['x'], target);
    await answerWith(bytes);
    expect((await getting).failed).toEqual({ good: EXIT.VERIFICATION });
    expect(await harvest(target)).toEqual({});
  });

  it.each([
    ['what was not sent', { ranges: [0, 7], failed: [] }],
    ['everything there is', { ranges: [0, Number.MAX_SAFE_INTEGER], failed: [] }],
    ['failures of nothing', { ranges: [], failed: [{ number: 9, error: 4, message: 'x' }] }],
  ])('P-TREE-05 is not believed when it stores %s', async (_, told) => {
    const source = join(base, 'source');
    await plant(source, { one: 'x' });
    const posting = sendFolder(client, source, ['there']);
    await server.nextMessage();
    const answer: StoredAnswer = { kind: 'stored', re: 1, ...told };
    await server.sendMessage(encodeMessage(answer));
    await expect(posting).rejects.toEqual(code(EXIT.PROTOCOL));
  });

  it('P-TREE-05 is not believed when it finishes and has not answered everything', async () => {
    const source = join(base, 'source');
    await plant(source, { one: 'x', two: 'y' });
    const posting = sendFolder(client, source, ['there']);
    await server.nextMessage();
    const run = await server.nextRun(100_000);
    server.releaseRun(run!);
    await server.sendMessage(encodeMessage({ kind: 'stored', re: 1, ranges: [0, 0], failed: [] }));
    await server.sendMessage(encodeMessage({ kind: 'finished', re: 1, path: ['there'] }));
    await expect(posting).rejects.toEqual(code(EXIT.PROTOCOL));
  });
});

describe('a client that means harm', () => {
  const POST = { op: 'postTree', id: 1, path: ['t'], overwrite: 'always', mtimeMs: 0, mode: 0 };
  let rig: Rig;

  beforeEach(async () => {
    rig = await Rig.make('rw');
  });

  afterEach(async () => {
    await rig.settle();
    expect(await rig.partials()).toEqual([]);
    expect(rig.tree.openFileCount).toBe(0);
    await rig.remove();
  });

  it('P-TREE-07 gets none of its names outside the place', async () => {
    const client = rig.connect();
    await client.sendMessage(encode({ ...POST, keep: true }));
    await sendRecord(client, await badTree());
    const failed: number[] = [];
    const stored: number[] = [];
    for (;;) {
      const decoded = decodeServerMessage((await client.nextMessage())!);
      if (!decoded.ok || !('kind' in decoded.message)) throw new Error('no answer');
      const { message } = decoded;
      if (message.kind === 'finished') break;
      if (message.kind !== 'stored') continue;
      stored.push(...message.ranges);
      failed.push(...message.failed.map(({ number }) => number));
    }
    const last = 3 * BAD_NAMES.length + 2;
    expect(stored).toEqual([last, last]);
    expect(failed.sort((a, b) => a - b)).toEqual(Array.from({ length: last }, (_, i) => i));
    expect(await harvest(join(rig.root, 't'))).toEqual({ good: 'good' });
    expect(readdirSync(rig.folder)).toEqual(['root']);
    client.finish();
  });

  it('P-TREE-03 ends its session with a stream that is none', async () => {
    const client = rig.connect();
    await client.sendMessage(encode(POST));
    await sendRecord(client, Uint8Array.of(99, 99, 99));
    expect(await client.closed).toMatchObject({ kind: 'aborted', code: EXIT.PROTOCOL });
    expect(await harvest(join(rig.root, 't'))).toEqual({});
  });
});
