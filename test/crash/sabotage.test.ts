import { afterAll, describe, expect, it } from 'vitest';
import { Fault } from '../../src/sim/crash-fault.ts';
import { CrashWorld } from './crash-world.ts';
import { SABOTAGE } from './sabotage.ts';
import type { SabotageCase } from './sabotage.ts';
import { SCENARIOS } from './scenarios.ts';

const SEEDS = 20;
const CUTS = 4;

const foundAt: string[] = [];

/** What the oracle says of a world that lacks a step of the protocol. */
async function faultOf(sabotaged: SabotageCase, seed: number): Promise<string | undefined> {
  const { scenario, sabotage, hasFault = false, hasWholeFlush = true } = sabotaged;
  const fault = hasFault ? { fault: new Fault('late', 1 + (seed % 5), false) } : {};
  const world = new CrashWorld({ seed, cuts: CUTS, hasWholeFlush, sabotage, ...fault });
  try {
    await SCENARIOS[scenario]!(world);
  } catch (error) {
    return String(error);
  }
  await world.close();
  return world.fault;
}

describe('a step of the commit protocol that is left out', () => {
  it.each(SABOTAGE)('P-COMMIT-01 is found: $name', async (sabotaged) => {
    let seed = 1;
    let fault: string | undefined;
    for (; seed <= SEEDS && fault === undefined; seed += 1) fault = await faultOf(sabotaged, seed);
    expect(fault).toBeDefined();
    foundAt.push(`${seed - 1} ${sabotaged.name}`);
  });

  afterAll(() => process.stdout.write(`found by seed: ${foundAt.join(', ')}\n`));
});
