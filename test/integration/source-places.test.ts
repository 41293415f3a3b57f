/** How many places of a server one source may have. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ClientLink, connect } from '../../src/io/connect.ts';
import { guestsPerSource } from '../../src/service/limits.ts';
import type { FileServer } from '../../src/service/server.ts';
import { until } from './cli-rig.ts';
import { startFileServer } from './file-server.ts';

let root: string;
let server: FileServer;
const links: ClientLink[] = [];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'lftp-places-'));
  server = await startFileServer(root, 100, 3);
});

afterEach(async () => {
  for (const link of links.splice(0)) {
    link.channel.abort(0);
    link.close();
  }
  await server.stop();
  await rm(root, { recursive: true });
});

async function enter(): Promise<ClientLink> {
  const { host, port } = server.address;
  const link = await connect({ host, port });
  links.push(link);
  return link;
}

it('P-LOGIN-14 one source has a number of places, and one again for each that leaves', async () => {
  const first = await enter();
  await enter();
  await enter();
  await until(() => (server.clientCount === 3 ? true : undefined));
  const fourth = await enter();
  expect(await fourth.channel.closed).toEqual({ kind: 'aborted', by: 'peer', code: 21 });
  expect(server.clientCount).toBe(3);
  first.channel.abort(0);
  await until(() => (server.clientCount === 2 ? true : undefined));
  await enter();
  await until(() => (server.clientCount === 3 ? true : undefined));
});

it.each([
  [1, 1],
  [8, 8],
  [9, 8],
  [64, 63],
  [100, 98],
  [1024, 1008],
])('of %i places one source has %i unless the server is told otherwise', (places, share) => {
  expect(guestsPerSource(places)).toBe(share);
});
