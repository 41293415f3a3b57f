import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { read } from '../unit/transport/segments.ts';
import { CliRig } from './cli-rig.ts';

/** Longest request that fits into the third message, and some beyond it. */
const LONG_PATH = [1, 2, 3, 4, 5, 6].map((n) => `${n}`.repeat(200)).join('/');

let rig: CliRig;
let front: Socket;
let back: Socket;
/** What passed, without acknowledgements and repeats, in order: `up syn`, `down dat`. */
let passed: string[];
const seen = new Set<string>();

function note(way: 'up' | 'down', bytes: Uint8Array): void {
  const { kind, seq } = read(0, bytes);
  const name = `${way} ${kind} ${seq}`;
  if (kind !== 'ack' && kind !== 'probe' && !seen.has(name)) passed.push(`${way} ${kind}`);
  seen.add(name);
}

/** A wire between one client and the server that somebody looks at. */
async function tap(): Promise<number> {
  front = createSocket('udp4').bind(0, '127.0.0.1');
  back = createSocket('udp4').bind(0, '127.0.0.1');
  await Promise.all([once(front, 'listening'), once(back, 'listening')]);
  let clientPort = 0;
  front.on('message', (bytes, { port }) => {
    clientPort = port;
    note('up', bytes);
    back.send(bytes, rig.port, '127.0.0.1');
  });
  back.on('message', (bytes) => {
    note('down', bytes);
    front.send(bytes, clientPort, '127.0.0.1');
  });
  return front.address().port;
}

beforeEach(async () => {
  rig = await CliRig.make('--anonymous=rw');
  passed = [];
  seen.clear();
});

afterEach(async () => {
  front.close();
  back.close();
  await rig.remove();
});

it('a get of 1 KiB takes two round trips: its request is in the third message', async () => {
  await writeFile(join(rig.root, 'file'), 'x'.repeat(1024));
  const port = await tap();
  expect(await rig.run(['get', `127.0.0.1:${port}:file`])).toMatchObject({ code: 0 });
  expect(await readFile(join(rig.work, 'file'), 'utf8')).toBe('x'.repeat(1024));
  const firstData = passed.indexOf('down dat');
  expect(passed.slice(0, firstData + 1)).toEqual([
    'up syn',
    'down synAck',
    'up third',
    'down op',
    'down dat',
  ]);
  expect(passed).not.toContain('up op');
});

it('a post of 1 KiB sends its file right behind the third message', async () => {
  await writeFile(join(rig.work, 'file'), 'x'.repeat(1024));
  const port = await tap();
  expect(await rig.run(['post', 'file', `127.0.0.1:${port}:`])).toMatchObject({ code: 0 });
  expect(await readFile(join(rig.root, 'file'), 'utf8')).toBe('x'.repeat(1024));
  expect(passed.slice(0, 3)).toEqual(['up syn', 'down synAck', 'up third']);
  // The only message of its own is the digest.
  expect(passed.filter((name) => name === 'up op')).toHaveLength(1);
});

it('a request too long for the third message begins there and goes on behind it', async () => {
  const port = await tap();
  const path = LONG_PATH.slice(0, 1000);
  expect(await rig.run(['get', `127.0.0.1:${port}:${path}`, 'out'])).toMatchObject({ code: 4 });
  expect(passed.slice(0, 3)).toEqual(['up syn', 'down synAck', 'up third']);
});

it('a shell asks for nothing while it connects', async () => {
  const port = await tap();
  const ended = await rig.run(['connect', '-c', 'status', `127.0.0.1:${port}`]);
  expect(ended).toMatchObject({ code: 0 });
  expect(passed.filter((name) => name === 'up op')).toHaveLength(1);
});
