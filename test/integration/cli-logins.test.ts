/** Logging in with the program, and what an account gives. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliRig, eventIn } from './cli-rig.ts';
import type { Ended } from './cli-rig.ts';

const PASSWORD = 'correct horse battery';

let rig: CliRig;

const as = (name: string, path: string): string => `${name}@${rig.at(path)}`;
const served = (name: string): string => join(rig.root, name);
const local = (name: string): string => join(rig.work, name);

async function addUser(target: CliRig, name: string, ...flags: string[]): Promise<Ended> {
  const args = ['user', 'add', name, '--root', target.root, ...flags];
  return await target.run(args, { input: `${PASSWORD}\n` });
}

beforeAll(async () => {
  rig = await CliRig.make();
  await writeFile(served('file'), 'served');
  await writeFile(local('password'), `${PASSWORD}\n`);
  await writeFile(local('wrong'), 'another\n');
  await rig.run(['keygen', '-f', 'key']);
  await rig.run(['keygen', '-f', 'stranger']);
  // The server runs since before there was an account.
  expect(await rig.run(['get', rig.at('file')])).toMatchObject({ code: 0 });
  expect(await addUser(rig, 'alice', '--password-stdin')).toMatchObject({ code: 0 });
  expect(await addUser(rig, 'bob', '--key', 'key.pub', '--home', 'team/b')).toMatchObject({
    code: 0,
  });
  await writeFile(served('alice/own'), 'of alice');
  await writeFile(served('team/b/own'), 'of bob');
});

afterAll(async () => {
  await rig.remove();
});

describe('logging in', () => {
  it('by key', async () => {
    expect(await rig.run(['get', '-i', 'key', as('bob', 'own'), 'b'])).toMatchObject({ code: 0 });
    expect(await readFile(local('b'), 'utf8')).toBe('of bob');
    expect(await rig.run(['post', '-i', 'key', 'b', as('bob', 'new')])).toMatchObject({ code: 0 });
    expect(await readFile(served('team/b/new'), 'utf8')).toBe('of bob');
  });

  it('by the key that lies where keys lie', async () => {
    const home = join(rig.folder, 'bob');
    await mkdir(home, { mode: 0o700 });
    const environment = { XDG_DATA_HOME: home };
    expect(await rig.run(['keygen'], { env: environment })).toMatchObject({ code: 0 });
    const key = join(home, 'lftp-udp', 'id.pub');
    expect(await rig.run(['user', 'key', 'bob', key])).toMatchObject({ code: 0 });
    const get = ['get', as('bob', 'own'), 'b2'];
    expect(await rig.run(get, { env: environment })).toMatchObject({ code: 0 });
    expect(await rig.run(['user', 'key', 'bob', '--remove', key])).toMatchObject({ code: 0 });
    expect(await rig.run(get, { env: environment })).toMatchObject({ code: 8 });
  });

  it('by a password from a file', async () => {
    const get = ['get', '--password-file', 'password', as('alice', 'own'), 'a'];
    expect(await rig.run(get)).toMatchObject({ code: 0 });
    expect(await readFile(local('a'), 'utf8')).toBe('of alice');
  });

  it('by a password on standard input', async () => {
    const input = PASSWORD;
    const post = ['post', '--password-stdin', 'a', as('alice', 'new')];
    expect(await rig.run(post, { input })).toMatchObject({ code: 0 });
    expect(await readFile(served('alice/new'), 'utf8')).toBe('of alice');
    const shell = [
      'connect',
      '--password-stdin',
      '-c',
      'get own sh',
      `alice@127.0.0.1:${rig.port}`,
    ];
    expect(await rig.run(shell, { input })).toMatchObject({ code: 0 });
    expect(await readFile(local('sh'), 'utf8')).toBe('of alice');
  });

  it.each([
    [['post', '--password-stdin', '-', 'alice@127.0.0.1:1:new'], 2, 'standard input'],
    [['connect', '--password-stdin', 'alice@127.0.0.1:1'], 2, 'standard input'],
    [['get', '--password-stdin', '--password-file', 'password', 'alice@h:a'], 2, 'exclude'],
    [['get', '--password-file', 'none', 'A'], 14, 'none'],
    [['get', 'A'], 8, '--password-file'],
    [['get', '-i', 'none', 'A'], 14, 'none'],
    [['get', '-i', 'key.pub', 'A'], 14, 'key.pub'],
  ])('lftp %j gives %i and says %s', async (args, code, text) => {
    const typed = args.map((word) => (word === 'A' ? as('alice', 'own') : word));
    const ended = await rig.run([...typed, '--json'], { input: PASSWORD });
    expect(ended).toMatchObject({ code });
    expect(eventIn(ended.stdout || ended.stderr, 'error')).toMatchObject({ code, where: 'local' });
    expect(ended.stderr.split('\n').slice(0, 2).join('\n')).toContain(text);
  });

  it('is refused alike for a wrong password, a wrong key and an unknown account', async () => {
    const told: Ended[] = [];
    const wrong = ['--password-file', 'wrong'];
    for (const [name, ...flags] of [
      ['alice', ...wrong],
      ['nobody', ...wrong],
      ['bob', ...wrong],
      ['alice', '-i', 'stranger', ...wrong],
    ]) {
      told.push(await rig.run(['get', ...flags, as(name ?? '', 'own'), 'never']));
    }
    expect(told[0]).toMatchObject({ code: 8, stdout: '' });
    expect(told[0]?.stderr).toMatch(/^lftp: login refused.*\n {6}Check the name, the password or/);
    for (const ended of told) expect(ended).toEqual(told[0]);
    expect(await readdir(rig.work)).not.toContain('never');
  });

  it('is refused before anything is sent to the account', async () => {
    const ended = await rig.run(['post', '--password-file', 'wrong', 'a', as('alice', 'never')]);
    expect(ended).toMatchObject({ code: 8 });
    expect(await readdir(served('alice'))).not.toContain('never');
    expect(await rig.partials()).toEqual([]);
  });
});

describe('what an account gives', () => {
  it('is its home and nothing else', async () => {
    const key = ['-i', 'key'];
    for (const path of ['../file', '../../file', '/../alice/own']) {
      expect(await rig.run(['get', ...key, as('bob', path), 'never'])).toMatchObject({ code: 10 });
    }
    for (const path of ['file', 'alice/own', 'team/b/own', 'b/own']) {
      expect(await rig.run(['get', ...key, as('bob', path), 'never'])).toMatchObject({ code: 4 });
    }
    expect(await rig.run(['post', ...key, 'a', as('bob', '/file')])).toMatchObject({ code: 0 });
    expect(await readFile(served('file'), 'utf8')).toBe('served');
    expect(await readFile(served('team/b/file'), 'utf8')).toBe('of alice');
  });

  it('shuts the door for everybody else, at once', async () => {
    const ended = await rig.run(['get', '--json', rig.at('file'), 'never']);
    expect(ended).toMatchObject({ code: 8 });
    expect(eventIn(ended.stdout, 'error')).toMatchObject({ name: 'login', where: 'remote' });
    expect(await rig.run(['get', `anonymous@${rig.at('file')}`, 'never'])).toMatchObject({
      code: 8,
    });
    expect(await readdir(rig.work)).not.toContain('never');
  });

  it('goes with it, at once', async () => {
    const lone = await CliRig.make();
    await writeFile(join(lone.root, 'file'), 'x');
    const get = async (): Promise<number | null> =>
      (await lone.run(['get', lone.at('file'), 'f'])).code;
    expect(await get()).toBe(0);
    expect(await addUser(lone, 'carol', '--password-stdin')).toMatchObject({ code: 0 });
    expect(await get()).toBe(8);
    expect(await lone.run(['user', 'rm', 'carol'])).toMatchObject({ code: 0 });
    expect(await get()).toBe(0);
    await lone.remove();
  });
});

it('--anonymous=drop takes files and shows them to nobody', async () => {
  const open = await CliRig.make('--anonymous=drop');
  await writeFile(join(open.root, 'file'), 'served');
  await writeFile(join(open.work, 'mine'), 'mine');
  const code = async (...args: string[]): Promise<number | null> => (await open.run(args)).code;
  expect(await code('get', open.at('file'), 'f')).toBe(0);
  expect(await code('post', 'mine', open.at('incoming/mine'))).toBe(0);
  expect(await readFile(join(open.root, 'incoming', 'mine'), 'utf8')).toBe('mine');
  expect(await code('get', open.at('incoming/mine'), 'f')).not.toBe(0);
  expect(await readFile(join(open.work, 'f'), 'utf8')).toBe('served');
  expect(await code('post', 'f', open.at('incoming/mine'))).not.toBe(0);
  expect(await readFile(join(open.root, 'incoming', 'mine'), 'utf8')).toBe('mine');
  for (const path of ['mine', 'file', '../mine'])
    expect(await code('post', 'mine', open.at(path))).toBe(10);
  await open.remove();
});
