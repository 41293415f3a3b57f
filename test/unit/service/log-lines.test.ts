/** What peers say, in the log: one line of JSON each, without anything that a terminal acts on. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'cbor2/encoder';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLog } from '../../../src/cli/log-file.ts';
import { EXIT, LftpError } from '../../../src/service/error.ts';
import type { ServiceLog } from '../../../src/service/log.ts';
import { ServerSession } from '../../../src/service/server-session.ts';
import { ServedTree } from '../../../src/service/store-tree.ts';
import { Store } from '../../../src/service/store.ts';
import { channelPair, type FakeChannel } from './fake-channel.ts';

const HOSTILE = [
  'a\nb',
  '\u001b[2J',
  '\u009b31m',
  '\r{"level":30,"msg":"forged"}',
  '\0',
  '\u007f',
  '\u2028\u2029',
  '\u202eevil',
  '\u200b\ufeff',
  '","msg":"forged',
  '\\n',
];
const ACTIVE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

let folder: string;
let tree: ServedTree;
let store: Store;
let log: ServiceLog;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lftp-log-'));
  await mkdir(join(folder, 'root', 'sub'), { recursive: true });
  tree = await ServedTree.open(join(folder, 'root'));
  store = await Store.open(tree, { home: undefined, access: 'rw' });
  log = await openLog(join(folder, 'log'), 'debug', (error) => {
    throw error;
  });
});

afterEach(async () => {
  await store.close();
  await tree.close();
  await rm(folder, { recursive: true });
});

async function lines(): Promise<string[]> {
  const text = await readFile(join(folder, 'log'), 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text.slice(0, -1).split('\n');
}

/** One session whose client says all of it, and leaves. */
async function serve(...messages: object[]): Promise<void> {
  const [client, server]: [FakeChannel, FakeChannel] = channelPair();
  const session = new ServerSession(server, {
    store,
    log,
    account: 'somebody',
    version: '0.0.0',
    makeTokens: () => [],
    clientCount: () => 1,
    uptimeSeconds: () => 1,
  });
  const ended = session.run();
  for (const message of messages) await client.sendMessage(encode(message));
  for (const message of messages) if ('size' in message) client.endData();
  for (let i = 0; i < 5; i += 1) await new Promise((resolve) => setImmediate(resolve));
  client.finish();
  await ended;
}

describe('the log', () => {
  it('has one line for each thing, whatever the names in it are', async () => {
    const names = HOSTILE.flatMap((name) => [[name], ['sub', name], [name, name]]);
    for (const path of names) {
      const post = { op: 'post', size: 0, overwrite: 'always', mtimeMs: 0 };
      await serve({ op: 'get', id: 1, path }, { ...post, id: 2, path });
      await serve({ ...post, id: 1, path: ['sub'], name: path.at(-1) });
      await serve({ op: path[0], id: 3, [path[0]!]: 1 }, { op: path[0] });
    }
    const all = await lines();
    expect(all.length).toBeGreaterThanOrEqual(3 * names.length);
    for (const line of all) {
      expect(line).not.toMatch(ACTIVE);
      const entry = JSON.parse(line) as Record<string, unknown>;
      expect(entry['level']).toBeTypeOf('number');
      expect(entry['msg']).toMatch(/^((get|post) (done|failed)|session ended)$/);
    }
    expect(all.some((line) => line.includes('x1b'))).toBe(true);
  });

  it('has one line for each error, whatever its fields are', async () => {
    for (const text of HOSTILE) {
      const fields = { address: text, account: text, path: text, error: text, deep: { text } };
      for (const level of ['info', 'warn', 'error'] as const)
        log[level]({ ...fields, [text]: 1 }, text);
      const cause = new LftpError(EXIT.OTHER, 'remote', text, { path: text, hint: text });
      log.error({ err: cause }, 'failed');
    }
    const all = await lines();
    expect(all).toHaveLength(4 * HOSTILE.length);
    for (const line of all) {
      expect(line).not.toMatch(ACTIVE);
      JSON.parse(line);
    }
    // Whoever parses a line gets the very text.
    const accounts = all.map((line) => (JSON.parse(line) as { account?: string }).account);
    for (const text of HOSTILE) expect(accounts).toContain(text);
  });

  it('adds to what is there, also to a line that was cut off', async () => {
    await writeFile(join(folder, 'log'), '');
    log.info({ path: 'x' }, 'one');
    log.info({ path: 'y' }, 'two');
    expect(await lines()).toHaveLength(2);
  });
});
