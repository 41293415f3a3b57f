/** `lftp bench` as people and scripts run it. */
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync, spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventsIn, PROGRAM, REPOSITORY, Running, until } from './cli-rig.ts';
import type { Ended } from './cli-rig.ts';

let folder = '';
let temporary = '';

beforeAll(async () => {
  if (!existsSync(PROGRAM)) {
    execFileSync('npm', ['run', '-s', 'build'], { cwd: REPOSITORY, stdio: 'inherit' });
  }
  folder = await mkdtemp(join(tmpdir(), 'lftp-cli-bench-'));
  temporary = join(folder, 'tmp');
  await mkdir(temporary);
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

function start(...args: string[]): Running {
  return new Running(
    spawn(process.execPath, [PROGRAM, 'bench', ...args], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], TMPDIR: temporary },
      // A group of its own, as a shell gives it, so that an interrupt can go to all of it.
      detached: true,
    }),
  );
}

async function run(...args: string[]): Promise<Ended> {
  return await start(...args).ended;
}

const SMALL = ['--size', '2MB', '--rtt', '20ms', '--loss', '1%'];

describe('lftp bench', () => {
  it('carries a file through real sockets and leaves nothing behind', async () => {
    const { code, stdout, stderr } = await run(
      ...SMALL,
      '--cc',
      'newreno',
      '--runs',
      '1',
      '--json',
    );
    expect(code, stderr).toBe(0);
    const [one, summary, ...others] = eventsIn(stdout);
    expect(others).toEqual([]);
    expect(one).toMatchObject({
      event: 'run',
      mode: 'real',
      controller: 'newreno',
      seed: 1,
      bytes: 2e6,
      complete: true,
      loss: 0.01,
      ackLoss: 0.01,
    });
    expect(one?.['lostDatagrams']).toBeGreaterThan(3);
    expect(one?.['retransmittedShare']).toBeGreaterThan(0.002);
    expect(one?.['wireRatio']).toBeGreaterThan(1.05);
    expect(one?.['wireRatio']).toBeLessThan(1.5);
    expect(one?.['rttInflation']).toBeGreaterThan(0.99);
    expect(one?.['cpuSecondsPerGB']).toBeGreaterThan(0);
    expect(one?.['emulator']).toMatchObject({ overruns: 0 });
    expect(summary).toMatchObject({ event: 'summary', rows: [{ runs: 1, cutRuns: 0 }] });
    expect(stderr).toMatch(/of ceiling/);
    expect(await readdir(temporary)).toEqual([]);
  });

  it('says the same to the byte in virtual time, with its report, in two processes', async () => {
    const args = [...SMALL, '--simulate', '--cc', 'newreno,founding', '--runs', '2'];
    const page = ['--report', 'report.html'];
    const once = async (): Promise<string[]> => {
      const json = await run(...args, '--json');
      const plain = await run(...args, ...page);
      const drawn = await readFile(join(folder, 'report.html'), 'utf8');
      return [json.stdout, json.stderr, plain.stdout, plain.stderr, drawn];
    };
    const first = await once();
    expect(await once()).toEqual(first);
    const events = eventsIn(first[0] ?? '');
    expect(events.map(({ event }) => event)).toEqual([...Array<string>(4).fill('run'), 'summary']);
    expect(events.every(({ t }) => typeof t === 'number' && t < 600)).toBe(true);
    expect(first[2]).toMatch(/^custom {2}founding /m);
    expect(first[3]?.split('\n').filter((line) => line !== '')).toHaveLength(4);
    expect(first[4]).toContain('Time-sequence plot of founding, seed 2');
    expect(first.join('')).not.toMatch(/\d{4}-\d\d-\d\d/);
  });

  it('draws a report of real time', async () => {
    const ended = await run(...SMALL, '--runs', '1', '--report', 'real.html', '--quiet');
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const page = await readFile(join(folder, 'real.html'), 'utf8');
    for (const style of ['sent', 'again', 'acked', 'cwnd', 'flight', 'srtt']) {
      expect(page).toMatch(new RegExp(`<path class="${style}" d="M[\\d.]+ [^"]{100,}`));
    }
  });

  it('measures up to the limit what does not end, or never begins', async () => {
    const slow = ['--rate', '1Mbit', '--size', '5MB', '--run-time', '1s', '--runs', '1', '--json'];
    const virtual = eventsIn((await run(...slow, '--simulate')).stdout)[0];
    const real = eventsIn((await run(...slow)).stdout)[0];
    for (const event of [virtual, real]) {
      expect(event).toMatchObject({ complete: false, seconds: 1 });
      expect(event?.['goodputMbps']).toBeGreaterThan(0.05);
      expect(event?.['goodputMbps']).toBeLessThan(1);
    }
    for (const mode of [['--simulate'], []]) {
      const { code, stdout } = await run(...slow, '--loss', '100%', ...mode);
      expect(code).toBe(0);
      expect(eventsIn(stdout)[0]).toMatchObject({ bytes: 0, complete: false, goodputMbps: 0 });
    }
    expect(await readdir(temporary)).toEqual([]);
  });

  it.each([
    [['--loss', 'much'], /--loss: "much" is no share such as 1% or 0\.01/],
    [['--cc', 'fast'], /--cc: "fast" is none of newreno/],
    [['--preset', 'moon'], /--preset: "moon" is no preset; --preset list shows them/],
    [['--rate', '100'], /--rate: "100" is no rate such as 100Mbit/],
    [['--outage', '5s'], /--outage: "5s" is no outage such as 2s@5s/],
    [['there'], /bench takes only flags/],
  ])('refuses %j and shows its usage', async (args, expected) => {
    const { code, stdout, stderr } = await run(...args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(expected);
    expect(stderr).toMatch(/lftp bench \[flags\]/);
    expect(stderr).toMatch(/--ack-loss/);
  });

  it('lists the presets', async () => {
    const { code, stdout } = await run('--preset', 'list');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^classic-550 .*155 Mbit\/s, RTT 550 ms, loss 5 %/m);
  });
});

describe('the report of lftp bench', () => {
  it('is known to be impossible before the first run', async () => {
    const { code, stderr } = await run('--report', 'nowhere/report.html');
    expect(code).toBe(14);
    expect(stderr).toMatch(/nowhere\/report\.html: no such file or folder/);
    expect(stderr).not.toMatch(/seed/);
    expect((await run('--report', folder)).code).toBe(14);
  });

  it('does not replace what was there before it is complete', async () => {
    const path = join(folder, 'old.html');
    await writeFile(path, 'old');
    await chmod(path, 0o600);
    const running = start('--simulate', '--size', '10GB', '--run-time', '9h', '--report', path);
    // Its file was there before; by the end of another program it is under way for certain.
    await run('--simulate', '--size', '1MB', '--runs', '1');
    const fresh = join(folder, 'fresh.html');
    const other = start('--simulate', '--size', '10GB', '--run-time', '9h', '--report', fresh);
    await until(() => (existsSync(fresh) ? true : undefined));
    running.kill('SIGINT');
    other.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    expect((await other.ended).code).toBe(130);
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(existsSync(fresh)).toBe(false);
  });
});

describe('an interrupted lftp bench', () => {
  /** Waits until the client has begun to write its file. */
  async function underWay(): Promise<string> {
    return await until(async () => {
      const [bench] = await readdir(temporary);
      if (bench === undefined) return undefined;
      const files = await readdir(join(temporary, bench, 'client')).catch(() => []);
      return files.length > 0 ? bench : undefined;
    });
  }

  it.each([
    ['SIGINT', 130, 'group'],
    ['SIGTERM', 143, 'parent'],
    ['SIGINT', 130, 'twice'],
  ] as const)('by %s ends with %d, and no folder is left (%s)', async (signal, code, how) => {
    const running = start('--rate', '1Mbit', '--size', '5MB', '--runs', '1');
    await underWay();
    const { pid } = running.child;
    if (pid === undefined) throw new Error('it did not start');
    // A terminal sends it to everybody; a supervisor to the program alone.
    process.kill(how === 'group' ? -pid : pid, signal);
    if (how === 'twice') process.kill(pid, signal);
    expect((await running.ended).code).toBe(code);
    await until(async () => ((await readdir(temporary)).length === 0 ? true : undefined));
    // Nobody of the group is left either.
    await until(() => (isAlive(-pid) ? undefined : true));
  });

  function isAlive(pid: number): boolean {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  }
});
