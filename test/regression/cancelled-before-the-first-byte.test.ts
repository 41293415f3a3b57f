/**
 * A transfer that was cancelled before its first byte was sent had no record at all, and its
 * receiver waited for one for ever: nothing was open that could have been abandoned.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { getFile } from '../../src/service/client-get.ts';
import { deferred } from '../../src/service/turns.ts';
import { NEVER, QUIET, Rig } from '../unit/service/session-rig.ts';
import { fetchTree } from '../unit/service/tree/tree-rig.ts';

let rig: Rig;

beforeEach(async () => {
  rig = await Rig.make('ro');
  await mkdir(join(rig.root, 'tree'));
  await writeFile(join(rig.root, 'tree/file'), 'x');
});

afterEach(async () => {
  await rig.settle();
  await rig.remove();
});

it('P-SVC-12 a file that nobody can take ends the record that has not begun', async () => {
  const client = rig.client();
  const server = rig.channels[0]!.other;
  const slow = deferred<undefined>();
  const acquire = server.acquireSlab.bind(server);
  server.acquireSlab = (bytes) => slow.promise.then(() => acquire(bytes));
  const full = new Error('no room');
  const getting = getFile(client, {
    path: ['tree', 'file'],
    openSink: () => Promise.reject(full),
    signal: NEVER,
    observer: QUIET,
  });
  await expect(getting).rejects.toBe(full);
  slow.resolve(undefined);
  expect((await client.status()).access).toBe('ro');
  await client.finish();
});

it('P-SVC-12 so does a tree', async () => {
  const client = rig.client();
  const server = rig.channels[0]!.other;
  const slow = deferred<undefined>();
  const acquire = server.acquireSlab.bind(server);
  server.acquireSlab = (bytes) => slow.promise.then(() => acquire(bytes));
  const place = join(rig.folder, 'place');
  await writeFile(place, 'a file');
  await expect(fetchTree(client, ['tree'], place)).rejects.toThrow('a file stands');
  slow.resolve(undefined);
  expect((await client.status()).access).toBe('ro');
  await client.finish();
});
