/** A `post` that goes on with what the server kept of an earlier one. */
import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TransferResult } from '../../../../src/service/client-get.ts';
import { postFile } from '../../../../src/service/client-post.ts';
import { EXIT } from '../../../../src/service/error.ts';
import type { OverwriteRule } from '../../../../src/service/messages.ts';
import { CHUNK_BYTES } from '../../../../src/service/resume/chunks.ts';
import { openLocalFile } from '../../../../src/service/store-local.ts';
import { deferred } from '../../../../src/service/turns.ts';
import type { FakeChannel } from '../fake-channel.ts';
import { NEVER, QUIET, Rig } from '../session-rig.ts';
import { content, DIED, SIZE_BYTES } from './resume-rig.ts';

const BYTES = content(7);
const ID = new Uint8Array(16).fill(0xab);

let rig: Rig;
let local: string;

beforeEach(async () => {
  rig = await Rig.make('rw');
  local = join(rig.folder, 'local');
  await writeSource(BYTES);
});

afterEach(async () => {
  for (const channel of rig.channels) {
    channel.close(DIED);
    channel.other.close(DIED);
  }
  await rig.settle();
  await rig.remove();
});

async function writeSource(bytes: Uint8Array, mtimeS = 1_700_000_000): Promise<void> {
  await writeFile(local, bytes);
  await utimes(local, mtimeS, mtimeS);
}

interface Sent extends TransferResult {
  readonly sentBytes: number;
}

interface PostOptions {
  readonly isAgain: boolean;
  readonly id?: Uint8Array;
  readonly overwrite?: OverwriteRule;
  /** The network dies once so many bytes were sent. */
  readonly diesAt?: number;
}

async function post(options: PostOptions): Promise<Sent> {
  const { isAgain, id = ID, overwrite = 'always', diesAt = Infinity } = options;
  const session = rig.client();
  const channel = rig.channels.at(-1)!;
  const counted = countSent(channel, diesAt);
  const source = await openLocalFile(local);
  try {
    const transfer = { transfer: id, isAgain };
    const what = { path: ['file'], name: undefined, source, overwrite, keep: false, transfer };
    const result = await postFile(session, { ...what, signal: NEVER, observer: QUIET });
    await session.finish();
    return { ...result, sentBytes: counted.bytes };
  } finally {
    await source.close();
  }
}

function countSent(channel: FakeChannel, diesAt: number): { bytes: number } {
  const counted = { bytes: 0 };
  const sendData = channel.sendData.bind(channel);
  channel.sendData = async (slab, lengthBytes) => {
    counted.bytes += lengthBytes;
    await sendData(slab, lengthBytes);
    if (counted.bytes < diesAt) return;
    channel.close(DIED);
    channel.other.close(DIED);
  };
  return counted;
}

/** Sends until the network dies; what the server kept is settled then. */
async function postPart(diesAt: number, isAgain = false): Promise<void> {
  await expect(post({ isAgain, diesAt })).rejects.toMatchObject({ code: EXIT.SILENT });
  await rig.settle();
}

async function kept(): Promise<{ parts: string[]; journals: string[] }> {
  const names = await readdir(join(rig.root, '.lftp-udp', 'partial'));
  const isJournal = (name: string): boolean => name.endsWith('.journal');
  return {
    parts: names.filter((name) => !isJournal(name)),
    journals: names.filter(isJournal),
  };
}

async function expectStored(bytes: Uint8Array): Promise<void> {
  expect((await readFile(join(rig.root, 'file'))).equals(bytes)).toBe(true);
  expect((await kept()).parts).toEqual([]);
}

describe('after a connection that died', () => {
  it('P-RES-06 only the rest is sent', async () => {
    await postPart(4 * CHUNK_BYTES);
    expect(await readdir(rig.root)).not.toContain('file');
    expect(await kept()).toMatchObject({ parts: [expect.any(String)] });
    const result = await post({ isAgain: true });
    expect(result.keptBytes).toBeGreaterThanOrEqual(CHUNK_BYTES);
    expect(result.sentBytes).toBe(SIZE_BYTES - (result.keptBytes ?? 0));
    expect(result.bytes).toBe(SIZE_BYTES);
    await expectStored(BYTES);
  });

  it.each([0, 1])('a bit flipped in stored chunk %i is sent again', async (chunk) => {
    await postPart(4 * CHUNK_BYTES);
    const [name = ''] = (await kept()).parts;
    const path = join(rig.root, '.lftp-udp', 'partial', name);
    const stored = await readFile(path);
    stored[chunk * CHUNK_BYTES + 77]! ^= 1;
    await writeFile(path, stored);
    const held = Math.floor(stored.length / CHUNK_BYTES);
    const result = await post({ isAgain: true });
    expect(result.keptBytes).toBe((held - 1) * CHUNK_BYTES);
    await expectStored(BYTES);
  });

  it.each([
    ['its time', content(8), 1_700_000_001],
    ['its size', content(7, SIZE_BYTES + 1), 1_700_000_000],
    ['only its content', content(8), 1_700_000_000],
  ])('P-RES-05 a source that changed in %s is sent whole', async (_what, bytes, mtimeS) => {
    await postPart(4 * CHUNK_BYTES);
    await writeSource(bytes, mtimeS);
    expect((await post({ isAgain: true })).sentBytes).toBe(bytes.length);
    await expectStored(bytes);
  });

  it('nobody else goes on with it', async () => {
    await postPart(4 * CHUNK_BYTES);
    const other = new Uint8Array(16).fill(1);
    expect((await post({ isAgain: true, id: other })).keptBytes).toBe(0);
    expect((await kept()).parts).toHaveLength(1);
  });
});

describe('an answer that was lost', () => {
  it.each(['always', 'never'] as const)('P-RES-07 is given again with %s', async (overwrite) => {
    const first = await post({ isAgain: false, overwrite });
    const second = await post({ isAgain: true, overwrite });
    expect(second.digest).toEqual(first.digest);
    expect(second.path).toEqual(first.path);
    expect(second.sentBytes).toBe(0);
    await expectStored(BYTES);
  });

  it('is not given to whoever has another file by now', async () => {
    await post({ isAgain: false });
    await writeSource(content(9));
    await expect(post({ isAgain: true })).rejects.toMatchObject({ code: EXIT.SOURCE_CHANGED });
    await expectStored(BYTES);
  });
});

describe('two writers', () => {
  it('with transfers of their own never mix', async () => {
    const [one, two] = [content(1), content(2)];
    await postPart(3 * CHUNK_BYTES);
    await writeSource(one);
    const first = post({ isAgain: false, id: new Uint8Array(16).fill(1) });
    await first;
    await writeSource(two);
    await post({ isAgain: false, id: new Uint8Array(16).fill(2) });
    expect((await readFile(join(rig.root, 'file'))).equals(two)).toBe(true);
  });

  it('of one transfer, the later one goes on and the earlier one is told', async () => {
    const session = rig.client();
    const source = await openLocalFile(local);
    const channel = rig.channels.at(-1)!;
    const half = deferred<undefined>();
    let sent = 0;
    const sendData = channel.sendData.bind(channel);
    channel.sendData = async (slab, lengthBytes) => {
      sent += lengthBytes;
      await sendData(slab, lengthBytes);
      if (sent >= 3 * CHUNK_BYTES) await half.promise;
    };
    const transfer = { transfer: ID, isAgain: false };
    const what = { path: ['file'], name: undefined, source, overwrite: 'always' } as const;
    const options = { ...what, keep: false, transfer, signal: NEVER, observer: QUIET };
    const earlier = postFile(session, options).catch((error: unknown) => error);
    while (sent < 3 * CHUNK_BYTES) await new Promise((resolve) => setImmediate(resolve));
    await post({ isAgain: true });
    await expectStored(BYTES);
    half.resolve(undefined);
    expect(await earlier).toMatchObject({ code: EXIT.TEMPORARY });
    await source.close();
    await expectStored(BYTES);
  });
});
