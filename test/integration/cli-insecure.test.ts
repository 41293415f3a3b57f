/** The unsealed wire: both sides want it, and both hear what it is. */
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CliRig, eventIn } from './cli-rig.ts';

let open: CliRig;
let sealed: CliRig;

beforeAll(async () => {
  [open, sealed] = await Promise.all([CliRig.make('--insecure'), CliRig.make()]);
  await writeFile(join(open.root, 'file'), 'served');
  await writeFile(join(sealed.root, 'file'), 'served');
});

afterAll(async () => {
  await Promise.all([open.remove(), sealed.remove()]);
});

it('works with --insecure on both sides, and both say so', async () => {
  const bytes = randomBytes(300_000);
  await writeFile(join(open.root, 'long'), bytes);
  const ended = await open.run(['get', '--insecure', open.at('long')]);
  expect(ended).toMatchObject({ code: 0 });
  expect(bytes.equals(await readFile(join(open.work, 'long')))).toBe(true);
  expect(ended.stderr).toMatch(/^INSECURE: /m);
  expect(open.server.stderr).toMatch(/^INSECURE: /m);
  const { fingerprint, address } = await open.server.event('listening');
  expect({ fingerprint, address }).toEqual({
    fingerprint: null,
    address: `lftp://127.0.0.1:${open.port}/`,
  });
  expect(sealed.server.stderr).not.toContain('INSECURE');
});

it.each([
  ['a sealed client and an insecure server', () => open, []],
  ['an insecure client and a sealed server', () => sealed, ['--insecure']],
])('%s do not meet, and the hint says why', async (_, rig, flags) => {
  const startMs = performance.now();
  const args = ['get', '--json', '--patience=2s', ...flags, rig().at('file'), 'never'];
  const ended = await rig().run(args);
  expect(ended).toMatchObject({ code: 7 });
  expect(performance.now() - startMs).toBeLessThan(4000);
  expect(String(eventIn(ended.stdout, 'error')['hint'])).toContain('--insecure');
});

it.each([
  ['get', '--insecure', 'alice@127.0.0.1:1:a'],
  ['get', '--insecure', '-i', 'key', '127.0.0.1:1:a'],
  ['get', '--insecure', `127.0.0.1:1:a;fp=SHA256:${'A'.repeat(43)}`],
  ['connect', '--insecure', 'alice@127.0.0.1:2001'],
  ['serve', '--insecure', '--anonymous=off'],
  ['serve', '--insecure', '--cookie=always'],
])('lftp %s %s %s %s contradicts itself', async (...args) => {
  const ended = await open.run([...args, '--json']);
  expect(ended).toMatchObject({ code: 2 });
  expect(eventIn(ended.stdout, 'error')).toMatchObject({ code: 2, where: 'local' });
});

it('an insecure server makes no keys', async () => {
  await expect(readFile(join(open.data, 'lftp-udp', 'server', 'host.key'))).rejects.toThrow();
});
