/**
 * `npm run replay -- SEED [--cc NAME] [--trace]`: runs one seed of the simulator again, if wanted
 * under another controller than the one it draws, and with `--trace` prints every segment and every
 * note of the transport on the way.
 */
import { parseArgs } from 'node:util';
import { TALLIES } from '../src/sim/fault-classes.ts';
import { type Line, replaySeed } from '../src/sim/replay.ts';
import { type SeedResult, runSeed } from '../src/sim/run-seed.ts';
import { drawScenario } from '../src/sim/scenario.ts';
import { CONTROLLER_NAMES } from '../src/transport/config.ts';

function main(): number {
  const { values, positionals } = parseArgs({
    options: { trace: { type: 'boolean', default: false }, cc: { type: 'string' } },
    allowPositionals: true,
  });
  const seed = Number(positionals[0]);
  const controller = CONTROLLER_NAMES.find((name) => name === values.cc);
  const isKnown = values.cc === undefined || controller !== undefined;
  if (positionals.length !== 1 || !Number.isSafeInteger(seed) || seed < 0 || !isKnown) {
    console.error(`usage: npm run replay -- SEED [--cc ${CONTROLLER_NAMES.join('|')}] [--trace]`);
    return 2;
  }
  const options = controller === undefined ? {} : { controller };
  const scenario = { ...drawScenario(seed), ...options };
  console.log(JSON.stringify({ ...scenario, faults: [...scenario.faults] }, spellInfinity, 2));
  const result = values.trace ? replaySeed(seed, print, options) : runSeed(seed, options);
  report(result);
  return result.ok ? 0 : 1;
}

function spellInfinity(_key: string, value: unknown): unknown {
  return value === Infinity ? 'Infinity' : value;
}

function print({ atMs, host, text }: Line): void {
  console.log(`${atMs.toFixed(3).padStart(14)}  ${host === 0 ? 'S ' : `C${host}`} ${text}`);
}

function report(result: SeedResult): void {
  const struck = TALLIES.filter((name) => result.tallies[name] > 0);
  console.log(
    `${result.transfers} transfers, ${result.bytes} bytes, ${result.datagrams} datagrams, ` +
      `${(result.virtualMs / 1_000).toFixed(3)} s virtual, trace ${result.traceHash}`,
  );
  console.log(`struck: ${struck.map((name) => `${name} ${result.tallies[name]}`).join(', ')}`);
  console.log(result.ok ? 'ok' : result.failure);
}

process.exitCode = main();
