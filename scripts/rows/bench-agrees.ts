/**
 * The real mode of `lftp bench`, whose link is a thread in user space, beside a transfer over the
 * lab's link between two hosts. `ROWS_CC` in the environment names another controller than the
 * default and `ROWS_ONLY` the rows to run (by number, from 1), for a closer look.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { doneEvent, runClient, startServer } from '../lab/lftp.ts';
import { openLink, openLoopback } from '../lab/session.ts';
import type { Host } from '../lab/session.ts';
import { cell, median, withFolder, writeRandomFile } from './row.ts';
import type { Print, Row } from './row.ts';

const SEEDS = [1, 2, 3] as const;
const FILE = 'file';
const MOST_OFF = 0.1;

interface AgreedRow {
  readonly megabits: number;
  readonly rttMs: number;
  /** Probability per datagram, both ways. */
  readonly loss: number;
  readonly fileBytes: number;
}

const ROWS: readonly AgreedRow[] = [
  { megabits: 100, rttMs: 20, loss: 0, fileBytes: 25_000_000 },
  { megabits: 100, rttMs: 20, loss: 0.01, fileBytes: 25_000_000 },
  { megabits: 100, rttMs: 100, loss: 0.01, fileBytes: 25_000_000 },
  { megabits: 20, rttMs: 40, loss: 0.05, fileBytes: 5_000_000 },
];

/** One run on either link. */
interface Figure {
  readonly megabits: number;
  readonly resentShare: number;
  readonly controller: string;
}

function controllerFlags(): readonly string[] {
  const name = process.env['ROWS_CC'];
  return name === undefined ? [] : ['--cc', name];
}

async function overLab(folder: string, row: AgreedRow, seed: number): Promise<Figure> {
  const { megabits, rttMs, loss } = row;
  const flags = controllerFlags();
  const lab = await openLink({ rate: megabits * 1e6, delay: rttMs / 2, loss, seed });
  try {
    const server = await startServer(lab.b, join(folder, 'server'), flags);
    const target = join(folder, 'client', FILE);
    const done = doneEvent(await runClient(lab.a, ['get', server.url(FILE), target, ...flags]));
    await server.stop();
    rmSync(target);
    const { goodputMbps, retransmittedShare, controller } = done;
    return { megabits: goodputMbps, resentShare: retransmittedShare, controller: controller ?? '' };
  } finally {
    await lab.close();
  }
}

interface BenchFigure extends Figure {
  /** What the bench says against its own figure. */
  readonly warnings: readonly string[];
}

async function overBench(host: Host, row: AgreedRow, seed: number): Promise<BenchFigure> {
  const wanted = {
    rate: `${row.megabits}Mbit`,
    rtt: `${row.rttMs}ms`,
    loss: String(row.loss),
    size: `${row.fileBytes}B`,
    seed: String(seed),
    runs: '1',
  };
  const flags = Object.entries(wanted).flatMap(([name, value]) => [`--${name}`, value]);
  const args = ['bench', ...flags, ...controllerFlags()];
  const { code, events, errorText } = await runClient(host, args);
  const run = events.find(({ event }) => event === 'run');
  const summary = events.find(({ event }) => event === 'summary');
  if (code !== 0 || run === undefined || summary === undefined) {
    throw new Error(`lftp bench ended with ${code ?? 'a signal'}: ${errorText}`);
  }
  return {
    megabits: Number(run['goodputMbps']),
    resentShare: Number(run['retransmittedShare']),
    controller: String(run['controller']),
    warnings: summary['warnings'] as readonly string[],
  };
}

/** The links take turns, so that whatever the machine does meanwhile meets both. */
async function agrees(folder: string, row: AgreedRow, print: Print): Promise<boolean> {
  mkdirSync(join(folder, 'server'), { recursive: true });
  mkdirSync(join(folder, 'client'), { recursive: true });
  writeRandomFile(join(folder, 'server', FILE), row.fileBytes);
  // Where the lab's files are too.
  const here = openLoopback().a;
  const start: Host['start'] = (command, args, environment) =>
    here.start(command, args, { ...environment, TMPDIR: folder });
  const lab: Figure[] = [];
  const bench: BenchFigure[] = [];
  for (const seed of SEEDS) {
    lab.push(await overLab(folder, row, seed));
    bench.push(await overBench({ ...here, start }, row, seed));
  }
  const goodput = (figures: readonly Figure[]): number =>
    median(figures.map(({ megabits }) => megabits));
  const resent = (figures: readonly Figure[]): string =>
    cell(100 * median(figures.map(({ resentShare }) => resentShare)), 6, 2);
  const all = (figures: readonly Figure[]): string =>
    figures.map(({ megabits }) => megabits.toFixed(1)).join(' ');
  const off = goodput(bench) / goodput(lab) - 1;
  const isMet = Math.abs(off) <= MOST_OFF;
  print(
    `${row.megabits} Mbit/s, ${row.rttMs} ms, ${row.loss * 100} %`.padEnd(24) +
      (bench[0]?.controller ?? '').padEnd(13) +
      `lab${cell(goodput(lab), 7, 2)} (${all(lab)})  ` +
      `bench${cell(goodput(bench), 7, 2)} (${all(bench)})` +
      `  off${cell(off * 100, 6)} %  resent${resent(lab)} and${resent(bench)} %: ` +
      (isMet ? 'met' : 'MISSED'),
  );
  for (const warning of bench.flatMap(({ warnings }) => warnings)) print(`  bench: ${warning}`);
  return isMet;
}

export const benchAgrees: Row = {
  name: 'bench-agrees',
  about: "the real mode of lftp bench beside the lab's link, four rows, to agree within 10 %",
  run: (print) =>
    withFolder(async (folder) => {
      const wanted = process.env['ROWS_ONLY']?.split(',').map(Number);
      let allMet = true;
      for (const [index, row] of ROWS.entries()) {
        if (wanted?.includes(index + 1) === false) continue;
        allMet = (await agrees(folder, row, print)) && allMet;
      }
      return allMet;
    }),
};
