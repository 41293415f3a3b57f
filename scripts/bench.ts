/**
 * `npm run bench -- [NAME…]`: runs the benches of bench/NAME.bench.ts, all of them without a name.
 * Each file exports `bench`, a tinybench Bench with its tasks added, or a function that makes one,
 * and may export `verdict(bench)`, which prints more and answers false when a bound is broken.
 */
import { existsSync, readdirSync } from 'node:fs';
import type { Bench } from 'tinybench';

interface BenchFile {
  readonly bench: Bench | (() => Bench | Promise<Bench>);
  readonly verdict?: (bench: Bench) => boolean;
}

const FOLDER = new URL('../bench/', import.meta.url);
const ENDING = '.bench.js';

async function runFile(name: string): Promise<boolean> {
  const file = (await import(new URL(name + ENDING, FOLDER).href)) as BenchFile;
  const bench = typeof file.bench === 'function' ? await file.bench() : file.bench;
  await bench.run();
  console.log(`\n${name}`);
  console.table(bench.table());
  const failed = bench.tasks.filter((task) => task.result.state === 'errored');
  for (const task of failed) console.error(`${task.name} failed`);
  return (file.verdict?.(bench) ?? true) && failed.length === 0;
}

async function main(): Promise<number> {
  const known = (existsSync(FOLDER) ? readdirSync(FOLDER) : [])
    .filter((file) => file.endsWith(ENDING))
    .map((file) => file.slice(0, -ENDING.length));
  const wanted = process.argv.slice(2);
  const unknown = wanted.filter((name) => !known.includes(name));
  if (known.length === 0 || unknown.length > 0) {
    console.error(`no bench ${unknown.join(', ')}; there are: ${known.join(', ')}`);
    return 2;
  }
  let allHeld = true;
  for (const name of wanted.length > 0 ? wanted : known) allHeld = (await runFile(name)) && allHeld;
  return allHeld ? 0 : 1;
}

process.exitCode = await main();
