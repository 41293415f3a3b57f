import { spawn } from 'node:child_process';
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliRig, eventsIn, PROGRAM, Running, until } from './cli-rig.ts';
import type { Ended, Event } from './cli-rig.ts';

let rig: CliRig;
let connect: string;

beforeAll(async () => {
  rig = await CliRig.make('--anonymous=rw');
  connect = `connect 127.0.0.1 ${rig.port}`;
  await writeFile(join(rig.root, 'file'), 'served');
  await writeFile(join(rig.root, 'a b'), 'blank');
  await writeFile(join(rig.work, 'mine'), 'mine');
  await writeFile(join(rig.root, 'long'), '');
  await truncate(join(rig.root, 'long'), 2 ** 31);
});

afterAll(async () => {
  await rig.remove();
});

async function piped(...lines: string[]): Promise<Ended> {
  return await rig.run(['connect'], { input: `${lines.join('\n')}\n` });
}

async function script(text: string, ...more: string[]): Promise<Ended> {
  return await rig.run(['connect', '-c', text, ...more]);
}

describe('the founding shell', () => {
  it('connect, get, post, status, disconnect, stop from a pipe', async () => {
    const ended = await piped(
      connect,
      'get file out',
      "get 'a b'",
      'post mine',
      'post mine "other name"',
      'status',
      'disconnect',
      'status',
      'stop',
      'get never',
    );
    expect(ended.stderr).not.toContain('lftp:');
    expect(ended.code).toBe(0);
    expect(await readFile(join(rig.work, 'out'), 'utf8')).toBe('served');
    expect(await readFile(join(rig.work, 'a b'), 'utf8')).toBe('blank');
    expect(await readFile(join(rig.root, 'mine'), 'utf8')).toBe('mine');
    expect(await readFile(join(rig.root, 'other name'), 'utf8')).toBe('mine');
    expect(ended.stdout).toMatch(/clients +1\n/);
    expect(ended.stdout).toMatch(/congestion +bbr-tolerant, .*cwnd/);
    expect(ended.stdout).toMatch(/Not connected\.\n$/);
  });

  it('says what the founding documents say', async () => {
    const ended = await piped(
      'get file',
      'post mine',
      'disconnect',
      'connect 1.2.3 5000',
      'connect 127.0.0.1 80',
      connect,
      connect,
      'fly',
      'get',
      'instructions',
      'help',
    );
    expect(ended.stderr.match(/Please connect first/g)).toHaveLength(3);
    expect(ended.stderr.match(/please try again/g)).toHaveLength(2);
    expect(ended.stderr.match(/The connection has been established/g)).toHaveLength(1);
    expect(ended.stderr).toContain('there is no command "fly"');
    expect(ended.stderr).toContain('usage: get NAME [LOCAL]');
    expect(ended.stdout.match(/connect IP PORT/g)).toHaveLength(2);
    expect(ended.code).toBe(2);
  });

  it('goes on after a failure from a pipe, and ends with its code', async () => {
    const ended = await piped(connect, 'get none', 'get ../x', 'get file later');
    expect(ended.code).toBe(4);
    expect(await readFile(join(rig.work, 'later'), 'utf8')).toBe('served');
  });

  it('-c ends with the first command that fails', async () => {
    expect(await script(`${connect}; get file one; status`)).toMatchObject({ code: 0 });
    expect(await script(`${connect}; get none; get file two`)).toMatchObject({ code: 4 });
    await expect(readFile(join(rig.work, 'two'))).rejects.toThrow();
    expect(await script('get file', `127.0.0.1:${rig.port}`)).toMatchObject({ code: 0 });
    expect(await script('get file', '127.0.0.1', String(rig.port))).toMatchObject({ code: 0 });
    expect(await script('stop; get none')).toMatchObject({ code: 0 });
    expect(await script('get "file')).toMatchObject({ code: 2 });
    expect(await script('status', '127.0.0.1', '70000')).toMatchObject({ code: 2 });
  });

  it('-b reads a file', async () => {
    await writeFile(join(rig.work, 'batch'), `# comment\n\n${connect}\nget none\nget file three\n`);
    expect(await rig.run(['connect', '-b', 'batch'])).toMatchObject({ code: 4 });
    await expect(readFile(join(rig.work, 'three'))).rejects.toThrow();
    expect(await rig.run(['connect', '-b', 'batch', '-c', 'stop'])).toMatchObject({ code: 2 });
  });

  it('tells events', async () => {
    const ended = await script(`${connect}; get file four; status; get none`, '--json');
    expect(eventsIn(ended.stdout).map(({ event }) => event)).toEqual([
      'connected',
      'done',
      'status',
      'error',
    ]);
  });

  it('tells events on standard error while a file goes to standard output', async () => {
    const ended = await script(`${connect}; get file -; status; get none -`, '--json');
    const lines = ended.stdout.split('\n');
    expect(lines.map((line) => /^served|(?<="event":")[a-z]+/.exec(line)?.[0])).toEqual([
      'connected',
      'served',
      undefined,
    ]);
    expect(lines[1]).toMatch(/^served\{.*"event":"status"/);
    const told = ended.stderr.split('\n').filter((line) => line.startsWith('{'));
    expect(told.map((line) => (JSON.parse(line) as Event).event)).toEqual(['done', 'error']);
    expect(ended.code).toBe(4);
  });

  it('a file that went to standard output leaves no descriptor open', async () => {
    // A named process in a real pipeline: only a pipe of the system is opened a second time.
    const inner = `sh -c 'echo $$ >&2; exec "$@"' sh "$@" | cat`;
    const args = [process.execPath, PROGRAM, 'connect', '--json', `127.0.0.1:${rig.port}`];
    const env = { ...process.env, ...rig.environment };
    const child = spawn('sh', ['-c', inner, 'sh', ...args], { cwd: rig.work, env });
    const running = new Running(child);
    const pid = await until(() => /^\d+(?=\n)/.exec(running.stderr)?.[0]);
    const descriptorsAfter = async (gets: number): Promise<number> => {
      child.stdin.write('get file -\n');
      await until(() => (running.stderr.split('"done"').length > gets ? true : undefined));
      return (await readdir(`/proc/${pid}/fd`)).length;
    };
    const first = await descriptorsAfter(1);
    for (const gets of [2, 3, 4]) expect(await descriptorsAfter(gets)).toBe(first);
    child.stdin.end();
    expect((await running.ended).code).toBe(0);
    expect(running.stdout.match(/served/g)).toHaveLength(4);
  });

  it('Ctrl-C stops the job and not the shell', async () => {
    const running = rig.start(['connect', '-c', `${connect}; get long`]);
    await until(async () => ((await rig.strays()).length > 0 ? true : undefined));
    running.kill('SIGINT');
    const ended = await running.ended;
    expect(ended.code).toBe(130);
    const shell = rig.start(['connect'], { input: `${connect}\nget long\nget file five\n` });
    await until(async () => ((await rig.strays()).length > 0 ? true : undefined));
    shell.kill('SIGINT');
    expect((await shell.ended).code).toBe(130);
    expect(await readFile(join(rig.work, 'five'), 'utf8')).toBe('served');
    expect(await rig.strays()).toEqual([]);
  });

  it('ends when its server goes', async () => {
    const dying = await CliRig.make();
    await writeFile(join(dying.root, 'file'), 'x');
    const shell = dying.start(['connect', '--json', `127.0.0.1:${dying.port}`], {
      input: 'get file\nstatus\n',
    });
    expect((await shell.ended).code).toBe(0);
    await dying.remove();
  });
});
