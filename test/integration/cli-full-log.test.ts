/** A log on a full disk ends; what it tells of goes on. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CliRig, eventIn, eventsIn } from './cli-rig.ts';

const TOLD = /\/dev\/full: no space left on the disk; going on without the log/g;

let rig: CliRig;

beforeAll(async () => {
  rig = await CliRig.make('--log-file=/dev/full');
  await writeFile(join(rig.root, 'file'), 'served');
});

afterAll(async () => {
  await rig.remove();
});

it('a client says so once, and gets its file', async () => {
  const plain = await rig.run(['get', '--quiet', '--log-file=/dev/full', rig.at('file')]);
  expect(plain.stderr.match(TOLD)).toHaveLength(1);
  expect(plain.code).toBe(0);
  expect(await readFile(join(rig.work, 'file'), 'utf8')).toBe('served');
});

it('a client that tells events tells this one too', async () => {
  const ended = await rig.run(['get', '--json', '--log-file=/dev/full', rig.at('file'), '-']);
  expect(ended).toMatchObject({ code: 0, stdout: 'served' });
  expect(eventIn(ended.stderr, 'warning')['path']).toBe('/dev/full');
  expect(eventsIn(ended.stderr).filter(({ event }) => event === 'warning')).toHaveLength(1);
});

it('a server says so once, and serves on', async () => {
  for (const name of ['one', 'two']) {
    expect(await rig.run(['get', rig.at('file'), name])).toMatchObject({ code: 0 });
  }
  rig.server.kill('SIGINT');
  const ended = await rig.server.ended;
  expect(ended.code).toBe(130);
  expect(ended.stderr.match(TOLD)).toHaveLength(1);
});
