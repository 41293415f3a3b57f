/** Speed with nothing in the way: file to file over a veth pair, beside the peers. */
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
const TARGET_MBITS = 600;
const FILE = 'big';

async function operationRow(
  lab: Lab,
  folder: string,
  operation: 'get' | 'post',
  print: Print,
): Promise<boolean> {
  const source = join(folder, operation === 'get' ? 'server' : 'client', FILE);
  const target = join(folder, operation === 'get' ? 'client' : 'server', FILE);
  writeRandomFile(source, FILE_BYTES);
  const rates: number[] = [];
  let allEqual = true;
  for (let run = 1; run <= RUNS; run += 1) {
    const measured = await measure(lab, { operation, folder, fileName: FILE });
    print(measuredLine(`${operation} ${run}`, measured));
    rates.push(measured.megabits);
    allEqual &&= measured.isEqual;
    rmSync(target);
  }
  rmSync(source);
  const middle = median(rates);
  const met = allEqual && middle >= TARGET_MBITS;
  print(
    `${operation}: median ${middle.toFixed(0)} Mbit/s, target ${TARGET_MBITS}: ` +
      (met ? 'met' : 'MISSED'),
  );
  return met;
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
  about: '1 GB get and post over a veth pair at MTU 1500, file to file in memory, with peers',
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
