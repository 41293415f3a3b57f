/**
 * What a transfer does to others on the same link, and a short queue or a policer to it. `ROWS_CC`
 * in the environment names another controller than the default, `ROWS_SECONDS` a shorter time than
 * a minute and `ROWS_RUNS` how often each part is run, for comparing candidates; `ROWS_PARTS` names
 * the parts to run.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openLink } from '../lab/session.ts';
import type { Lab, LinkOptions } from '../lab/session.ts';
import { type Beside, measureBloat, runBeside } from './beside.ts';
import { isAvailable } from './peers.ts';
import { cell, median, withFolder, writeRandomFile } from './row.ts';
import type { Print, Row } from './row.ts';
import { measure } from './transfers.ts';

const RATE = 50e6;
const RTT_MS = 40;
const BDP_BYTES = ((RATE / 8) * RTT_MS) / 1000;
const FILE = 'file';

const FULL: LinkOptions = { rate: RATE, delay: RTT_MS / 2, queue: BDP_BYTES };
const SHORT: LinkOptions = { ...FULL, queue: BDP_BYTES / 4 };
const POLICED: LinkOptions = { ...FULL, rate: 4 * RATE, police: `${RATE},${BDP_BYTES}` };
/** Two seconds of queue. */
const BLOATED: LinkOptions = { ...FULL, queue: (RATE / 8) * 2 };

interface Setting {
  readonly folder: string;
  readonly flags: readonly string[];
  readonly seconds: number;
  readonly runs: number;
  readonly print: Print;
}

interface Part {
  readonly name: string;
  run(setting: Setting): Promise<boolean>;
}

async function overLink<T>(options: LinkOptions, work: (lab: Lab) => Promise<T>): Promise<T> {
  const lab = await openLink({ seed: 1, ...options });
  try {
    return await work(lab);
  } finally {
    await lab.close();
  }
}

/** Ends a part: the medians that count, and whether they suffice. */
function verdict(print: Print, what: string, isMet: boolean): boolean {
  print(`  ${what}: ${isMet ? 'met' : 'MISSED'}`);
  return isMet;
}

function share(megabits: number): number {
  return (100 * megabits) / (RATE / 1e6);
}

/** Of runs in two orders a median would choose one order. */
function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

/** A file that the link cannot move in the time, and more. */
function prepare({ folder }: Setting, seconds: number): void {
  for (const name of ['server', 'client']) {
    rmSync(join(folder, name), { recursive: true, force: true });
    mkdirSync(join(folder, name));
  }
  writeRandomFile(join(folder, 'server', FILE), Math.ceil((RATE / 8) * seconds));
}

async function beside(
  setting: Setting,
  link: LinkOptions,
  who: { readonly ours: number; readonly tcp: boolean },
): Promise<Beside[]> {
  const { folder, flags, seconds, runs, print } = setting;
  const results: Beside[] = [];
  for (let run = 0; run < runs; run += 1) {
    prepare(setting, seconds + 10);
    // Who comes first decides much, so they take turns.
    const first = run % 2 === 0 ? 'tcp' : 'ours';
    const plan = { folder, fileName: FILE, seconds, flags, first, ...who } as const;
    const result = await overLink(link, (lab) => runBeside(lab, plan));
    const ours = result.ours.map((rate) => cell(rate, 8, 2)).join(' and');
    const tcp = who.tcp ? `, TCP cubic${cell(result.tcp, 8, 2)}` : '';
    print(`  ours${ours}${tcp} Mbit/s${who.tcp ? `; ${first} first` : ''}`);
    results.push(result);
  }
  return results;
}

function besideTcp(name: string, link: LinkOptions, oursLeast: number, tcpLeast: number): Part {
  return {
    name,
    run: async (setting) => {
      const results = await beside(setting, link, { ours: 1, tcp: true });
      const ours = share(mean(results.map((result) => result.ours[0] ?? 0)));
      const tcp = share(mean(results.map((result) => result.tcp)));
      return verdict(
        setting.print,
        `means ${ours.toFixed(1)} % and ${tcp.toFixed(1)} % of the link, ` +
          `at least ${oursLeast} and ${tcpLeast}`,
        ours >= oursLeast && tcp >= tcpLeast,
      );
    },
  };
}

const GOODPUT_LEAST = 80;
const RESENT_MOST = 5;

function alone(name: string, link: LinkOptions): Part {
  return {
    name,
    run: async (setting) => {
      const { folder, flags, print } = setting;
      const rates: number[] = [];
      const resent: number[] = [];
      for (let run = 0; run < setting.runs; run += 1) {
        prepare(setting, setting.seconds / 2);
        const both = { clientFlags: flags, serverFlags: flags };
        const measured = await overLink(link, (lab) =>
          measure(lab, { operation: 'get', folder, fileName: FILE, ...both }),
        );
        const again = 100 * measured.retransmittedShare;
        print(`  alone${cell(measured.megabits, 8, 2)} Mbit/s, resent${cell(again, 6, 2)} %`);
        rates.push(share(measured.megabits));
        resent.push(again);
      }
      const [rate, again] = [median(rates), median(resent)];
      return verdict(
        print,
        `medians ${rate.toFixed(1)} % of the link and ${again.toFixed(2)} % resent, ` +
          `at least ${GOODPUT_LEAST} and at most ${RESENT_MOST}`,
        rate >= GOODPUT_LEAST && again <= RESENT_MOST,
      );
    },
  };
}

const IDLE_SECONDS = 3;
const START_SECONDS = 5;

const bloat: Part = {
  name: 'bloat',
  run: async (setting) => {
    const { folder, flags, print } = setting;
    const added: number[] = [];
    const bases: number[] = [];
    for (let run = 0; run < setting.runs; run += 1) {
      prepare(setting, setting.seconds / 2);
      const plan = { folder, fileName: FILE, flags };
      const seen = await overLink(BLOATED, (lab) =>
        measureBloat(lab, plan, IDLE_SECONDS, START_SECONDS),
      );
      const [idle, busy] = [median(seen.idle), median(seen.busy)];
      print(
        `  round trip idle${cell(idle, 8)} ms, under load${cell(busy, 8)} ms;` +
          `${cell(seen.megabits, 8, 2)} Mbit/s`,
      );
      added.push(busy - idle);
      bases.push(idle);
    }
    const [more, base] = [median(added), median(bases)];
    return verdict(
      print,
      `adds ${more.toFixed(1)} ms in the median to ${base.toFixed(1)} ms, at most as much again`,
      more <= base,
    );
  },
};

const LEAST_OF_TWO = 40;

const twoOfOurs: Part = {
  name: 'two',
  run: async (setting) => {
    const results = await beside(setting, FULL, { ours: 2, tcp: false });
    const smaller = median(
      results.map(({ ours }) => {
        const [left = 0, right = 0] = ours;
        return (100 * Math.min(left, right)) / (left + right);
      }),
    );
    const what = `the slower one has ${smaller.toFixed(1)} %, at least ${LEAST_OF_TWO}`;
    return verdict(setting.print, what, smaller >= LEAST_OF_TWO);
  },
};

const PARTS: readonly Part[] = [
  besideTcp('beside', FULL, 25, 25),
  alone('short', SHORT),
  besideTcp('short-beside', SHORT, 0, 15),
  alone('policer', POLICED),
  besideTcp('policer-beside', POLICED, 0, 15),
  bloat,
  twoOfOurs,
];

export const harm: Row = {
  name: 'harm',
  about: 'what a get does to others: 50 Mbit/s, 40 ms, beside TCP cubic, short and long queues',
  run: (print) =>
    withFolder(async (folder) => {
      if (!isAvailable('tcp-cubic')) throw new Error('TCP is driven by iperf3: install it');
      const { ROWS_CC: name, ROWS_SECONDS, ROWS_RUNS, ROWS_PARTS } = process.env;
      const flags = name === undefined ? [] : ['--cc', name];
      const [seconds, runs] = [Number(ROWS_SECONDS ?? 60), Number(ROWS_RUNS ?? 4)];
      const wanted = ROWS_PARTS?.split(',') ?? PARTS.map((part) => part.name);
      const setting: Setting = { folder, flags, seconds, runs, print };
      print(`controller: ${name ?? 'default'}; ${seconds} s, runs: ${runs}`);
      let allMet = true;
      for (const part of PARTS.filter((entry) => wanted.includes(entry.name))) {
        print(part.name);
        allMet = (await part.run(setting)) && allMet;
      }
      return allMet;
    }),
};
