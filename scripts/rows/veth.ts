/**
 * A fast clean path: 1 GB from memory to memory over a veth pair at MTU 1500, beside scp and
 * udx-native in the same run, without offload, and over loopback with its own MTU.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openLoopback, openVeth } from '../lab/session.ts';
import type { Host, Lab } from '../lab/session.ts';
import { isAvailable, runPeers } from './peers.ts';
import { cell, median, withFolder, writeRandomFile } from './row.ts';
import type { Print, Row } from './row.ts';
import { MEASURED_HEADING, measure, measuredLine } from './transfers.ts';
import type { Measured, TransferPlan } from './transfers.ts';

const FILE_BYTES = 1_000_000_000;
const FILE = 'big';
const RUNS = 5;
const FEW_RUNS = 3;

const WANTED = {
  trains: 2_500,
  single: 1_100,
  loopback: 4_000,
  /** Of scp's rate, and of udx-native's. */
  scpShare: 0.85,
  udxShare: 2.2,
} as const;
const PEERS = ['scp', 'udx'];

/** Turns off cutting and merging in every device of a host. */
const OFFLOADS_OFF =
  'cd /sys/class/net && for device in *; do ethtool -K "$device" gso off gro off tso off; done';

class Figures {
  readonly megabits: number[] = [];
  readonly cpuSecondsPerGb: number[] = [];

  add(megabits: number, cpuSeconds: number): void {
    this.megabits.push(megabits);
    this.cpuSecondsPerGb.push((cpuSeconds * 1e9) / FILE_BYTES);
  }

  get rate(): number {
    return median(this.megabits);
  }

  line(what: string): string {
    const cpu = cell(median(this.cpuSecondsPerGb), 8, 2);
    return `${what.padEnd(22)} median ${cell(this.rate, 7, 0)} Mbit/s ${cpu} CPU s per GB`;
  }
}

class Bench {
  private readonly print: Print;
  private readonly folder: string;
  private readonly source: string;
  areAllEqual = true;

  constructor(print: Print, folder: string) {
    this.print = print;
    this.folder = folder;
    for (const name of ['server', 'client']) mkdirSync(join(folder, name));
    this.source = join(folder, 'server', FILE);
    writeRandomFile(this.source, FILE_BYTES);
  }

  async get(lab: Lab, what: string, into: Figures, plan: Partial<TransferPlan> = {}) {
    const { folder } = this;
    const measured = await measure(lab, { operation: 'get', folder, fileName: FILE, ...plan });
    rmSync(join(folder, 'client', FILE));
    this.note(what, measured, into);
  }

  /** The file lies on the client's side for the length of it. */
  async post(lab: Lab, runs: number): Promise<Figures> {
    const figures = new Figures();
    const { folder } = this;
    const file = join(folder, 'client', FILE);
    writeRandomFile(file, FILE_BYTES);
    rmSync(this.source);
    for (let run = 1; run <= runs; run += 1) {
      const measured = await measure(lab, { operation: 'post', folder, fileName: FILE });
      rmSync(this.source);
      this.note(`post ${run}`, measured, figures);
    }
    rmSync(file);
    writeRandomFile(this.source, FILE_BYTES);
    return figures;
  }

  private note(what: string, measured: Measured, into: Figures): void {
    this.print(measuredLine(what, measured));
    into.add(measured.megabits, measured.cpuSeconds);
    this.areAllEqual &&= measured.isEqual;
  }

  async peers(lab: Lab, names: readonly string[]) {
    const results = await runPeers(lab, this.source, names);
    for (const { line } of results) this.print(line);
    return results;
  }
}

async function setOffloadsOff(hosts: readonly Host[]): Promise<void> {
  for (const host of hosts) await once(host.start('sh', ['-c', OFFLOADS_OFF]), 'exit');
}

function verdict(print: Print, what: string, value: number, wanted: number, digits = 0): boolean {
  const isMet = value >= wanted;
  const told = `${value.toFixed(digits)}, wanted ${wanted.toFixed(digits)}`;
  print(`${what.padEnd(22)} ${told}: ${isMet ? 'met' : 'MISSED'}`);
  return isMet;
}

async function beside(bench: Bench, print: Print): Promise<boolean> {
  const lab = await openVeth();
  const names = PEERS.filter(isAvailable);
  for (const name of PEERS.filter((peer) => !names.includes(peer))) {
    print(`${name}: not on this machine`);
  }
  const own = new Figures();
  const single = new Figures();
  const others = new Map(names.map((name) => [name, new Figures()]));
  try {
    for (let run = 1; run <= RUNS; run += 1) {
      await bench.get(lab, `get ${run}`, own);
      for (const { peer, megabits, cpuSeconds } of await bench.peers(lab, names)) {
        others.get(peer)?.add(megabits, cpuSeconds);
      }
    }
    const environment = { LFTPU_SOCKETS: 'single' };
    for (let run = 1; run <= FEW_RUNS; run += 1) {
      await bench.get(lab, `single ${run}`, single, { environment });
    }
    print(own.line('get'));
    for (const [name, figures] of others) print(figures.line(name));
    print(single.line('get, no trains'));
    print((await bench.post(lab, FEW_RUNS)).line('post'));
  } finally {
    await lab.close();
  }
  const shareOf = (name: string): number => own.rate / (others.get(name)?.rate ?? Infinity);
  return [
    verdict(print, 'get', own.rate, WANTED.trains),
    verdict(print, 'get / scp', shareOf('scp'), WANTED.scpShare, 2),
    verdict(print, 'get / udx', shareOf('udx'), WANTED.udxShare, 2),
    verdict(print, 'get, no trains', single.rate, WANTED.single),
  ].every((isMet) => isMet);
}

async function withoutOffloads(bench: Bench, print: Print): Promise<void> {
  if (spawnSync('sh', ['-c', 'command -v ethtool']).status !== 0) {
    print('ethtool: not on this machine');
    return;
  }
  const lab = await openVeth();
  const figures = new Figures();
  try {
    await setOffloadsOff([lab.a, lab.b]);
    for (let run = 1; run <= FEW_RUNS; run += 1) await bench.get(lab, `plain ${run}`, figures);
  } finally {
    await lab.close();
  }
  print(figures.line('get, plain devices'));
}

async function overLoopback(bench: Bench, print: Print): Promise<boolean> {
  const figures = new Figures();
  const lab = openLoopback();
  for (let run = 1; run <= FEW_RUNS; run += 1) await bench.get(lab, `loopback ${run}`, figures);
  print(figures.line('get, loopback'));
  return verdict(print, 'get, loopback', figures.rate, WANTED.loopback);
}

export const veth: Row = {
  name: 'veth',
  about: '1 GB over a veth pair at MTU 1500 beside scp and udx, without offload, and by loopback',
  run: (print) =>
    withFolder(async (folder) => {
      const bench = new Bench(print, folder);
      print(MEASURED_HEADING);
      const isFast = await beside(bench, print);
      await withoutOffloads(bench, print);
      const isFastAlone = await overLoopback(bench, print);
      return isFast && isFastAlone && bench.areAllEqual;
    }),
};
