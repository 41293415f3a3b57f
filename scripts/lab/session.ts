/**
 * Two hosts and the link between them, for as long as a program wants them: wraps `link`, `veth`
 * and `routed` of this folder. Needs root. Run from the root of the project.
 */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

export type LabProcess = ChildProcessByStdio<null, Readable, Readable>;

export interface Host {
  readonly address: string;
  /** Empty over a veth. */
  readonly address6: string;
  /** Starts a program on this host; its process id is the program's own. */
  start(command: string, args: readonly string[], environment?: Record<string, string>): LabProcess;
}

export interface Lab {
  readonly a: Host;
  readonly b: Host;
  /** What the shell scripts of this folder expect to find: A, B, IPA, IPB and their like. */
  readonly environment: Readonly<Record<string, string>>;
  /** Takes the link down; what still runs on either host ends with it. */
  close(): Promise<void>;
}

/** Options of `link`: `{ rate: 100e6, delay: 10, loss: 0.01, seed: 1 }`; see linkemu.c. */
export type LinkOptions = Readonly<Record<string, number | string>>;

const NAMES = ['A', 'B', 'IPA', 'IPB', 'IPA6', 'IPB6'] as const;

// Tells where the hosts are, then holds the link up until its input ends: whatever happens to the
// program that asked for the link, the link goes with it.
const HOLD = `echo "$A|$B|$IPA|$IPB|\${IPA6:-}|\${IPB6:-}"; cat >/dev/null`;

function hostBy(prefix: string, address: string, address6: string): Host {
  const [runner = '', ...before] = prefix.split(' ').filter((word) => word !== '');
  const start: Host['start'] = (command, args, environment = {}) =>
    spawn(runner === '' ? command : runner, runner === '' ? args : [...before, command, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    });
  return { address, address6, start };
}

async function open(script: string, options: readonly string[]): Promise<Lab> {
  const holder = spawn('bash', [`scripts/lab/${script}`, ...options, '--', 'bash', '-c', HOLD], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(holder, 'exit');
  let text = '';
  for await (const chunk of holder.stdout) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  const values = text.trim().split('|');
  if (values.length !== NAMES.length) throw new Error(`the lab's ${script} did not come up`);
  const environment = Object.fromEntries(NAMES.map((name, i) => [name, values[i] ?? '']));
  return {
    a: hostBy(environment['A'] ?? '', environment['IPA'] ?? '', environment['IPA6'] ?? ''),
    b: hostBy(environment['B'] ?? '', environment['IPB'] ?? '', environment['IPB6'] ?? ''),
    environment,
    close: async () => {
      holder.stdin.end();
      await exited;
    },
  };
}

/** An emulated link with the given rate, delay and faults. */
export function openLink(options: LinkOptions): Promise<Lab> {
  return open(
    'link',
    Object.entries(options).flatMap(([name, value]) => [name, String(value)]),
  );
}

/** A veth pair at MTU 1500 without limits. */
export function openVeth(): Promise<Lab> {
  return open('veth', []);
}

/** Two hosts of MTU `mtu` with a router between them, whose way to host B has MTU `middle`. */
export function openRouted(mtu: number, middle: number): Promise<Lab> {
  return open('routed', ['mtu', String(mtu), 'middle', String(middle)]);
}

/** This machine talking to itself: both hosts are the same, nothing is set up, no root needed. */
export function openLoopback(): Lab {
  const host = hostBy('', '127.0.0.1', '::1');
  return { a: host, b: host, environment: {}, close: () => Promise.resolve() };
}
