/**
 * `npm run rows -- [--out docs/results/X.txt] NAME…`: measures the built program over the lab's
 * links. Needs root but for `memory`, `startup` and `clients`. What it prints is the raw output
 * that a figure rests on.
 */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { dirname } from 'node:path';
import { parseArgs } from 'node:util';
import { benchAgrees } from './rows/bench-agrees.ts';
import { clients } from './rows/clients.ts';
import { harm } from './rows/harm.ts';
import { reno, simAgreement } from './rows/link-rows.ts';
import { gigabit, impaired, lossy } from './rows/lossy.ts';
import { memory } from './rows/memory.ts';
import type { Row } from './rows/row.ts';
import { startup } from './rows/startup.ts';
import { trees } from './rows/trees.ts';
import { vethClean } from './rows/veth-clean.ts';
import { veth } from './rows/veth.ts';

const ROWS: readonly Row[] = [
  vethClean,
  veth,
  reno,
  simAgreement,
  memory,
  lossy,
  gigabit,
  impaired,
  harm,
  benchAgrees,
  startup,
  clients,
  trees,
];

function git(...args: string[]): string {
  return execFileSync('git', args, { encoding: 'utf8' }).trim();
}

/** What a reader needs to judge the figures, and nothing about whose machine it was. */
function heading(names: readonly string[]): string[] {
  const isDirty = git('status', '--porcelain', '--', 'src', 'bin', 'scripts') !== '';
  const processors = cpus();
  return [
    `command: npm run rows -- ${names.join(' ')}`,
    `commit: ${git('rev-parse', '--short=12', 'HEAD')}${isDirty ? ' with changes' : ''}`,
    `date: ${new Date().toISOString()}`,
    `machine: ${processors.length} cores (${processors[0]?.model.trim() ?? 'unknown'}), ` +
      `Linux ${release().split('-')[0] ?? ''}, Node ${process.version}`,
  ];
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { out: { type: 'string' } },
    allowPositionals: true,
  });
  const rows = positionals.map((name) => ROWS.find((row) => row.name === name));
  if (rows.length === 0 || rows.includes(undefined)) {
    console.error('usage: npm run rows -- [--out FILE] NAME…');
    for (const { name, about } of ROWS) console.error(`  ${name.padEnd(14)} ${about}`);
    return 2;
  }
  const { out } = values;
  if (out !== undefined) {
    mkdirSync(dirname(out), { recursive: true });
    writeFileSync(out, '');
  }
  const print = (line: string): void => {
    console.log(line);
    if (out !== undefined) appendFileSync(out, `${line}\n`);
  };
  heading(positionals).forEach(print);
  let allMet = true;
  for (const row of rows) {
    if (row === undefined) continue;
    print('');
    print(`== ${row.name}: ${row.about}`);
    allMet = (await row.run(print)) && allMet;
  }
  return allMet ? 0 : 1;
}

process.exitCode = await main();
