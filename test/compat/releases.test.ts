import { createHash, randomBytes } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { PROGRAM } from '../integration/cli-rig.ts';
import { keptVersions, unpackRelease } from './archive.ts';

const children: ChildProcess[] = [];
const folders: string[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function start(program: string, folder: string, args: readonly string[]): ChildProcess {
  const env = {
    PATH: process.env['PATH'],
    XDG_DATA_HOME: join(folder, 'data'),
    LFTPU_HOST_KEY: 'accept-new',
  };
  const child = spawn(process.execPath, [program, ...args], { cwd: folder, env });
  child.stdin.end();
  children.push(child);
  return child;
}

async function run(program: string, folder: string, args: readonly string[]): Promise<string> {
  const child = start(program, folder, args);
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise((resolve) => child.on('close', resolve));
  return code === 0 ? '' : `exit ${String(code)}: ${said}`;
}

/** A server of `program`; resolves with its port. */
async function serve(program: string, folder: string): Promise<number> {
  const args = ['serve', 'root', '--json', '--host', '127.0.0.1', '-P', '0', '--anonymous=rw'];
  const child = start(program, folder, args);
  return await new Promise((resolve) => {
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      const port = /"event":"listening".*?"port":(\d+)/.exec(said)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
  });
}

/** A file there and back again. */
async function exchange(server: string, client: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'lftp-compat-'));
  folders.push(folder);
  mkdirSync(join(folder, 'root'));
  const bytes = randomBytes(700_000);
  writeFileSync(join(folder, 'file'), bytes);
  const port = await serve(server, folder);
  const address = `lftp://127.0.0.1:${port}/kept`;
  expect(await run(client, folder, ['post', 'file', address])).toBe('');
  expect(await run(client, folder, ['get', address, 'back'])).toBe('');
  const digest = (path: string): string =>
    createHash('sha256')
      .update(readFileSync(join(folder, path)))
      .digest('hex');
  expect([digest('root/kept'), digest('back')]).toEqual([digest('file'), digest('file')]);
}

describe('a kept release', () => {
  it('is there: without one nothing is compared', () => {
    expect(keptVersions().length).toBeGreaterThan(0);
  });

  describe.each(keptVersions())('%s', (version) => {
    it('serves a client of this version', async () => {
      await exchange(unpackRelease(version).program, PROGRAM);
    });

    it('is served by this version', async () => {
      await exchange(PROGRAM, unpackRelease(version).program);
    });
  });
});
