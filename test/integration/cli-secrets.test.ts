/** What the program keeps to itself, on the way and on this machine; and what that costs. */
import { randomBytes } from 'node:crypto';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CliRig, until } from './cli-rig.ts';
import type { Ended } from './cli-rig.ts';
import { Tap } from './tap.ts';

const PASSWORD = 'c4nary-of-the-password';
const ACCOUNT = 'canary-account';
const NAME = 'canary-of-the-name.bin';
const RUN_BYTES = 16;

let rig: CliRig;
let tap: Tap;

const local = (name: string): string => join(rig.work, name);
const through = (path: string): string => `${ACCOUNT}@127.0.0.1:${tap.port}:${path}`;

beforeEach(async () => {
  rig = await CliRig.make('-v', '--anonymous=rw', '--log-file', 'server.log');
  tap = await Tap.open(rig.port, 0);
});

afterEach(async () => {
  tap.close();
  await rig.remove();
});

async function addAccount(...flags: string[]): Promise<void> {
  const args = ['user', 'add', ACCOUNT, '--root', rig.root, '--password-stdin', ...flags];
  expect(await rig.run(args, { input: PASSWORD })).toMatchObject({ code: 0 });
  await writeFile(local('password'), PASSWORD);
}

/** How many runs of 16 bytes of `file` passed anywhere on the wire. */
function runsSeen(file: Buffer): number {
  const wire = tap.bytes.toString('latin1');
  const runs = new Set<string>();
  for (let at = 0; at + RUN_BYTES <= wire.length; at += 1) runs.add(wire.slice(at, at + RUN_BYTES));
  const text = file.toString('latin1');
  let seen = 0;
  for (let at = 0; at + RUN_BYTES <= text.length; at += 1) {
    if (runs.has(text.slice(at, at + RUN_BYTES))) seen += 1;
  }
  return seen;
}

describe('somebody on the way', () => {
  it('sees nothing of file, name, account and password of a whole session', async () => {
    await addAccount();
    const file = randomBytes(40_000);
    await writeFile(local(NAME), file);
    const flags = ['--password-file', 'password'];
    expect(await rig.run(['post', ...flags, NAME, through('')])).toMatchObject({ code: 0 });
    expect(await rig.run(['get', ...flags, through(NAME), 'back'])).toMatchObject({ code: 0 });
    const missing = await rig.run(['get', ...flags, through(`no-${NAME}`), 'none']);
    expect(missing).toMatchObject({ code: 4 });
    const shell = `get ${NAME} again; status; disconnect`;
    const target = `${ACCOUNT}@127.0.0.1:${tap.port}`;
    expect(await rig.run(['connect', ...flags, '-c', shell, target])).toMatchObject({ code: 0 });
    expect(file.equals(await readFile(local('back')))).toBe(true);
    expect(tap.bytes.length).toBeGreaterThan(3 * file.length);
    expect(runsSeen(file)).toBe(0);
    const secrets = [NAME, ACCOUNT, PASSWORD, 'canary', 'c4nary', 'newreno', 'status'];
    expect(secrets.filter((secret) => tap.bytes.includes(secret))).toEqual([]);
  });

  it('sees all of it with --insecure: these eyes are open', async () => {
    const open = await CliRig.make('--insecure');
    const file = randomBytes(4_000);
    await writeFile(join(open.root, NAME), file);
    tap.close();
    tap = await Tap.open(open.port);
    const address = `127.0.0.1:${tap.port}:${NAME}`;
    expect(await open.run(['get', '--insecure', address])).toMatchObject({ code: 0 });
    expect(runsSeen(file)).toBeGreaterThan(file.length / 2);
    expect(tap.bytes.includes(NAME)).toBe(true);
    await open.remove();
  });
});

describe('a password', () => {
  it('shows up in no argument, variable, log, event, message or file', async () => {
    await addAccount('-vv', '--json', '--log-file', 'user.log');
    const loud = ['-vv', '--json', '--log-file', 'client.log'];
    const told: string[] = [];
    for (const [flags, address, input] of [
      [['--password-stdin'], through('x'), PASSWORD],
      [['--password-stdin'], through('x'), `${PASSWORD}x`],
      [['--password-stdin'], `nobody@127.0.0.1:${tap.port}:x`, PASSWORD],
      [['--password-stdin'], through('x'), `${PASSWORD}\n${PASSWORD}`],
      [['--password-stdin'], through('x'), PASSWORD.repeat(60)],
      [['--host-key=strict', '--known-hosts=none', '--password-stdin'], through('x'), PASSWORD],
    ] as const) {
      const running = rig.start(['get', ...loud, ...flags, address], { input });
      for (const what of ['cmdline', 'environ']) {
        told.push(await readFile(`/proc/${running.child.pid ?? 0}/${what}`, 'utf8'));
      }
      const { code, stdout, stderr } = await running.ended;
      expect(code).not.toBe(0);
      told.push(stdout, stderr);
    }
    for (const what of ['cmdline', 'environ']) {
      told.push(await readFile(`/proc/${rig.server.child.pid ?? 0}/${what}`, 'utf8'));
    }
    rig.server.kill('SIGTERM');
    const { stdout, stderr } = await rig.server.ended;
    told.push(stdout, stderr);
    await writeFile(local('password'), '');
    const files = await readdir(rig.folder, { recursive: true, withFileTypes: true });
    for (const file of files.filter((entry) => entry.isFile())) {
      told.push((await readFile(join(file.parentPath, file.name))).toString('latin1'));
    }
    expect(told.join('\n')).toContain('SQLite format');
    expect(told.filter((text) => text.includes('c4nary'))).toEqual([]);
  });
});

describe('round trips of a get of 1 KiB over a link of 100 ms', () => {
  beforeEach(async () => {
    tap.close();
    tap = await Tap.open(rig.port, 50);
  });

  async function get(...args: string[]): Promise<Ended> {
    return await rig.run(['get', '--json', ...args, 'out']);
  }

  it('two for somebody who comes for the first time, and each time after', async () => {
    await writeFile(join(rig.root, 'file'), randomBytes(1024));
    for (const time of [1, 2]) {
      expect(await get(`127.0.0.1:${tap.port}:file`)).toMatchObject({ code: 0 });
      expect(tap.roundTripsToData).toBe(2);
      expect(tap.order.filter((name) => name === 'up syn')).toHaveLength(time);
    }
  });

  it('two with a key, and three with a password', async () => {
    await rig.run(['keygen', '-f', 'key']);
    await addAccount('--key', 'key.pub');
    await writeFile(join(rig.root, ACCOUNT, 'file'), randomBytes(1024));
    expect(await get('-i', 'key', through('file'))).toMatchObject({ code: 0 });
    expect(tap.roundTripsToData).toBe(2);
    tap.passed.length = 0;
    expect(await get('--password-file', 'password', through('file'))).toMatchObject({ code: 0 });
    expect(tap.roundTripsToData).toBe(3);
  });
});

describe('a server that is started anew', () => {
  /** Of the file under way, on whichever side it grows. */
  async function arrivedBytes(): Promise<number> {
    const [stray = ''] = await rig.strays();
    const [partial = ''] = await rig.partials();
    const path = stray === '' ? join(rig.root, '.lftp-udp', 'partial', partial) : local(stray);
    return partial + stray === '' ? 0 : (await stat(path)).size;
  }

  it.each(['get', 'post'])('ends a %s at once, by a reset', async (operation) => {
    const long = randomBytes(64).toString('hex').repeat(1_000_000);
    await writeFile(join(operation === 'get' ? rig.root : rig.work, 'long'), long);
    const args = operation === 'get' ? [rig.at('long'), 'out'] : ['long', rig.at('new')];
    const once = ['--no-resume', '--retry-time=0'];
    const running = rig.start([operation, '--json', ...once, ...args]);
    await until(async () => ((await arrivedBytes()) > 0 ? true : undefined));
    rig.server.kill('SIGKILL');
    await rig.server.ended;
    await rig.serve('--anonymous=rw');
    const startMs = performance.now();
    const ended = await running.ended;
    expect(performance.now() - startMs).toBeLessThan(3000);
    expect(ended.code).toBe(17);
    expect(ended.stderr).toMatch(/the server was started anew.*\n {6}Run the command again\./);
    expect(await rig.strays()).toEqual([]);
  });
});
