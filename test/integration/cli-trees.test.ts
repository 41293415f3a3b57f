import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startRelay } from '../../src/cli/relay.ts';
import { harvest, plant } from '../unit/service/tree/tree-rig.ts';
import { CliRig, eventIn, eventsIn, until } from './cli-rig.ts';

let rig: CliRig;

const local = (name: string): string => join(rig.work, name);
const served = (name: string): string => join(rig.root, name);

/** Names below `folder` that no command should leave behind. */
async function strays(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => name.endsWith('.lftp-part'));
}

async function plantMany(root: string, count: number, bytes: number): Promise<void> {
  const names = Array.from({ length: count }, (_, i) => `d${i % 9}/e${i % 4}/f${i}`);
  const content = randomBytes(bytes).toString('latin1');
  await plant(root, Object.fromEntries(names.map((name, i) => [name, `${i}${content}`])));
}

beforeEach(async () => {
  rig = await CliRig.make('--anonymous=rw');
});

afterEach(async () => {
  expect(await rig.partials()).toEqual([]);
  expect(await strays(rig.work)).toEqual([]);
  await rig.remove();
});

describe('post -r and get -r', () => {
  it('P-TREE-01 P-TREE-05 move a thousand files there and back', async () => {
    await plantMany(local('tree'), 1000, 3000);
    await mkdir(local('tree/empty'));
    await writeFile(local('tree/large'), randomBytes(2_000_000));
    const posted = await rig.run(['post', '-r', '--json', 'tree', rig.at('')]);
    expect(posted).toMatchObject({ code: 0 });
    expect(await harvest(served('tree'))).toEqual(await harvest(local('tree')));
    const got = await rig.run(['get', '-r', '--json', rig.at('tree'), 'back']);
    expect(got).toMatchObject({ code: 0 });
    expect(await harvest(local('back'))).toEqual(await harvest(local('tree')));
    const counted = { files: 1001, folders: 46, skipped: 0, failed: 0, digest: null };
    const up = eventIn(posted.stdout, 'done');
    expect(up).toMatchObject({ op: 'post', path: '/tree', local: 'tree', ...counted });
    const down = eventIn(got.stdout, 'done');
    expect(down).toMatchObject({ op: 'get', path: '/tree', local: 'back', ...counted });
    expect(down['bytes']).toBe(up['bytes']);
    expect(posted.stderr).toContain('1001 files, 46 folders, 0 skipped, 0 failed');
  });

  it('go into a folder that is there, by the name of the source', async () => {
    await plant(local('tree'), { 'a/file': 'x' });
    await mkdir(local('into'));
    await mkdir(served('in'));
    const names = [
      ['post', '-r', 'tree', rig.at('in')],
      ['post', '-r', 'tree/', rig.at('in/more/')],
      ['post', '-r', 'tree/.', rig.at('plain')],
      ['get', '-r', rig.at('in/'), 'into'],
      ['get', '-r', rig.at('in')],
      ['get', '-r', rig.at('plain/a/file'), 'into'],
    ];
    const codes: (number | null)[] = [];
    for (const args of names) codes.push((await rig.run(args)).code);
    // A folder that is missing on the way is not made.
    expect(codes).toEqual([0, 4, 0, 0, 0, 0]);
    expect(await harvest(served('plain'))).toEqual({ 'a/file': 'x' });
    expect(await harvest(served('in'))).toEqual({ 'tree/a/file': 'x' });
    expect(await harvest(local('in'))).toEqual({ 'tree/a/file': 'x' });
    const inside = { 'in/tree/a/file': 'x', file: 'x' };
    expect(await harvest(local('into'))).toEqual(inside);
  });

  it('P-TREE-06 end with what went wrong, and change nothing then', async () => {
    await plant(local('tree'), { 'a/file': 'x' });
    await plant(rig.root, { 'tree/a/file': 'x', plain: 'stays' });
    await writeFile(local('plain'), 'stays');
    const lines = [
      [4, 'get -r HOST:none', 'no such file'],
      [10, 'get -r HOST:..', 'the name ..'],
      [10, 'get HOST:tree', 'it is a folder'],
      [10, 'get HOST:tree other', '-r'],
      [10, 'get HOST:tree/', '-r'],
      [10, 'post tree HOST:', '-r'],
      [14, 'post -r none HOST:', 'no such file'],
      [14, 'get -r HOST:tree no/such/place', 'no such folder'],
      [10, 'get -r HOST:tree plain', 'a file stands'],
      [10, 'post -r tree HOST:plain', 'a file stands'],
      [2, 'get -r HOST:tree -', 'standard output'],
      [2, 'post -r - HOST:', 'standard input'],
    ] as const;
    for (const [code, line, text] of lines) {
      const args = line.split(' ').map((word) => word.replace('HOST:', rig.at('')));
      const ended = await rig.run(args);
      expect([line, ended.code, ended.stderr.includes(text)]).toEqual([line, code, true]);
    }
    expect(await harvest(rig.work)).toEqual({ 'tree/a/file': 'x', plain: 'stays' });
    expect((await readdir(rig.root)).sort()).toEqual(['.lftp-udp', 'plain', 'tree']);
  });

  it('P-TREE-04 P-TREE-07 name what fails, count what they skip, and end with 3', async () => {
    const names = { 'a/fine': 'x', 'clash/inside': 'y', 'bell\u0007': 'z', '.lftp-udp/a': 'w' };
    await plant(local('tree'), names);
    await symlink('fine', local('tree/a/link'));
    execFileSync('mkfifo', [local('tree/pipe')]);
    await plant(served('tree'), { clash: 'stays' });
    const ended = await rig.run(['post', '-r', '--json', 'tree/.', rig.at('tree')]);
    expect(ended.code).toBe(3);
    const failed = eventsIn(ended.stdout).filter(({ event }) => event === 'error');
    const told = failed.map(({ path, code, where }) => [path, code, where]);
    expect(told.sort()).toEqual([
      ['tree/./.lftp-udp', 10, 'local'],
      ['tree/./bell\\x07', 10, 'local'],
      ['tree/./clash', 10, 'remote'],
      ['tree/./clash/inside', 10, 'remote'],
    ]);
    const done = eventIn(ended.stdout, 'done');
    expect(done).toMatchObject({ files: 1, folders: 1, skipped: 2, failed: 4 });
    expect(ended.stderr).toContain('lftp: tree/./clash/inside: ');
    expect(ended.stderr).toContain('1 files, 1 folders, 2 skipped, 4 failed');
    expect(await harvest(served('tree'))).toEqual({ 'a/fine': 'x', clash: 'stays' });
  });

  it('leave alone what --overwrite protects, and say so', async () => {
    await plant(served('tree'), { old: 'a', fresh: 'b' });
    await plant(local('tree'), { old: 'mine' });
    const ended = await rig.run(['get', '-r', '--overwrite=never', rig.at('tree')]);
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('lftp: tree/old: ');
    expect(await harvest(local('tree'))).toEqual({ old: 'mine', fresh: 'b' });
  });

  it('cost no round trip for a file: 300 of them over a link of 100 ms', async () => {
    await plantMany(local('tree'), 300, 100);
    const link = { delayMs: 50 };
    const target = { targetAddress: '127.0.0.1', targetPort: rig.port };
    const relay = await startRelay({ ...target, forward: link, backward: link, seed: 1 });
    const address = `127.0.0.1:${relay.port}:tree`;
    try {
      const posted = await rig.run(['post', '-r', '--json', 'tree', address]);
      const got = await rig.run(['get', '-r', '--json', address, 'back']);
      for (const { code, stdout } of [posted, got]) {
        expect(code).toBe(0);
        // With a round trip for each it would be thirty.
        expect(eventIn(stdout, 'done')['seconds']).toBeLessThan(15);
      }
      const { forward, backward } = relay.report();
      expect(forward.delivered).toBeLessThan(300);
      expect(backward.delivered).toBeLessThan(300);
    } finally {
      await relay.close();
    }
    expect(await harvest(local('back'))).toEqual(await harvest(local('tree')));
  });
});

describe('a tree that is broken off', () => {
  it('leaves no unfinished file after Ctrl-C', async () => {
    await plantMany(served('tree'), 1500, 8000);
    const running = rig.start(['get', '-r', rig.at('tree'), 'back']);
    await until(async () => {
      const names = await readdir(local('back'), { recursive: true }).catch(() => []);
      return names.length > 20 ? true : undefined;
    });
    running.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    const there = await harvest(local('back'));
    const whole = await harvest(served('tree'));
    const files = Object.entries(there).filter(([, content]) => content !== null);
    for (const [name, content] of files) expect(content === whole[name], name).toBe(true);
  });

  it('says what happened when the server dies, and leaves whole files only', async () => {
    await plantMany(served('tree'), 1500, 8000);
    const running = rig.start(['get', '-r', '--patience', '1', rig.at('tree'), 'back']);
    await until(async () => {
      const names = await readdir(local('back'), { recursive: true }).catch(() => []);
      return names.length > 20 ? true : undefined;
    });
    rig.server.kill('SIGKILL');
    const { code, stderr } = await running.ended;
    expect([7, 17]).toContain(code);
    expect(stderr).toContain('lftp: ');
    const there = await harvest(local('back'));
    const whole = await harvest(served('tree'));
    const files = Object.entries(there).filter(([, content]) => content !== null);
    for (const [name, content] of files) expect(content === whole[name], name).toBe(true);
  });
});

describe('files that cannot be read', () => {
  /** Root reads everything, so a server that must not is somebody else. */
  const NOBODY = 65_534;
  const isRoot = process.getuid?.() === 0;

  it('fail alone, on either side', async () => {
    const names = { 'a/fine': 'x', 'a/hidden': 'y', 'shut/inside': 'z' };
    for (const place of [local('tree'), served('tree')]) {
      await plant(place, names);
      await chmod(join(place, 'a/hidden'), 0);
      await chmod(join(place, 'shut'), 0);
    }
    if (isRoot) execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, rig.folder]);
    if (isRoot) await chown(rig.folder, NOBODY, NOBODY);
    const self = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
    rig.server.kill('SIGTERM');
    await rig.server.ended;
    rig.as(self);
    await rig.serve('--anonymous=rw');
    const got = await rig.run(['get', '-r', '--json', rig.at('tree'), 'back']);
    const posted = await rig.run(['post', '-r', '--json', 'tree/.', rig.at('new')]);
    for (const [{ code, stdout }, where] of [
      [got, 'remote'],
      [posted, 'local'],
    ] as const) {
      expect(code).toBe(3);
      const failed = eventsIn(stdout).filter(({ event }) => event === 'error');
      expect(failed.map((event) => event['where'])).toEqual([where, where]);
      expect(eventIn(stdout, 'done')).toMatchObject({ files: 1, folders: 1, failed: 2 });
    }
    expect(await harvest(local('back'))).toEqual({ 'a/fine': 'x' });
    expect(await harvest(served('new'))).toEqual({ 'a/fine': 'x' });
  });
});
