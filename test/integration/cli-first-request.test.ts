import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { CliRig } from './cli-rig.ts';
import { Tap } from './tap.ts';

/** Longest request that fits into the third message, and some beyond it. */
const LONG_PATH = [1, 2, 3, 4, 5, 6].map((n) => `${n}`.repeat(200)).join('/');

let rig: CliRig;
let tap: Tap;

beforeEach(async () => {
  rig = await CliRig.make('--anonymous=rw');
  tap = await Tap.open(rig.port);
});

afterEach(async () => {
  tap.close();
  await rig.remove();
});

it('a get of 1 KiB takes two round trips: its request is in the third message', async () => {
  await writeFile(join(rig.root, 'file'), 'x'.repeat(1024));
  expect(await rig.run(['get', `127.0.0.1:${tap.port}:file`])).toMatchObject({ code: 0 });
  expect(await readFile(join(rig.work, 'file'), 'utf8')).toBe('x'.repeat(1024));
  const { order } = tap;
  const firstData = order.indexOf('down dat');
  const opening = order.slice(0, firstData + 1);
  // A tail probe may repeat the answer while the file is opened: that is no round trip.
  const steps = opening.filter((name, index) => name !== opening[index - 1]);
  expect(steps).toEqual(['up syn', 'down synAck', 'up third', 'down op', 'down dat']);
  expect(opening.filter((name) => name.startsWith('up'))).toHaveLength(2);
  expect(order).not.toContain('up op');
});

it('a post of 1 KiB sends its file right behind the third message', async () => {
  await writeFile(join(rig.work, 'file'), 'x'.repeat(1024));
  expect(await rig.run(['post', 'file', `127.0.0.1:${tap.port}:`])).toMatchObject({ code: 0 });
  expect(await readFile(join(rig.root, 'file'), 'utf8')).toBe('x'.repeat(1024));
  expect(tap.order.slice(0, 3)).toEqual(['up syn', 'down synAck', 'up third']);
  // The only message of its own is the digest.
  expect(tap.order.filter((name) => name === 'up op')).toHaveLength(1);
});

it('a request too long for the third message begins there and goes on behind it', async () => {
  const path = LONG_PATH.slice(0, 1000);
  expect(await rig.run(['get', `127.0.0.1:${tap.port}:${path}`, 'out'])).toMatchObject({ code: 4 });
  expect(tap.order.slice(0, 3)).toEqual(['up syn', 'down synAck', 'up third']);
});

it('a shell asks for nothing while it connects', async () => {
  const ended = await rig.run(['connect', '-c', 'status', `127.0.0.1:${tap.port}`]);
  expect(ended).toMatchObject({ code: 0 });
  expect(tap.order.filter((name) => name === 'up op')).toHaveLength(1);
});

it('a get loads nothing of what only servers, logs and wrong use need', async () => {
  await writeFile(join(rig.root, 'file'), 'x');
  const coverage = join(rig.folder, 'coverage');
  // Node writes down every script that it has run.
  const env = { NODE_V8_COVERAGE: coverage };
  expect(await rig.run(['get', rig.at('file')], { env })).toMatchObject({ code: 0 });
  const [name = ''] = await readdir(coverage);
  const loaded = await loadedFiles(join(coverage, name));
  expect(loaded).toContain('src/service/client-get.ts');
  expect(loaded.filter((file) => HEAVY.test(file))).toEqual([]);
});

/** What only some commands need: packages, and files of our own. */
const HEAVY = /libsql|zod|yargs|pino|database-store|client-login|service\/server/;

/** The scripts that a coverage report names; for files of the program what they were made of. */
async function loadedFiles(report: string): Promise<readonly string[]> {
  const { result } = JSON.parse(await readFile(report, 'utf8')) as {
    readonly result: readonly { readonly url: string }[];
  };
  const urls = result.map(({ url }) => url).filter((url) => url.startsWith('file:'));
  const parts = urls.map(async (url) => {
    if (!url.includes('/dist/bin/')) return [url];
    const text = await readFile(new URL(url), 'utf8');
    return [...text.matchAll(/^\/\/ (src\/\S+)$/gm)].map(([, file = '']) => file);
  });
  return (await Promise.all(parts)).flat();
}
