/** The rules of the file service, message by message, without the other side's code. */
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encode } from 'cbor2/encoder';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDigest } from '../../../src/io/digest.ts';
import { getFile } from '../../../src/service/client-get.ts';
import { ClientSession } from '../../../src/service/client-session.ts';
import { EXIT } from '../../../src/service/error.ts';
import { decodeServerMessage } from '../../../src/service/messages.ts';
import { ERROR } from '../../../src/wire/codes.ts';
import { channelPair, type FakeChannel } from './fake-channel.ts';
import { NEVER, QUIET, Rig } from './session-rig.ts';

/** More than a sender may be ahead of its receiver. */
const BIG_BYTES = 4_000_000;

let rig: Rig;

beforeEach(async () => {
  rig = await Rig.make('rw');
});

afterEach(async () => {
  for (const channel of rig.channels) channel.abort(0);
  await rig.settle();
  expect(await rig.partials()).toEqual([]);
  expect(rig.tree.openFileCount).toBe(0);
  await rig.remove();
});

async function digestOf(text: string): Promise<Uint8Array> {
  const digest = await createDigest();
  digest.update(new TextEncoder().encode(text));
  return digest.digest();
}

async function say(channel: FakeChannel, ...messages: object[]): Promise<void> {
  for (const message of messages) await channel.sendMessage(encode(message));
}

/** The next messages of the server. */
async function hear(channel: FakeChannel, total: number): Promise<unknown[]> {
  const heard: unknown[] = [];
  while (heard.length < total) {
    const decoded = decodeServerMessage((await channel.nextMessage()) ?? new Uint8Array());
    heard.push(decoded.ok ? decoded.message : decoded.fault);
  }
  return heard;
}

async function sendRecord(channel: FakeChannel, text: string, error = 0): Promise<void> {
  const slab = await channel.acquireSlab(text.length + 1);
  new TextEncoder().encodeInto(text, slab.bytes);
  await channel.sendData(slab, text.length);
  channel.endData(error);
}

/** The next `dat` record, to its end. */
async function readRecord(channel: FakeChannel): Promise<{ bytes: number; error: number }> {
  let bytes = 0;
  for (;;) {
    const run = await channel.nextRun(1);
    if (run === undefined) throw new Error('no record');
    bytes += run.length;
    channel.releaseRun(run);
    if (run.end) return { bytes, error: run.error };
  }
}

const upload = (id: number, path: string[], size: number) =>
  ({ op: 'post', id, path, size, overwrite: 'always' }) as const;
const like = (fields: object): unknown => expect.objectContaining(fields);
const served = (name: string): string => join(rig.root, name);

describe('requests', () => {
  it('P-SVC-02 a fault whose id can be read is answered, and the session goes on', async () => {
    const channel = rig.connect();
    await say(channel, { op: 'fly', id: 1 }, { op: 'get', id: 2 }, { op: 'status', id: 3 });
    expect(await hear(channel, 3)).toEqual([
      like({ kind: 'error', re: 1, error: EXIT.PROTOCOL }),
      like({ kind: 'error', re: 2, error: EXIT.PROTOCOL }),
      like({ kind: 'status', re: 3 }),
    ]);
  });

  it.each([
    ['no id', encode({ op: 'get', path: [] })],
    ['no map', encode([1, 2])],
    ['an id below 0', encode({ op: 'status', id: -1 })],
    ['no CBOR', Uint8Array.of(0xff, 0xff)],
  ])('P-SVC-02 a fault with %s ends the session', async (_, bytes) => {
    const channel = rig.connect();
    await channel.sendMessage(bytes);
    expect(await channel.closed).toMatchObject({ kind: 'aborted', code: EXIT.PROTOCOL });
  });

  it('P-SVC-03 a number under way ends the session, one that is free does not', async () => {
    const channel = rig.connect();
    for (let i = 0; i < 2; i += 1) {
      await say(channel, upload(1, ['x'], 1), { op: 'digest', id: 1, digest: await digestOf('x') });
      await sendRecord(channel, 'x');
      expect(await hear(channel, 2)).toEqual([
        like({ kind: 'go', re: 1 }),
        like({ kind: 'committed', re: 1 }),
      ]);
    }
    await say(channel, upload(2, ['y'], 1), upload(2, ['y'], 1));
    expect(await channel.closed).toMatchObject({ kind: 'aborted', code: EXIT.PROTOCOL });
  });

  it('P-SVC-04 64 files may be asked for at once, and one more ends the session', async () => {
    const channel = rig.connect();
    const ids = Array.from({ length: 64 }, (_, index) => index);
    await say(channel, ...ids.map((id) => upload(id, ['x'], 1)), { op: 'status', id: 99 });
    const answers = await hear(channel, 2);
    expect(answers).toContainEqual(like({ kind: 'status', re: 99 }));
    await say(channel, upload(64, ['x'], 1));
    expect(await channel.closed).toMatchObject({ kind: 'aborted', code: EXIT.BUSY });
  });

  it('P-SVC-11 records come in the order of requests, and short answers do not wait', async () => {
    await writeFile(served('big'), Buffer.alloc(BIG_BYTES));
    await writeFile(served('small'), 'small');
    const channel = rig.connect();
    const ask = (id: number, name: string): object => ({ op: 'get', id, path: [name] });
    await say(channel, ask(1, 'big'), ask(2, 'small'));
    expect(await hear(channel, 1)).toEqual([like({ kind: 'file', re: 1 })]);
    await say(channel, { op: 'status', id: 3 });
    expect(await hear(channel, 1)).toEqual([like({ kind: 'status', re: 3 })]);
    expect(await readRecord(channel)).toEqual({ bytes: BIG_BYTES, error: 0 });
    expect(await readRecord(channel)).toEqual({ bytes: 5, error: 0 });
    expect(await hear(channel, 3)).toEqual([
      like({ op: 'digest', id: 1 }),
      like({ kind: 'file', re: 2 }),
      like({ op: 'digest', id: 2 }),
    ]);
  });
});

describe('files', () => {
  it('P-SVC-07 a get brings size, time and mode, one record, its digest', async () => {
    await writeFile(served('file'), 'served', { mode: 0o640 });
    const { mtimeMs } = await stat(served('file'));
    const channel = rig.connect();
    await say(channel, { op: 'get', id: 1, path: ['file'] });
    expect(await hear(channel, 2)).toEqual([
      { kind: 'file', re: 1, size: 6, mtimeMs, mode: 0o640 },
      like({ op: 'digest', id: 1, digest: await digestOf('served') }),
    ]);
    expect(await readRecord(channel)).toEqual({ bytes: 6, error: 0 });
  });

  it('P-SVC-07 a get that is refused brings one answer and no record', async () => {
    await writeFile(served('file'), 'served');
    const channel = rig.connect();
    await say(channel, { op: 'get', id: 1, path: ['none'] }, { op: 'get', id: 2, path: ['file'] });
    expect(await hear(channel, 3)).toEqual([
      like({ kind: 'error', re: 1, error: EXIT.MISSING }),
      like({ kind: 'file', re: 2 }),
      like({ op: 'digest', id: 2 }),
    ]);
    expect(await readRecord(channel)).toEqual({ bytes: 6, error: 0 });
  });

  it('P-SVC-08 the record of a refused post is read and forgotten', async () => {
    const channel = rig.connect();
    await say(channel, upload(1, ['none', 'x'], 5), upload(2, ['x'], 4));
    await sendRecord(channel, 'wrong');
    await sendRecord(channel, 'mine');
    await say(channel, { op: 'digest', id: 2, digest: await digestOf('mine') });
    expect(await hear(channel, 3)).toEqual([
      like({ kind: 'error', re: 1, error: EXIT.MISSING }),
      { kind: 'go', re: 2 },
      like({ kind: 'committed', re: 2 }),
    ]);
  });

  it('P-SVC-08 P-SVC-14 a post needs no answer on its way, and is told its place', async () => {
    const channel = rig.connect();
    const digest = await digestOf('mine');
    await say(channel, { ...upload(1, [], 4), name: 'taken' }, { op: 'digest', id: 1, digest });
    await sendRecord(channel, 'mine');
    expect(await hear(channel, 2)).toEqual([
      { kind: 'go', re: 1 },
      { kind: 'committed', re: 1, digest, path: ['taken'] },
    ]);
    expect(await readFile(served('taken'), 'utf8')).toBe('mine');
  });

  it.each([
    [ERROR.SOURCE_CHANGED, ERROR.SOURCE_CHANGED],
    [ERROR.REMOTE_IO, ERROR.CANCELLED],
    [ERROR.CANCELLED, ERROR.CANCELLED],
  ])('P-SVC-10 a post that ends early with %i is answered by %i', async (early, answer) => {
    const channel = rig.connect();
    await say(channel, upload(1, ['x'], 4));
    await sendRecord(channel, 'mine', early);
    expect(await hear(channel, 2)).toEqual([
      { kind: 'go', re: 1 },
      like({ kind: 'error', re: 1, error: answer }),
    ]);
    await expect(stat(served('x'))).rejects.toThrow();
  });
});

describe('cancel', () => {
  const cancel = (id: number) => ({ op: 'cancel', id, code: ERROR.CANCELLED }) as const;

  it('P-SVC-12 ends the record of a get early, and no digest follows', async () => {
    await writeFile(served('big'), Buffer.alloc(BIG_BYTES));
    const channel = rig.connect();
    await say(channel, { op: 'get', id: 1, path: ['big'] });
    expect(await hear(channel, 1)).toEqual([like({ kind: 'file', re: 1 })]);
    await say(channel, cancel(1));
    const { bytes, error } = await readRecord(channel);
    expect(bytes).toBeLessThan(BIG_BYTES);
    expect(error).toBe(ERROR.CANCELLED);
    await say(channel, { op: 'status', id: 2 });
    expect(await hear(channel, 1)).toEqual([like({ kind: 'status', re: 2 })]);
  });

  it('P-SVC-12 answers a get that still waits, and knows no other number', async () => {
    await writeFile(served('big'), Buffer.alloc(BIG_BYTES));
    const channel = rig.connect();
    await say(channel, { op: 'get', id: 1, path: ['big'] }, { op: 'get', id: 2, path: ['big'] });
    await say(channel, cancel(2), cancel(99));
    expect(await readRecord(channel)).toEqual({ bytes: BIG_BYTES, error: 0 });
    expect(await hear(channel, 3)).toEqual([
      like({ kind: 'file', re: 1 }),
      like({ op: 'digest', id: 1 }),
      like({ kind: 'error', re: 2, error: ERROR.CANCELLED }),
    ]);
  });

  it('P-SVC-12 answers a post that waits for its digest', async () => {
    const channel = rig.connect();
    await say(channel, upload(1, ['x'], 4));
    await sendRecord(channel, 'mine');
    await say(channel, cancel(1));
    expect(await hear(channel, 2)).toEqual([
      { kind: 'go', re: 1 },
      like({ kind: 'error', re: 1, error: ERROR.CANCELLED }),
    ]);
    await expect(stat(served('x'))).rejects.toThrow();
  });
});

describe('a client', () => {
  it('P-SVC-02 ends a session whose server it cannot understand', async () => {
    const [client, server] = channelPair();
    const asked = new ClientSession(client).status();
    await say(server, { re: 1, mood: 'good' });
    await expect(asked).rejects.toMatchObject({ code: EXIT.PROTOCOL });
    expect(await server.closed).toMatchObject({ kind: 'aborted', code: ERROR.PROTOCOL });
  });

  it.each([
    ['another digest', 'abx', 3],
    ['fewer bytes', 'abc', 4],
    ['more bytes', 'abc', 2],
  ])('P-SVC-09 keeps nothing of a file with %s', async (_, told, size) => {
    const [client, server] = channelPair();
    const ends: string[] = [];
    const running = getFile(new ClientSession(client), {
      path: ['x'],
      openSink: () =>
        Promise.resolve({
          runBytes: 1,
          write: () => Promise.resolve(),
          commit: () => Promise.resolve(void ends.push('commit')),
          discard: () => Promise.resolve(void ends.push('discard')),
        }),
      signal: NEVER,
      observer: QUIET,
    });
    await say(server, { re: 1, size, mtimeMs: 0, mode: 0o600 });
    await sendRecord(server, 'abc');
    await say(server, { op: 'digest', id: 1, digest: await digestOf(told) });
    await expect(running).rejects.toMatchObject({ code: EXIT.VERIFICATION });
    expect(ends).toEqual(['discard']);
  });

  it('P-SVC-18 ends every request with a message that is no answer', async () => {
    const [client, server] = channelPair();
    const session = new ClientSession(client);
    const asked = [session.status(), session.count()];
    await say(server, { op: 'error', error: EXIT.BUSY, message: 'full' });
    for (const request of asked) {
      await expect(request).rejects.toMatchObject({ code: EXIT.BUSY, where: 'remote' });
    }
    await expect(session.status()).rejects.toMatchObject({ code: EXIT.BUSY });
  });
});
