/** Rows over the emulated link: `newreno` beside the kernel's Reno, and beside the simulator. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { simulateGoodput } from '../../src/sim/goodput.ts';
import { openLink } from '../lab/session.ts';
import type { Lab } from '../lab/session.ts';
import { isAvailable, runPeers } from './peers.ts';
import { cell, median, withFolder, writeRandomFile } from './row.ts';
import type { Print, Row } from './row.ts';
import { MEASURED_HEADING, measure, measuredLine } from './transfers.ts';
import type { Measured } from './transfers.ts';

const SEEDS: readonly number[] = [1, 2, 3];
const FILE = 'file';
const NEWRENO = ['--cc', 'newreno'] as const;

export interface Link {
  /** Bits per second. */
  readonly rate: number;
  readonly rttMs: number;
  /** Probability per datagram, both directions. */
  readonly loss: number;
  readonly fileBytes: number;
  /** Where losses are few, three runs say little. */
  readonly seeds?: readonly number[];
}

async function getOnce(
  folder: string,
  link: Link,
  seed: number,
  print: Print,
  also?: (lab: Lab, file: string) => Promise<void>,
): Promise<Measured> {
  const { rate, rttMs, loss } = link;
  const lab = await openLink({ rate, delay: rttMs / 2, loss, seed });
  try {
    const measured = await measure(lab, {
      operation: 'get',
      folder,
      fileName: FILE,
      clientFlags: NEWRENO,
      serverFlags: NEWRENO,
    });
    print(measuredLine(`newreno seed ${seed}`, measured));
    rmSync(join(folder, 'client', FILE));
    await also?.(lab, join(folder, 'server', FILE));
    return measured;
  } finally {
    await lab.close();
  }
}

function prepare(folder: string, fileBytes: number): void {
  mkdirSync(join(folder, 'server'), { recursive: true });
  mkdirSync(join(folder, 'client'), { recursive: true });
  writeRandomFile(join(folder, 'server', FILE), fileBytes);
}

const RENO_LINK: Link = { rate: 100e6, rttMs: 20, loss: 0.01, fileBytes: 20_000_000 };
const RENO_SHARE = 0.9;

export const reno: Row = {
  name: 'reno',
  about: 'newreno beside kernel Reno: 20 MB over 100 Mbit/s, 20 ms, 1 % loss both ways',
  run: (print) =>
    withFolder(async (folder) => {
      if (!isAvailable('file-reno')) throw new Error('kernel Reno is driven by iperf3: install it');
      prepare(folder, RENO_LINK.fileBytes);
      const ours: number[] = [];
      const kernel: number[] = [];
      print(MEASURED_HEADING);
      for (const seed of SEEDS) {
        const measured = await getOnce(folder, RENO_LINK, seed, print, async (lab, file) => {
          for (const peer of await runPeers(lab, file, ['file-reno'])) {
            print(peer.line);
            kernel.push(peer.megabits);
          }
        });
        ours.push(measured.megabits);
      }
      const ratio = median(ours) / median(kernel);
      print(
        `medians: newreno ${median(ours).toFixed(2)}, kernel Reno ${median(kernel).toFixed(2)} ` +
          `Mbit/s; ratio ${ratio.toFixed(2)}, target ${RENO_SHARE}: ` +
          (ratio >= RENO_SHARE ? 'met' : 'MISSED'),
      );
      return ratio >= RENO_SHARE;
    }),
};

const AGREEMENT: readonly Link[] = [
  { rate: 100e6, rttMs: 20, loss: 0.01, fileBytes: 20_000_000 },
  { rate: 100e6, rttMs: 100, loss: 0.01, fileBytes: 12_000_000 },
  { rate: 20e6, rttMs: 40, loss: 0.05, fileBytes: 3_000_000 },
  { rate: 50e6, rttMs: 40, loss: 0.001, fileBytes: 60_000_000, seeds: [1, 2, 3, 4, 5] },
];
const AGREEMENT_SHARE = 0.15;
/** Virtual time is cheap, so its median may rest on more runs. */
const VIRTUAL_RUNS = 15;

/** What the simulator says of the same row. */
function virtualMegabits(link: Link): number {
  const rates = Array.from({ length: VIRTUAL_RUNS }, (_, index) => {
    const goodput = simulateGoodput({
      rateBitsPerSecond: link.rate,
      rttMs: link.rttMs,
      loss: link.loss,
      bytes: link.fileBytes,
      controller: 'newreno',
      seed: index + 1,
    });
    return goodput.megabitsPerSecond;
  });
  return median(rates);
}

export const simAgreement: Row = {
  name: 'sim-agreement',
  about: 'newreno on the emulated link beside virtual time, four rows, to agree within 15 %',
  run: (print) =>
    withFolder(async (folder) => {
      let allAgree = true;
      for (const link of AGREEMENT) {
        prepare(folder, link.fileBytes);
        const title = `${link.rate / 1e6} Mbit/s, ${link.rttMs} ms, ${link.loss * 100} % loss`;
        print(`${title}, ${link.fileBytes / 1e6} MB`);
        const real: number[] = [];
        for (const seed of link.seeds ?? SEEDS) {
          real.push((await getOnce(folder, link, seed, print)).megabits);
        }
        const virtual = virtualMegabits(link);
        const off = median(real) / virtual - 1;
        const agrees = Math.abs(off) <= AGREEMENT_SHARE;
        allAgree &&= agrees;
        print(
          `medians: real${cell(median(real), 8, 2)}, virtual time${cell(virtual, 8, 2)} Mbit/s; ` +
            `off by${cell(off * 100, 6)} %: ${agrees ? 'agrees' : 'DISAGREES'}`,
        );
      }
      return allAgree;
    }),
};
