import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdir, readdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CliRig, eventIn, eventsIn, until } from './cli-rig.ts';

/** More than the pipe and all windows on the way hold. */
const PIPED_BYTES = 64_000_000;

let rig: CliRig;

const local = (name: string): string => join(rig.work, name);
const served = (name: string): string => join(rig.root, name);

beforeAll(async () => {
  rig = await CliRig.make('--anonymous=rw');
  await writeFile(served('file'), 'served');
  await writeFile(served('-x'), 'dash');
  await mkdir(served('folder'));
  await symlink('/etc', served('link'));
  await symlink('file', served('shortcut'));
  await writeFile(local('mine'), 'mine');
  await mkdir(local('sub'));
  // Long enough to be met on its way, and nothing on the disk.
  await writeFile(served('long'), '');
  await truncate(served('long'), 2 ** 31);
  await writeFile(local('long'), '');
  await truncate(local('long'), 2 ** 31);
});

/** After every wrong use: nothing half-done anywhere, and the server serves on. */
afterEach(async () => {
  await until(async () => ((await rig.partials()).length === 0 ? true : undefined));
  expect(await rig.strays()).toEqual([]);
  expect(await rig.run(['get', '-q', rig.at('file'), 'check'])).toMatchObject({ code: 0 });
  expect(await readFile(local('check'), 'utf8')).toBe('served');
  expect(rig.server.child.exitCode).toBe(null);
});

afterAll(async () => {
  await rig.remove();
});

describe('refused by the server', () => {
  it.each([
    ['none', 4],
    ['folder/none', 4],
    ['file/none', 4],
    ['folder', 10],
    ['link/passwd', 10],
    ['shortcut', 10],
    ['../file', 10],
    ['folder/../file', 10],
    ['folder//file', 10],
    ['.lftp-udp/partial', 10],
  ])('get %s gives %i', async (path, code) => {
    const ended = await rig.run(['get', '--json', rig.at(path), 'out']);
    expect(ended).toMatchObject({ code });
    const { hint, ...error } = eventIn(ended.stdout, 'error');
    expect(error).toMatchObject({ code, where: 'remote' });
    expect(hint).not.toBe('');
    expect(ended.stderr).toMatch(/^lftp: .*\n {6}\w/m);
    expect(await readdir(rig.work)).not.toContain('out');
  });

  it.each([
    ['none/new', 4],
    ['link/new', 10],
    ['../new', 10],
    ['folder/../../new', 10],
    ['shortcut', 10],
  ])('post to %s gives %i', async (path, code) => {
    const ended = await rig.run(['post', 'mine', rig.at(path)]);
    expect(ended).toMatchObject({ code });
    expect(await readFile(served('file'), 'utf8')).toBe('served');
  });

  it('an existing target with --overwrite=never gives 18', async () => {
    expect(await rig.run(['post', '--overwrite=never', 'mine', rig.at('file')])).toMatchObject({
      code: 18,
    });
    expect(await readFile(served('file'), 'utf8')).toBe('served');
  });
});

describe('refused on this side', () => {
  it.each([
    [['get', 'A', 'nosuch/out'], 14],
    [['get', 'A', 'mine/out'], 14],
    [['get', 'A', '/dev/null'], 14],
    [['get', '--log-file=nosuch/log', 'A', 'out'], 14],
    [['get', '--log-file=sub', 'A', 'out'], 14],
    [['serve', '--log-file=nosuch/log', '-P', '0'], 14],
    [['get', '--overwrite=never', 'A', 'mine'], 18],
    [['get', 'F/'], 10],
    [['get', 'F/..'], 10],
    [['post', 'nosuch', 'A'], 14],
    [['post', '/dev/null', 'A'], 14],
    [['post', 'sub', 'A'], 10],
    [['post', '-', 'F/'], 2],
    [['connect', '-b', 'nosuch', 'S'], 14],
  ])('lftp %j gives %i', async (args, code) => {
    const typed = args.map((word) =>
      word
        .replace(/^A$/, rig.at('file'))
        .replace(/^F/, rig.at(''))
        .replace(/^S$/, `127.0.0.1:${rig.port}`),
    );
    const ended = await rig.run(typed);
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toMatch(/^lftp: /);
    expect(await readFile(local('mine'), 'utf8')).toBe('mine');
    expect(await readdir(rig.work)).not.toContain('out');
  });

  it.each([
    [],
    ['fly'],
    ['get'],
    ['get', 'host:1:a', 'b', 'c'],
    ['get', '--nope', 'host:a'],
    ['get', '--limit-rate=5', 'host:a'],
    ['get', 'host:0:a'],
    ['get', 'host:99999:a'],
    ['get', 'ftp://host/a'],
    ['get', 'user:hunter2@host:a'],
    ['get', '--patience=soon', 'host:a'],
    ['post', 'mine', '::1'],
    ['serve', '--port=x'],
    ['serve', '--insecure', '--anonymous=off'],
  ])('lftp %j %j %j gives 2, with the usage', async (...args) => {
    const ended = await rig.run(args);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(/^lftp: /);
    expect(ended.stderr).toContain('lftp ');
    expect(ended.stderr).toContain('--help');
    expect(ended.stderr).not.toContain('hunter2');
    expect(ended.stderr).not.toContain('    at ');
  });

  it('a wrong use is an event too', async () => {
    const ended = await rig.run(['get', '--json', '--nope', 'host:a']);
    expect(eventIn(ended.stdout, 'error')).toMatchObject({ code: 2, name: 'usage' });
  });

  it('a file that is called like a flag comes after --', async () => {
    expect(await rig.run(['get', '--', rig.at('-x')])).toMatchObject({ code: 0 });
    expect(await readFile(local('-x'), 'utf8')).toBe('dash');
    expect(await rig.run(['post', '--', '-x', rig.at('folder/')])).toMatchObject({ code: 0 });
    expect(await readFile(served('folder/-x'), 'utf8')).toBe('dash');
    expect(await rig.run(['post', '-x', rig.at('folder/')])).toMatchObject({ code: 2 });
  });
});

describe('nobody there', () => {
  it('no server on this machine gives 7 in about a second', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    socket.close();
    const startMs = performance.now();
    const ended = await rig.run(['get', '--json', `127.0.0.1:${port}:a`]);
    expect(ended).toMatchObject({ code: 7 });
    expect(performance.now() - startMs).toBeLessThan(4000);
    expect(String(eventIn(ended.stdout, 'error')['hint'])).toContain('UDP');
  });

  it('somebody who never answers gives 7 after --patience', async () => {
    const mute = createSocket('udp4').bind(0, '127.0.0.1');
    await once(mute, 'listening');
    const args = ['get', '--patience=700ms', `127.0.0.1:${mute.address().port}:a`];
    const ended = await rig.run(args);
    mute.close();
    expect(ended).toMatchObject({ code: 7 });
    expect(ended.stderr).toContain('nothing ever answered');
  });

  it('a name without an address gives 6', async () => {
    expect(await rig.run(['get', 'no-such-host.invalid:a'])).toMatchObject({ code: 6 });
  });

  it('a port in use gives 14', async () => {
    const args = ['serve', rig.root, '--host', '127.0.0.1', '--port', String(rig.port)];
    const ended = await rig.run(args);
    expect(ended).toMatchObject({ code: 14 });
    expect(ended.stderr).toContain('in use');
    expect(await rig.run(['serve', local('nosuch')])).toMatchObject({ code: 14 });
    expect(await rig.run(['serve', local('mine')])).toMatchObject({ code: 14 });
  });
});

/** One attempt, of which nothing is kept. */
const ONCE = ['--no-resume', '--retry-time=0'] as const;

describe('ended in the middle', () => {
  it.each([
    ['SIGINT', 130, 'get'],
    ['SIGTERM', 143, 'get'],
    ['SIGINT', 130, 'post'],
    ['SIGTERM', 143, 'post'],
  ] as const)('%s gives %i during a %s', async (signal, code, op) => {
    const args = op === 'get' ? [rig.at('long'), 'taken'] : ['long', rig.at('new')];
    const running = rig.start([op, '--json', '--no-resume', ...args]);
    const isUnderWay = async (): Promise<true | undefined> =>
      (op === 'get' ? await rig.strays() : await rig.partials()).length > 0 ? true : undefined;
    await until(isUnderWay);
    running.kill(signal);
    const ended = await running.ended;
    expect(ended.code).toBe(code);
    expect(eventIn(ended.stdout, 'error')).toMatchObject({ code, where: 'local' });
    expect(await readdir(rig.work)).not.toContain('taken');
    expect(await readdir(rig.root)).not.toContain('new');
  });

  it('--max-time gives 20', async () => {
    const ended = await rig.run([
      'get',
      '--no-resume',
      '--max-time=500ms',
      rig.at('long'),
      'taken',
    ]);
    expect(ended).toMatchObject({ code: 20 });
    expect(await readdir(rig.work)).not.toContain('taken');
  });

  it('a closed standard output gives 141, quietly', async () => {
    const get = rig.start(['get', rig.at('long'), '-']);
    await until(() => (get.stdoutBytes.length > 0 ? true : undefined));
    get.child.stdout?.destroy();
    expect(await get.ended).toMatchObject({ code: 141, stderr: '' });
    const events = rig.start(['get', '--json', '-q', rig.at('file'), 'x']);
    events.child.stdout?.destroy();
    expect((await events.ended).code).toBe(141);
  });

  it('a reader that pauses longer than the patience loses nothing', async () => {
    await writeFile(served('piped'), 'p'.repeat(PIPED_BYTES));
    const get = rig.start(['get', '--json', '--patience=1s', rig.at('piped'), '-']);
    const progress = () => eventsIn(get.stderr).filter(({ event }) => event === 'progress');
    await until(() => (get.stdoutBytes.length > 0 ? true : undefined));
    get.child.stdout?.pause();
    const told = progress().length;
    // One a second by the client's own clock: from the first to the third lie two patiences.
    const paused = await until(() => (progress().length >= told + 3 ? progress() : undefined));
    expect(paused.at(-1)?.['bytes']).toBeLessThan(PIPED_BYTES);
    get.child.stdout?.resume();
    expect((await get.ended).code).toBe(0);
    expect(get.stdoutBytes).toHaveLength(PIPED_BYTES);
  });

  it('a client that is killed leaves nothing on the server', async () => {
    const post = rig.start(['post', '--no-resume', '--patience=1s', 'long', rig.at('new')]);
    await until(async () => ((await rig.partials()).length > 0 ? true : undefined));
    post.kill('SIGKILL');
    await post.ended;
    await until(async () => ((await rig.partials()).length === 0 ? true : undefined));
    expect(await readdir(rig.root)).not.toContain('new');
  });
});

describe('the server goes', () => {
  it('killed in the middle it gives 17 once the patience is over', async () => {
    const get = rig.start(['get', '--json', ...ONCE, '--patience=1500ms', rig.at('long'), 'taken']);
    await until(async () => ((await rig.strays()).length > 0 ? true : undefined));
    rig.server.kill('SIGKILL');
    await rig.server.ended;
    const ended = await get.ended;
    expect(ended).toMatchObject({ code: 17 });
    expect(eventIn(ended.stdout, 'error')).toMatchObject({ code: 17, name: 'silent' });
    await rig.serve('--anonymous=rw');
  });

  it('stopped in order it tells its clients and removes what is unfinished', async () => {
    const post = rig.start(['post', '--json', ...ONCE, 'long', rig.at('new')]);
    await until(async () => ((await rig.partials()).length > 0 ? true : undefined));
    rig.server.kill('SIGTERM');
    expect((await rig.server.ended).code).toBe(143);
    expect(await post.ended).toMatchObject({ code: 5 });
    expect(await rig.partials()).toEqual([]);
    await rig.serve('--anonymous=rw', '--max-clients=1');
  });

  it('full it gives 21 at once to whoever does not wait, and 20 who does too long', async () => {
    const get = rig.start(['get', '--no-resume', rig.at('long'), 'taken']);
    await until(async () => ((await rig.strays()).length > 0 ? true : undefined));
    const startMs = performance.now();
    const ended = await rig.run(['get', '--json', '--no-wait', rig.at('file'), 'out']);
    expect(ended).toMatchObject({ code: 21 });
    expect(performance.now() - startMs).toBeLessThan(3000);
    const post = ['post', 'mine', rig.at('new')];
    expect(await rig.run([...post, '--no-wait'])).toMatchObject({ code: 21 });
    const waited = await rig.run([...post, '--max-time', '1', '--json']);
    expect(waited).toMatchObject({ code: 20 });
    expect(eventIn(waited.stdout, 'waiting')).toMatchObject({ place: 1 });
    get.kill('SIGINT');
    await get.ended;
    await until(() => (eventsLeft() ? true : undefined));
  });

  it('read-only it refuses uploads, without a trace', async () => {
    rig.server.kill('SIGINT');
    expect((await rig.server.ended).code).toBe(130);
    await rig.serve();
    const ended = await rig.run(['post', 'mine', rig.at('new')]);
    expect(ended).toMatchObject({ code: 10 });
    expect(ended.stderr).toContain('--anonymous=rw');
    expect(await readdir(rig.root)).not.toContain('new');
  });
});

/** The server has logged that its only client left. */
function eventsLeft(): boolean {
  const lines = rig.server.stderr.split('\n').filter((line) => line.startsWith('{'));
  const last = eventsIn(lines.join('\n') + '\n').findLast((line) =>
    String(line['msg']).startsWith('client '),
  );
  return last?.['msg'] === 'client left';
}
