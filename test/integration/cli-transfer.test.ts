import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, readFile, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliRig, eventIn } from './cli-rig.ts';

/** The big file of the founding documents. */
const BIG_BYTES = 145_361_749;

let rig: CliRig;

const local = (name: string): string => join(rig.work, name);
const served = (name: string): string => join(rig.root, name);

async function sha(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

beforeEach(async () => {
  rig = await CliRig.make('--anonymous=rw');
});

afterEach(async () => {
  expect(await rig.partials()).toEqual([]);
  expect(await rig.strays()).toEqual([]);
  await rig.remove();
});

describe('post and get', () => {
  it.each([0, 1, 1400, 262_144, BIG_BYTES])('%i bytes there and back', async (size) => {
    await writeFile(local('file'), randomBytes(size));
    const posted = await rig.run(['post', '--json', 'file', rig.at('')]);
    expect(posted).toMatchObject({ code: 0 });
    const got = await rig.run(['get', '--json', rig.at('file'), 'back']);
    expect(got).toMatchObject({ code: 0 });
    expect(await sha(local('back'))).toBe(await sha(local('file')));
    const [up, down] = [eventIn(posted.stdout, 'done'), eventIn(got.stdout, 'done')];
    expect(up).toMatchObject({ v: 1, op: 'post', path: '/file', local: 'file', bytes: size });
    expect(down).toMatchObject({ v: 1, op: 'get', path: '/file', local: 'back', bytes: size });
    expect(down['digest']).toBe(up['digest']);
    expect(down['digest']).toMatch(/^blake3:[0-9a-f]{64}$/);
    for (const done of [up, down]) {
      expect(done['controller']).toBe('bbr-tolerant');
      expect(done['seconds']).toBeGreaterThan(0);
      expect(done['retransmittedShare']).toBeGreaterThanOrEqual(0);
      expect(done['retransmittedShare']).toBeLessThanOrEqual(1);
      // A busy machine may well draw a tail probe or two.
      if (done['op'] === 'get') expect(done['duplicates']).toBeLessThan(100);
      else expect(done['duplicates']).toBeNull();
    }
    expect(eventIn(got.stdout, 'connected')).toMatchObject({ host: '127.0.0.1', port: rig.port });
    expect(got.stderr).toContain('get /file -> back: ');
  });

  it('three clients at once, of which one posts and two get', async () => {
    await writeFile(served('one'), randomBytes(40_000_000));
    await writeFile(served('two'), randomBytes(30_000_000));
    await writeFile(local('three'), randomBytes(50_000_000));
    const ended = await Promise.all([
      rig.run(['get', rig.at('one')]),
      rig.run(['get', rig.at('two')]),
      rig.run(['put', 'three', rig.at('')]),
    ]);
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
    for (const name of ['one', 'two', 'three']) {
      expect(await sha(local(name))).toBe(await sha(served(name)));
    }
  });

  it('URLs, blanks and letters of every kind', async () => {
    await mkdir(served('a b'));
    await writeFile(served('a b/größe 文件'), 'x');
    const url = `lftp://127.0.0.1:${rig.port}/a%20b/${encodeURIComponent('größe 文件')}`;
    expect(await rig.run(['get', url])).toMatchObject({ code: 0 });
    expect(await readFile(local('größe 文件'), 'utf8')).toBe('x');
  });

  it('a folder as target keeps the name', async () => {
    await mkdir(local('sub'));
    await mkdir(served('there'));
    await writeFile(served('file'), 'x');
    expect(await rig.run(['get', rig.at('file'), 'sub'])).toMatchObject({ code: 0 });
    expect(await rig.run(['get', rig.at('file'), './sub/'])).toMatchObject({ code: 0 });
    expect(await readFile(local('sub/file'), 'utf8')).toBe('x');
    for (const target of ['there', 'there/', '', '/']) {
      expect(await rig.run(['post', 'sub/file', rig.at(target)])).toMatchObject({ code: 0 });
    }
    expect(await readFile(served('there/file'), 'utf8')).toBe('x');
  });

  it('-p keeps time and permissions, and without it both are new', async () => {
    await writeFile(local('file'), 'x');
    await chmod(local('file'), 0o4640);
    await utimes(local('file'), 1_000_000_000, 1_000_000_000.5);
    await rig.run(['post', '-p', 'file', rig.at('kept')]);
    await rig.run(['post', 'file', rig.at('fresh')]);
    await rig.run(['get', '--preserve', rig.at('kept')]);
    for (const path of [served('kept'), local('kept')]) {
      const { mode, mtimeMs } = await stat(path);
      expect({ mode: mode & 0o7777, mtimeMs }).toEqual({ mode: 0o640, mtimeMs: 1_000_000_000_500 });
    }
    expect((await stat(served('fresh'))).mtimeMs).toBeGreaterThan(1_600_000_000_000);
  });

  it('standard output and standard input are files too', async () => {
    const bytes = randomBytes(3_000_000);
    const posted = await rig.run(['post', '-', rig.at('file')], { input: bytes });
    expect(posted).toMatchObject({ code: 0 });
    expect(bytes.equals(await readFile(served('file')))).toBe(true);
    const get = rig.start(['get', '--json', rig.at('file'), '-']);
    const got = await get.ended;
    expect(got.code).toBe(0);
    expect(bytes.equals(get.stdoutBytes)).toBe(true);
    expect(eventIn(got.stderr, 'done')).toMatchObject({ local: '-', bytes: 3_000_000 });
  });

  it('--overwrite says what may happen to a target', async () => {
    await writeFile(local('file'), 'new');
    await writeFile(served('file'), 'old');
    const post = (rule: string) => rig.run(['post', `--overwrite=${rule}`, 'file', rig.at('file')]);
    const get = (rule: string) => rig.run(['get', `--overwrite=${rule}`, rig.at('file'), 'back']);
    await utimes(served('file'), 1000, 1000);
    expect(await post('never')).toMatchObject({ code: 18 });
    await utimes(local('file'), 999, 999);
    expect(await post('older')).toMatchObject({ code: 18 });
    expect(await readFile(served('file'), 'utf8')).toBe('old');
    await utimes(local('file'), 1001, 1001);
    expect(await post('older')).toMatchObject({ code: 0 });
    expect(await readFile(served('file'), 'utf8')).toBe('new');
    expect(await get('never')).toMatchObject({ code: 0 });
    expect(await get('never')).toMatchObject({ code: 18 });
    await rig.run(['get', '-p', rig.at('file'), 'back']);
    expect(await get('differ')).toMatchObject({ code: 18 });
    await writeFile(local('back'), 'another');
    expect(await get('differ')).toMatchObject({ code: 0 });
    expect(await readFile(local('back'), 'utf8')).toBe('new');
  });

  it('a link to a file stays a link, and the file behind it is replaced', async () => {
    await writeFile(served('file'), 'new');
    await mkdir(local('sub'));
    await writeFile(local('sub/real'), 'old');
    await symlink('sub/real', local('link'));
    expect(await rig.run(['get', rig.at('file'), 'link'])).toMatchObject({ code: 0 });
    expect(await readFile(local('sub/real'), 'utf8')).toBe('new');
  });

  it('--cc, --patience, -4 and --log-file are heard', async () => {
    await writeFile(local('file'), randomBytes(100_000));
    const flags = ['--cc=founding', '--patience=5s', '-4', '-v', '--log-file', 'log', '--json'];
    const posted = await rig.run(['post', ...flags, 'file', rig.at('')]);
    expect(posted).toMatchObject({ code: 0 });
    expect(eventIn(posted.stdout, 'done')['controller']).toBe('founding');
    expect(posted.stderr).toContain('patience 5 s');
    expect(await readFile(local('log'), 'utf8')).toContain('"event":"done"');
  });
});
