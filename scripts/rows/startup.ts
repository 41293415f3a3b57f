/**
 * What a `get` of a tiny file costs either side, from the start of the program to its end: sealed,
 * over loopback, to a host that is known, for a stranger and for a key that logs in.
 */
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAM, startServer } from '../lab/lftp.ts';
import type { Server } from '../lab/lftp.ts';
import { openLoopback } from '../lab/session.ts';
import { cell, median, withFolder } from './row.ts';
import type { Print, Row } from './row.ts';

const RUNS = 9;
const MOST_MS = 200;
const FILE = 'file';
const ACCOUNT = 'somebody';

const HOST = openLoopback().a;

/** User and system time of a program that must succeed, its threads included; ms. */
async function processorMs(args: readonly string[]): Promise<number> {
  const script = 'TIMEFORMAT="cpu %3U %3S"; time "$@"';
  const child = HOST.start('bash', ['-c', script, 'bash', ...args], { LC_ALL: 'C' });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  child.stdout.resume();
  const [code] = (await once(child, 'close')) as [number | null];
  const spent = /^cpu ([\d.]+) ([\d.]+)$/m.exec(said);
  if (code !== 0 || spent === null) throw new Error(`${args.join(' ')} failed: ${said}`);
  return (Number(spent[1]) + Number(spent[2])) * 1000;
}

function lftp(...args: string[]): Promise<number> {
  return processorMs(['node', PROGRAM, ...args, '--quiet']);
}

interface Case {
  readonly title: string;
  readonly flags: readonly string[];
  url(server: Server): string;
}

/** Addresses without a fingerprint: the server is looked up among the known ones. */
const CASES: readonly Case[] = [
  { title: 'anonymous', flags: [], url: ({ port }) => `127.0.0.1:${port}:/${FILE}` },
  {
    title: 'client key',
    flags: ['-i', 'id'],
    url: ({ port }) => `${ACCOUNT}@127.0.0.1:${port}:/${FILE}`,
  },
];

async function runCase(folder: string, wanted: Case, print: Print): Promise<boolean> {
  const data = join(folder, 'data');
  const server = await startServer(HOST, join(folder, 'root'), ['--data', data]);
  try {
    const flags = wanted.flags.map((flag) => (flag === 'id' ? join(folder, 'id') : flag));
    const known = ['--known-hosts', join(folder, 'known-hosts'), '--host-key', 'accept-new'];
    const target = join(folder, 'target');
    const client: number[] = [];
    const serverMs: number[] = [];
    // The first run makes the host known, and the server load what it has not needed yet.
    for (let run = 0; run <= RUNS; run += 1) {
      const before = server.usage().cpuSeconds;
      client.push(await lftp('get', wanted.url(server), target, ...flags, ...known));
      serverMs.push((server.usage().cpuSeconds - before) * 1000);
      rmSync(target);
    }
    const [first = NaN, ...rest] = serverMs;
    const clientMs = median(client.slice(1));
    // The system counts in steps of 10 ms, of which a median would know nothing.
    const mean = rest.reduce((sum, ms) => sum + ms, 0) / rest.length;
    const isMet = clientMs <= MOST_MS && Math.max(first, mean) <= MOST_MS;
    const all = client.slice(1).map((ms) => ms.toFixed(0));
    print(
      `${wanted.title.padEnd(12)} client${cell(clientMs, 6, 0)} ms (${all.join(' ')})  ` +
        `server${cell(mean, 6, 1)} ms, its first${cell(first, 5, 0)}: ${isMet ? 'met' : 'MISSED'}`,
    );
    return isMet;
  } finally {
    await server.stop();
  }
}

export const startup: Row = {
  name: 'startup',
  about: `processor time of a get of a tiny file, at most ${MOST_MS} ms on each side; no root`,
  run: (print) =>
    withFolder(async (folder) => {
      mkdirSync(join(folder, 'root', ACCOUNT), { recursive: true });
      for (const home of ['', ACCOUNT]) writeFileSync(join(folder, 'root', home, FILE), 'tiny\n');
      await lftp('keygen', '-f', join(folder, 'id'));
      const account = ['--key', join(folder, 'id.pub'), '--data', join(folder, 'data')];
      await lftp('user', 'add', ACCOUNT, ...account);
      const bare: number[] = [];
      for (let run = 0; run < RUNS; run += 1) bare.push(await processorMs(['node', '-e', '0']));
      print(`node itself  client${cell(median(bare), 6, 0)} ms`);
      let allMet = true;
      for (const each of CASES) allMet = (await runCase(folder, each, print)) && allMet;
      return allMet;
    }),
};
