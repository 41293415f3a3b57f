/** A hostile server against the client as a person has it: where bytes go, and what is shown. */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'cbor2/encoder';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { planGet } from '../../src/cli/commands/get.ts';
import type { Flags } from '../../src/cli/flag-values.ts';
import { Output } from '../../src/cli/output.ts';
import { BAR_INTERVAL_MS, Progress } from '../../src/cli/progress.ts';
import { statusText } from '../../src/cli/shell-status.ts';
import { TransferMeter } from '../../src/cli/transfer-meter.ts';
import { runGet, runPost, type TransferContext } from '../../src/cli/transfer.ts';
import { createDigest } from '../../src/io/digest.ts';
import { ClientSession } from '../../src/service/client-session.ts';
import { EXIT, LftpError } from '../../src/service/error.ts';
import { openLocalFile } from '../../src/service/store-local.ts';
import { channelPair, type FakeChannel } from '../unit/service/fake-channel.ts';
import { NEVER } from '../unit/service/session-rig.ts';

/** What a terminal acts on, or what makes one text look like another. */
const ACTIVE = '\u001b[2J\u001b]0;owned\u0007\u009b31m\r\b\0\u202eevil\u2028\u200b\nlftp: done';
const HOSTILE = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u;

let folder: string;
let work: string;
let session: ClientSession;
let server: FakeChannel;
let shown: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lftp-hostile-'));
  work = join(folder, 'work');
  await mkdir(join(work, 'into'), { recursive: true });
  await writeFile(join(work, 'other'), 'mine');
  await writeFile(join(folder, 'beside'), 'mine');
  const [client, peer] = channelPair();
  session = new ClientSession(client);
  server = peer;
  shown = '';
});

afterEach(async () => {
  server.abort(0);
  await rm(folder, { recursive: true });
});

const flagsOf = (json: boolean, preserve = false): Flags =>
  ({ json, quiet: false, verbose: 2, progress: 'none', overwrite: 'always', preserve }) as Flags;

function contextOf(flags: Flags): TransferContext {
  const sink = { write: (text: string): void => void (shown += text) };
  const { json, quiet, verbose } = flags;
  const output = new Output({ json, quiet, verbose, isStdoutTaken: false }, sink, sink, () => 0);
  return { session, flags, output, signal: NEVER, startedMs: performance.now() };
}

/** Fetches `x` as the command does, with what it prints. @returns the exit code */
async function fetchX(local: string, json: boolean, preserve = false): Promise<number> {
  const flags = flagsOf(json, preserve);
  const context = contextOf(flags);
  try {
    const job = await planGet(
      { path: ['x'], isFolder: false },
      join(work, local),
      flags,
      () => undefined,
    );
    await runGet(context, job);
    return EXIT.OK;
  } catch (error) {
    if (!(error instanceof LftpError)) throw error;
    context.output.error(error);
    return error.code;
  }
}

async function say(...messages: object[]): Promise<void> {
  for (const message of messages) {
    // A client that has left hears nothing more.
    await server.sendMessage(encode(message)).catch(() => undefined);
  }
}

async function digestOf(text: string): Promise<Uint8Array> {
  const digest = await createDigest();
  digest.update(new TextEncoder().encode(text));
  return digest.digest();
}

async function sendRecord(text: string, error = 0): Promise<void> {
  const slab = await server.acquireSlab(text.length + 1);
  new TextEncoder().encodeInto(text, slab.bytes);
  await server.sendData(slab, text.length).catch(() => undefined);
  server.endData(error);
}

/** All files below the folder, apart from those that were there. */
async function newFiles(): Promise<string[]> {
  const all = await readdir(folder, { recursive: true });
  expect(await readFile(join(folder, 'beside'), 'utf8')).toBe('mine');
  expect(await readFile(join(work, 'other'), 'utf8')).toBe('mine');
  return all.filter((name) => !['beside', 'work', 'work/other', 'work/into'].includes(name));
}

function expectClean(): void {
  expect(HOSTILE.exec(shown)?.[0]).toBe(undefined);
  // A line feed of the server's would begin a line that looks like one of ours.
  expect(shown).not.toMatch(/^lftp: done/m);
}

const file = { re: 1, size: 3, mtimeMs: 1e12, mode: 0o644 };
const counts = { sent: 1, retransmitted: 0, controller: ACTIVE };

/** Each says what a server that means harm says to `get x`, and what the client makes of it. */
const SHAPES: [string, number, () => Promise<void>][] = [
  [
    'names for the file',
    EXIT.OK,
    async () => {
      const names = { name: '../beside', path: ['..', 'beside'], local: '/etc/passwd', to: ACTIVE };
      await say({ ...file, ...names });
      await sendRecord('abc');
      await say({ op: 'digest', id: 1, digest: await digestOf('abc'), counts, ...names });
    },
  ],
  [
    'files that nobody asked for',
    EXIT.OK,
    async () => {
      await say({ ...file, re: 7, path: ['other'] }, { ...file, re: 2 });
      await say(file, file);
      await sendRecord('abc');
      await say({ op: 'digest', id: 7, digest: await digestOf('evil') });
      await say({ op: 'digest', id: 1, digest: await digestOf('abc') });
      await sendRecord('evil');
    },
  ],
  [
    'a place where it is',
    EXIT.PROTOCOL,
    async () => say({ re: 1, committed: true, digest: new Uint8Array(32), path: ['other'] }),
  ],
  ['an answer to something else', EXIT.PROTOCOL, async () => say({ re: 1, go: true, size: 'x' })],
  [
    'more than it told',
    EXIT.VERIFICATION,
    async () => {
      await say({ ...file, size: 2 });
      await sendRecord('abc');
      await say({ op: 'digest', id: 1, digest: await digestOf('abc') });
    },
  ],
  [
    'another digest',
    EXIT.VERIFICATION,
    async () => {
      await say(file);
      await sendRecord('abc');
      await say({ op: 'digest', id: 1, digest: await digestOf('abd'), counts });
    },
  ],
  [
    'more than any disk holds',
    EXIT.NO_SPACE,
    async () => {
      await say({ ...file, size: Number.MAX_SAFE_INTEGER });
      await sendRecord('');
    },
  ],
  ['an error that paints', 4, async () => say({ re: 1, error: 4, message: ACTIVE })],
  ['a long error', 1, async () => say({ re: 1, error: 999, message: '\u001b'.repeat(16_000) })],
  ['an error as the last word', 8, async () => say({ op: 'error', error: 8, message: ACTIVE })],
  ['an error without a word', 15, async () => say({ re: 1, error: 15, message: '' })],
  [
    'an early end',
    EXIT.OTHER,
    async () => {
      await say(file);
      await sendRecord('ab', 4_000_000_000);
    },
  ],
  ['nonsense', EXIT.PROTOCOL, async () => say({ mood: ACTIVE })],
  ['the keys of an object', EXIT.PROTOCOL, async () => say({ __proto__: 1, constructor: ACTIVE })],
  ['a size below nothing', EXIT.PROTOCOL, async () => say({ ...file, size: -1 })],
  ['a time that is none', EXIT.PROTOCOL, async () => say({ ...file, mtimeMs: NaN })],
];

describe('a server that means harm', () => {
  it.each(SHAPES)('P-SVC-07 P-SVC-09 and sends %s moves no other file', async (_, exit, act) => {
    for (const json of [false, true]) {
      const [client, peer] = channelPair();
      session = new ClientSession(client);
      server = peer;
      shown = '';
      const running = fetchX('mine', json);
      await server.nextMessage();
      await act();
      expect([json, await running]).toEqual([json, exit]);
      expect(await newFiles()).toEqual(exit === EXIT.OK ? ['work/mine'] : []);
      if (exit === EXIT.OK) {
        expect(await readFile(join(work, 'mine'), 'utf8')).toBe('abc');
        await rm(join(work, 'mine'));
      }
      expect(shown).not.toBe('');
      expectClean();
    }
  });

  it('P-SVC-07 does not choose the name in a folder', async () => {
    const running = fetchX('into/', false);
    await server.nextMessage();
    await say({ ...file, name: '../../beside' });
    await sendRecord('abc');
    await say({ op: 'digest', id: 1, digest: await digestOf('abc') });
    expect(await running).toBe(EXIT.OK);
    expect(await newFiles()).toEqual(['work/into/x']);
  });

  it('P-SVC-15 gives no file the rights of somebody else, nor a time that is none', async () => {
    const running = fetchX('mine', false, true);
    await server.nextMessage();
    await say({ ...file, mode: 0o107777 });
    await sendRecord('abc');
    await say({ op: 'digest', id: 1, digest: await digestOf('abc') });
    expect(await running).toBe(EXIT.OK);
    expect((await stat(join(work, 'mine'))).mode & 0o7777).toBe(0o777);
    await rm(join(work, 'mine'));
    const again = fetchX('mine', false, true);
    await server.nextMessage();
    await say({ ...file, re: 2, mtimeMs: 1e300 });
    await sendRecord('abc');
    await say({ op: 'digest', id: 2, digest: await digestOf('abc') });
    await again;
    expect((await newFiles()).filter((name) => name !== 'work/mine')).toEqual([]);
    expectClean();
  });

  it('does not paint with the place of a post', async () => {
    for (const json of [false, true]) {
      const [client, peer] = channelPair();
      session = new ClientSession(client);
      server = peer;
      const source = await openLocalFile(join(work, 'other'));
      const job = { path: ['x'], local: ACTIVE, name: undefined, source };
      const running = runPost(contextOf(flagsOf(json)), job);
      await server.nextMessage();
      await say({ re: 1, go: true });
      const run = await server.nextRun(4);
      server.releaseRun(run!);
      // Its digest: only then may the server say that the file is in place.
      await server.nextMessage();
      const digest = await digestOf('mine');
      await say({ re: 1, committed: true, digest, path: ['..', ACTIVE] });
      await running;
      await source.close();
      expect(shown).toContain('done');
      expect(HOSTILE.exec(shown)?.[0]).toBe(undefined);
    }
  });

  it('does not paint with its state', async () => {
    const asked = session.status();
    await server.nextMessage();
    const state = { clients: 2 ** 53 - 1, uptimeSeconds: 1e308, version: ACTIVE, access: ACTIVE };
    await say({ re: 1, ...state });
    const stats = { ...server.stats(), phase: 'slow start' };
    const identity = { user: 'alice', fingerprint: 'SHA256:x' };
    contextOf(flagsOf(false)).output.show(statusText('host', identity, await asked, stats));
    expect(shown).toContain('lftp-udp');
    expectClean();
  });

  it('does not paint with its progress', () => {
    vi.useFakeTimers();
    try {
      const { output } = contextOf(flagsOf(true));
      let drawn = '';
      const screen = { isTTY: true, columns: 80, write: (text: string) => (drawn += text) };
      const stats = { ...server.stats(), bytesDelivered: 2 ** 52, bytesAcknowledged: 2 ** 52 };
      const channel = { stats: () => stats } as unknown as FakeChannel;
      for (const style of ['bar', 'plain'] as const) {
        const meter = new TransferMeter('get', channel, () => 0);
        meter.onPhase('data', 2 ** 53 - 1);
        const progress = new Progress(meter, `/${ACTIVE}`, style, output, screen);
        vi.advanceTimersByTime(60 * BAR_INTERVAL_MS);
        progress.stop();
      }
      shown += drawn.replaceAll('\r\u001b[K', '');
      expect(drawn).toContain('%');
      expect(HOSTILE.exec(shown)?.[0]).toBe(undefined);
    } finally {
      vi.useRealTimers();
    }
  });
});
