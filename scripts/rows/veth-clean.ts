/**
 * What sealing costs where each datagram is a system call: file to file over a veth pair, beside
 * peers that make as many calls. `veth` has the program as it is.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openVeth } from '../lab/session.ts';
import type { Lab } from '../lab/session.ts';
import { isAvailable, runPeers } from './peers.ts';
import { median, withFolder, writeRandomFile } from './row.ts';
import type { Print, Row } from './row.ts';
import { MEASURED_HEADING, measure, measuredLine } from './transfers.ts';

const FILE_BYTES = 1_000_000_000;
const RUNS = 3;
/** What the unsealed transport reaches; and what sealing may leave of it. */
const TARGET_MBITS = 600;
const SEALED_SHARE = 0.7;
const FILE = 'big';

const VARIANTS = [
  { name: 'sealed', flags: [] },
  { name: 'insecure', flags: ['--insecure'] },
] as const;
type Variant = (typeof VARIANTS)[number]['name'];

async function operationRow(
  lab: Lab,
  folder: string,
  operation: 'get' | 'post',
  print: Print,
): Promise<boolean> {
  const source = join(folder, operation === 'get' ? 'server' : 'client', FILE);
  const target = join(folder, operation === 'get' ? 'client' : 'server', FILE);
  writeRandomFile(source, FILE_BYTES);
  const rates: Record<Variant, number[]> = { sealed: [], insecure: [] };
  let allEqual = true;
  for (let run = 1; run <= RUNS; run += 1) {
    // In turn, so that a machine that is slower for a while is slower for both.
    for (const { name, flags } of VARIANTS) {
      const environment = { LFTPU_SOCKETS: 'single' };
      const both = { clientFlags: flags, serverFlags: flags, environment };
      const measured = await measure(lab, { operation, folder, fileName: FILE, ...both });
      print(measuredLine(`${operation} ${name} ${run}`, measured));
      rates[name].push(measured.megabits);
      allEqual &&= measured.isEqual;
      rmSync(target);
    }
  }
  rmSync(source);
  return verdict(operation, median(rates.sealed), median(rates.insecure), print) && allEqual;
}

function verdict(operation: string, sealed: number, insecure: number, print: Print): boolean {
  const share = sealed / insecure;
  const isFast = insecure >= TARGET_MBITS;
  const isCheap = share >= SEALED_SHARE;
  print(
    `${operation}: medians: sealed ${sealed.toFixed(0)}, insecure ${insecure.toFixed(0)} Mbit/s, ` +
      `target ${TARGET_MBITS}: ${isFast ? 'met' : 'MISSED'}`,
  );
  print(
    `${operation}: sealed / insecure ${share.toFixed(2)}, target ${SEALED_SHARE}: ` +
      (isCheap ? 'met' : 'MISSED'),
  );
  return isFast && isCheap;
}

async function peerRows(lab: Lab, folder: string, print: Print): Promise<void> {
  const wanted = ['udx', 'udt', 'srt'];
  const available = wanted.filter(isAvailable);
  for (const peer of wanted.filter((name) => !available.includes(name))) {
    print(`${peer}: not on this machine`);
  }
  const file = join(folder, FILE);
  writeRandomFile(file, FILE_BYTES);
  for (const { line } of await runPeers(lab, file, available)) print(line);
  rmSync(file);
}

export const vethClean: Row = {
  name: 'veth-clean',
  about: '1 GB get and post over a veth pair without offload, sealed and insecure, with peers',
  run: (print) =>
    withFolder(async (folder) => {
      const lab = await openVeth();
      try {
        mkdirSync(join(folder, 'server'));
        mkdirSync(join(folder, 'client'));
        print(MEASURED_HEADING);
        const get = await operationRow(lab, folder, 'get', print);
        const post = await operationRow(lab, folder, 'post', print);
        await peerRows(lab, folder, print);
        return get && post;
      } finally {
        await lab.close();
      }
    }),
};
