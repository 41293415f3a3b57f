/** Small files: a whole tree both ways over a long link, in memory and on a disk, beside rsync. */
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { doneEvent, runClient, startServer } from '../lab/lftp.ts';
import { openLink } from '../lab/session.ts';
import type { Host, Lab } from '../lab/session.ts';
import { cell, median } from './row.ts';
import type { Print, Row } from './row.ts';

const FILES = 10_000;
const FILE_BYTES = 4096;
const FILES_OF_FOLDER = 100;
const LINK = { rate: 100e6, delay: 50, seed: 1 } as const;
const RUNS = 3;
const MOST_SECONDS = 8;
const SSH_PORT = '2222';
const START_MS = 700;

const PLACES = [
  { name: 'memory', base: '/dev/shm' },
  { name: 'disk', base: tmpdir() },
] as const;
const OPERATIONS = ['get', 'post'] as const;
type Operation = (typeof OPERATIONS)[number];

function plant(folder: string): void {
  for (let i = 0; i < FILES; i += 1) {
    const inside = join(folder, `folder-${Math.floor(i / FILES_OF_FOLDER)}`);
    if (i % FILES_OF_FOLDER === 0) mkdirSync(inside, { recursive: true });
    writeFileSync(join(inside, `file-${i}`), randomBytes(FILE_BYTES));
  }
}

function areEqual(left: string, right: string): boolean {
  return spawnSync('diff', ['-rq', left, right]).status === 0;
}

/** What is written and not yet on the disk would be flushed at the expense of the next run. */
function flush(folder: string): number {
  const startMs = performance.now();
  spawnSync('sync', ['-f', folder]);
  return (performance.now() - startMs) / 1000;
}

interface Timed {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly note: string;
}

/** From the first datagram until every file is verified, flushed and in place. */
async function timeLftp(lab: Lab, folder: string, operation: Operation): Promise<Timed> {
  const server = await startServer(lab.b, folder);
  const [remote, local] = operation === 'get' ? ['source', 'target'] : ['target', 'source'];
  const names = [server.url(remote), join(folder, local)];
  const args = operation === 'get' ? names : names.reverse();
  try {
    const run = await runClient(lab.a, [operation, '-r', ...args]);
    const { seconds, retransmittedShare } = doneEvent(run);
    const cpuSeconds = run.usage.cpuSeconds + server.usage().cpuSeconds;
    const resent = `${(retransmittedShare * 100).toFixed(1)} % resent`;
    return { seconds, cpuSeconds, note: `wall ${run.wallSeconds.toFixed(2)} s, ${resent}` };
  } finally {
    await server.stop();
  }
}

/** An sshd of our own on host B, for as long as the row runs. */
interface Shell {
  readonly command: string;
  close(): void;
}

function hasProgram(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

async function openShell(host: Host, folder: string): Promise<Shell | undefined> {
  if (!['rsync', 'ssh', 'ssh-keygen', '/usr/sbin/sshd'].every(hasProgram)) return undefined;
  mkdirSync('/run/sshd', { recursive: true });
  const keys = join(folder, 'keys');
  mkdirSync(keys);
  for (const name of ['host', 'id']) {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(keys, name)]);
  }
  const options = [
    `AuthorizedKeysFile=${join(keys, 'id.pub')}`,
    'StrictModes=no',
    'PermitRootLogin=yes',
    'PidFile=none',
  ].flatMap((option) => ['-o', option]);
  const args = ['-D', '-p', SSH_PORT, '-h', join(keys, 'host'), ...options];
  const daemon = host.start('/usr/sbin/sshd', args);
  await new Promise((resolve) => setTimeout(resolve, START_MS));
  const trust = '-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR';
  const cipher = '-c aes128-gcm@openssh.com';
  const command = `ssh -p ${SSH_PORT} -i ${join(keys, 'id')} ${cipher} ${trust}`;
  return { command, close: () => void daemon.kill() };
}

/** Rsync flushes nothing: what that costs afterwards stands beside it. */
async function timeRsync(
  lab: Lab,
  shell: Shell,
  folder: string,
  operation: Operation,
): Promise<Timed> {
  const there = (name: string): string => `root@${lab.b.address}:${join(folder, name)}/`;
  const here = (name: string): string => `${join(folder, name)}/`;
  const ends =
    operation === 'get' ? [there('source'), here('target')] : [here('source'), there('target')];
  const startMs = performance.now();
  const child = lab.a.start('rsync', ['-r', '-e', shell.command, ...ends]);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number | null];
  const seconds = (performance.now() - startMs) / 1000;
  if (code !== 0) throw new Error(`rsync ended with ${code ?? 'a signal'}: ${said}`);
  const flushed = flush(join(folder, 'target')).toFixed(2);
  return { seconds, cpuSeconds: NaN, note: `then ${flushed} s to flush` };
}

async function measured(
  folder: string,
  title: string,
  print: Print,
  run: () => Promise<Timed>,
): Promise<number> {
  const target = join(folder, 'target');
  rmSync(target, { recursive: true, force: true });
  flush(folder);
  const { seconds, cpuSeconds, note } = await run();
  const isEqual = areEqual(join(folder, 'source'), target);
  const cpu = Number.isNaN(cpuSeconds) ? '' : `, ${cpuSeconds.toFixed(2)} CPU s both sides`;
  print(`${title.padEnd(24)}${cell(seconds, 8, 2)} s  ${note}${cpu}`);
  if (isEqual) return seconds;
  print(`${title}: TREES DIFFER`);
  return Infinity;
}

async function placeRows(lab: Lab, place: (typeof PLACES)[number], print: Print): Promise<boolean> {
  const folder = mkdtempSync(join(place.base, 'lftp-trees-'));
  plant(join(folder, 'source'));
  const shell = await openShell(lab.b, folder);
  if (shell === undefined) print('rsync over ssh: not on this machine');
  let allMet = true;
  try {
    for (const operation of OPERATIONS) {
      const own: number[] = [];
      const peer: number[] = [];
      // In turn, so that a machine that is slower for a while is slower for both.
      for (let run = 1; run <= RUNS; run += 1) {
        const title = `${operation} ${place.name} ${run}`;
        own.push(await measured(folder, title, print, () => timeLftp(lab, folder, operation)));
        if (shell === undefined) continue;
        peer.push(
          await measured(folder, `  rsync ${title}`, print, () =>
            timeRsync(lab, shell, folder, operation),
          ),
        );
      }
      const isMet = median(own) <= MOST_SECONDS;
      const ratio =
        peer.length === 0 ? '' : `, ${(median(own) / median(peer)).toFixed(2)} of rsync`;
      const verdict = `target ${MOST_SECONDS}: ${isMet ? 'met' : 'MISSED'}`;
      print(`${operation} ${place.name}: median ${median(own).toFixed(2)} s${ratio}, ${verdict}`);
      allMet &&= isMet;
    }
    return allMet;
  } finally {
    shell?.close();
    rmSync(folder, { recursive: true });
  }
}

export const trees: Row = {
  name: 'trees',
  about: `${FILES} files of 4 KiB both ways over 100 Mbit/s, 100 ms; memory and disk; rsync`,
  run: async (print) => {
    const lab = await openLink(LINK);
    try {
      let allMet = true;
      for (const place of PLACES) allMet = (await placeRows(lab, place, print)) && allMet;
      return allMet;
    } finally {
      await lab.close();
    }
  },
};
