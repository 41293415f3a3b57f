/** Other tools over the same link in the same run, by scripts/lab/peers. */
import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Lab } from '../lab/session.ts';

export interface PeerResult {
  readonly peer: string;
  readonly megabits: number;
  /** Of both sides; NaN where it is not told. */
  readonly cpuSeconds: number;
  readonly line: string;
}

/** What a peer needs on this machine; `udx` is a package in the folder that UDX_DIR names. */
const NEEDS: Readonly<Record<string, () => boolean>> = {
  udx: () => process.env['UDX_DIR'] !== undefined,
  srt: () => hasProgram('srt-file-transmit'),
  udt: () => hasProgram('g++'),
  scp: () => hasProgram('sshd') || hasProgram('/usr/sbin/sshd'),
};

function hasProgram(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

export function isAvailable(peer: string): boolean {
  return (NEEDS[peer] ?? (() => hasProgram('iperf3')))();
}

/** Runs the peers in turn; one that printed no figure is missing from the answer. */
export async function runPeers(
  lab: Lab,
  file: string,
  peers: readonly string[],
): Promise<PeerResult[]> {
  const child = spawn('bash', ['scripts/lab/peers', file, ...peers], {
    env: { ...process.env, ...lab.environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const results: PeerResult[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    const match = /^(\S+) .*?([\d.]+) Mbit\/s/.exec(line);
    if (match === null) continue;
    const cpuSeconds = Number(/([\d.]+) CPU s/.exec(line)?.[1] ?? NaN);
    results.push({ peer: match[1] ?? '', megabits: Number(match[2]), cpuSeconds, line });
  }
  return results;
}
