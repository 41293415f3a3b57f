/** A thousand whole transfers, file to file, leave nothing behind. */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { getFile } from '../../src/service/client-get.ts';
import { postFile } from '../../src/service/client-post.ts';
import { dial } from '../../src/service/dial.ts';
import { createDownload, openLocalFile, planLocalTarget } from '../../src/service/store-local.ts';
import { startFileServer } from './file-server.ts';
import { expectNothingLeft, readResources } from './resources.ts';

const AT_ONCE = 10;
const FILE_BYTES = 50_000;
const observer = { onPhase: (): void => undefined };

async function transfer(folder: string, port: number, index: number): Promise<void> {
  const { session, link } = await dial({ host: '127.0.0.1', port });
  const { signal } = new AbortController();
  if (index % 2 === 0) {
    const target = await planLocalTarget(join(folder, `got-${index % AT_ONCE}`), 'x', 'always');
    const openSink: Parameters<typeof getFile>[1]['openSink'] = (file) =>
      createDownload(target, file, 'always', false);
    await getFile(session, { path: ['file'], openSink, signal, observer });
  } else {
    const source = await openLocalFile(join(folder, 'root', 'file'));
    const path = [`new-${index % AT_ONCE}`];
    const rules = { overwrite: 'always', keep: false, name: undefined } as const;
    await postFile(session, { path, source, signal, observer, ...rules });
    await source.close();
  }
  await session.finish();
  link.close();
}

async function transfers(folder: string, port: number, total: number): Promise<void> {
  for (let i = 0; i < total; i += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => transfer(folder, port, index)));
  }
}

it('a thousand transfers leave nothing behind', { timeout: 180_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'lftp-leaks-'));
  const root = join(folder, 'root');
  await mkdir(root);
  await writeFile(join(root, 'file'), randomBytes(FILE_BYTES));
  const server = await startFileServer(root, 100);
  const { port } = server.address;
  const settle = (): Promise<void> =>
    expect.poll(() => server.knownConnections, { timeout: 10_000 }).toBe(0);
  // Code is optimised and caches fill for some hundred transfers; the heap's growth falls off.
  await transfers(folder, port, 600);
  await settle();
  const before = await readResources();
  await transfers(folder, port, 1_000);
  await settle();
  const after = await readResources();
  expect(server.clientCount).toBe(0);
  expect(server.openFileCount).toBe(0);
  expectNothingLeft(before, after);
  await server.stop();
  await rm(folder, { recursive: true });
});
