/**
 * `npm run long -- NAME [ARGUMENTS]`: runs that take too long for every commit. Each is a file
 * scripts/long/NAME.ts that exports `about`, one line, and `run(arguments)`, which throws or
 * answers false when something is wrong.
 */
import { readdirSync } from 'node:fs';

interface LongRun {
  readonly about: string;
  readonly run: (args: readonly string[]) => Promise<boolean> | boolean;
}

const FOLDER = new URL('long/', import.meta.url);

async function load(name: string): Promise<LongRun> {
  return (await import(new URL(`${name}.js`, FOLDER).href)) as LongRun;
}

async function main(): Promise<number> {
  const names = readdirSync(FOLDER)
    .filter((file) => file.endsWith('.js'))
    .map((file) => file.slice(0, -'.js'.length));
  const [wanted = '', ...args] = process.argv.slice(2);
  if (!names.includes(wanted)) {
    console.error('usage: npm run long -- NAME [ARGUMENTS]');
    for (const name of names) console.error(`  ${name.padEnd(14)} ${(await load(name)).about}`);
    return 2;
  }
  const startMs = performance.now();
  const passed = await (await load(wanted)).run(args);
  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(`${wanted}: ${passed ? 'passed' : 'FAILED'} in ${seconds} s`);
  return passed ? 0 : 1;
}

process.exitCode = await main();
