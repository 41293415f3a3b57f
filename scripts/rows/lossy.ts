/**
 * Rows over links that lose, delay and reorder, beside other tools on the same link. `ROWS_CC` in
 * the environment names another controller than the default, `ROWS_ONLY` the rows to run (by
 * number, from 1) and `ROWS_PEERS=none` leaves the other tools out, for comparing candidates.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openLink } from '../lab/session.ts';
import type { LinkOptions } from '../lab/session.ts';
import { isAvailable, runPeers } from './peers.ts';
import { cell, median, withFolder, writeRandomFile } from './row.ts';
import type { Print, Row } from './row.ts';
import { measure } from './transfers.ts';

const SEEDS = [1, 2, 3] as const;
const FILE = 'file';

interface LossyRow {
  readonly title: string;
  readonly link: LinkOptions;
  /** Probability of loss, both ways. */
  readonly loss: number;
  readonly fileBytes: number;
  /** Least goodput in Mbit/s. */
  readonly target: number;
  /** Tools that must not be faster. */
  readonly peers: readonly string[];
  readonly reorders?: boolean;
}

function row(
  rate: number,
  rttMs: number,
  loss: number,
  megabytes: number,
  target: number,
  peers: readonly string[],
): LossyRow {
  return {
    title: `${rate} Mbit/s, ${rttMs} ms, ${loss * 100} %`,
    link: { rate: rate * 1e6, delay: rttMs / 2, loss },
    loss,
    fileBytes: megabytes * 1_000_000,
    target,
    peers,
  };
}

const ROWS: readonly LossyRow[] = [
  row(100, 20, 0, 50, 91, ['udx']),
  row(100, 20, 0.01, 50, 89, ['udx']),
  row(100, 100, 0.01, 50, 76, ['udx', 'file-bbr']),
  row(100, 100, 0.05, 50, 71, ['udx', 'file-bbr']),
  row(20, 600, 0.01, 10, 8, ['udx', 'file-bbr']),
  row(300, 50, 0.001, 200, 255, ['udx']),
  row(20, 40, 0.2, 10, 13, ['udx', 'file-bbr']),
  row(1000, 10, 0, 200, 600, []),
];

const FAST_ROWS: readonly LossyRow[] = [
  row(1000, 10, 0, 200, 850, []),
  row(1000, 10, 0.01, 200, 780, []),
];

/** What is kept of the row of the same link without faults, less the loss itself. */
const KEPT_SHARE = 0.85;
const CLEAN: LossyRow = { ...row(100, 20, 0, 50, 91, []), title: 'the link without faults' };

function fault(title: string, options: LinkOptions, loss: number, reorders = false): LossyRow {
  const link = { rate: 100e6, delay: 10, ...options };
  return { ...CLEAN, title, link, loss, target: 0, reorders };
}

const FAULTS: readonly LossyRow[] = [
  fault('bursts of 8, 1 %', { loss: 0.01, burst: 8 }, 0.01),
  fault('bursts of 8, 5 %', { loss: 0.05, burst: 8 }, 0.05),
  fault('jitter 20 ms', { jitter: 20 }, 0),
  fault('5 % reordered, up to 10 ms', { reorder: 0.05, hold: 10 }, 0, true),
  fault('20 % of acknowledgements lost', { loss: 0.2, lossb: 0 }, 0),
];

interface Outcome {
  readonly megabits: number;
  readonly isMet: boolean;
}

async function runRow(folder: string, wanted: LossyRow, print: Print): Promise<Outcome> {
  const chosen = process.env['ROWS_CC'];
  const flags = chosen === undefined ? [] : ['--cc', chosen];
  const peers = process.env['ROWS_PEERS'] === 'none' ? [] : wanted.peers;
  mkdirSync(join(folder, 'server'), { recursive: true });
  mkdirSync(join(folder, 'client'), { recursive: true });
  writeRandomFile(join(folder, 'server', FILE), wanted.fileBytes);
  const rates: number[] = [];
  const resent: number[] = [];
  const twice: number[] = [];
  const others = new Map<string, number[]>(peers.map((peer) => [peer, []]));
  let isEqual = true;
  let controller = '';
  for (const seed of SEEDS) {
    const lab = await openLink({ ...wanted.link, seed });
    try {
      const plan = { operation: 'get', folder, fileName: FILE } as const;
      const measured = await measure(lab, { ...plan, clientFlags: flags, serverFlags: flags });
      rmSync(join(folder, 'client', FILE));
      rates.push(measured.megabits);
      resent.push(measured.retransmittedShare);
      twice.push(measured.duplicateShare);
      isEqual &&= measured.isEqual;
      ({ controller } = measured);
      const files = await runPeers(lab, join(folder, 'server', FILE), peers);
      for (const { peer, megabits } of files) others.get(peer)?.push(megabits);
    } finally {
      await lab.close();
    }
  }
  const best = [...others].map(([peer, values]) => ({ peer, megabits: median(values) }));
  const goodput = median(rates);
  const sentRatio = 1 / (1 - median(resent));
  const isFast = goodput >= wanted.target && best.every(({ megabits }) => !(megabits > goodput));
  const isLean = sentRatio <= 1.02 / (1 - wanted.loss);
  const isNeeded = wanted.reorders === true || median(twice) <= 0.005;
  print(
    `${wanted.title.padEnd(30)} ${controller.padEnd(13)}${cell(goodput, 7)} of ${wanted.target}` +
      ` (${rates.map((rate) => rate.toFixed(1)).join(' ')})` +
      `  resent ${cell(median(resent) * 100, 5, 2)} %, twice ${cell(median(twice) * 100, 5, 2)} %` +
      `  ${best.map(({ peer, megabits }) => `${peer} ${megabits.toFixed(1)}`).join('  ')}` +
      `${isFast ? '' : '  SLOW'}${isLean ? '' : '  WASTEFUL'}${isNeeded ? '' : '  NEEDLESS'}` +
      (isEqual ? '' : '  FILE DIFFERS'),
  );
  return { megabits: goodput, isMet: isFast && isLean && isNeeded && isEqual };
}

function chosenRows(rows: readonly LossyRow[]): readonly LossyRow[] {
  const wanted = process.env['ROWS_ONLY']?.split(',').map(Number);
  return wanted === undefined ? rows : rows.filter((_, index) => wanted.includes(index + 1));
}

async function runRows(folder: string, rows: readonly LossyRow[], print: Print): Promise<boolean> {
  let allMet = true;
  for (const wanted of chosenRows(rows)) {
    allMet = (await runRow(folder, wanted, print)).isMet && allMet;
  }
  return allMet;
}

export const lossy: Row = {
  name: 'lossy',
  about: 'eight links that lose and delay, beside udx-native and kernel BBR',
  run: (print) =>
    withFolder(async (folder) => {
      const missing = ['udx', 'file-bbr'].filter((peer) => !isAvailable(peer));
      if (missing.length > 0) throw new Error(`install or name first: ${missing.join(', ')}`);
      return await runRows(folder, ROWS, print);
    }),
};

export const gigabit: Row = {
  name: 'gigabit',
  about: '1 Gbit/s, 10 ms, without loss and with 1 % of it, on an emulated link',
  run: (print) => withFolder((folder) => runRows(folder, FAST_ROWS, print)),
};

export const impaired: Row = {
  name: 'impaired',
  about: 'bursts, jitter, reordering and lost acknowledgements on 100 Mbit/s, 20 ms',
  run: (print) =>
    withFolder(async (folder) => {
      const clean = await runRow(folder, CLEAN, print);
      let allMet = clean.isMet;
      for (const faulty of chosenRows(FAULTS)) {
        const target = Number((KEPT_SHARE * clean.megabits * (1 - faulty.loss)).toFixed(1));
        allMet = (await runRow(folder, { ...faulty, target }, print)).isMet && allMet;
      }
      return allMet;
    }),
};
