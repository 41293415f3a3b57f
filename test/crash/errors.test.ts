import { afterAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/service/error.ts';
import { Fault } from '../../src/sim/crash-fault.ts';
import type { FaultKind } from '../../src/sim/crash-fault.ts';
import { CrashWorld } from './crash-world.ts';
import { partialsOn } from './oracle.ts';
import { SCENARIOS, upload } from './scenarios.ts';

/** What a client hears of each error, besides that somebody else was quicker. */
const CODES: Readonly<Record<FaultKind, number>> = {
  ENOSPC: EXIT.NO_SPACE,
  EDQUOT: EXIT.NO_SPACE,
  EIO: EXIT.REMOTE_IO,
  late: EXIT.REMOTE_IO,
  EMFILE: EXIT.BUSY,
};
/** The same, of a person's own disk. */
const OWN_CODES: typeof CODES = {
  ...CODES,
  EIO: EXIT.LOCAL_IO,
  late: EXIT.LOCAL_IO,
  EMFILE: EXIT.LOCAL_IO,
};
const OWN = 'files that are fetched';
const KINDS = Object.keys(CODES) as FaultKind[];
const MOST_CALLS = 400;

const struck = new Map<string, number>();

/** @returns false when nothing was struck: there are fewer calls than `at` */
async function runWith(name: string, kind: FaultKind, at: number, isLasting: boolean) {
  const fault = new Fault(kind, at, isLasting);
  const world = new CrashWorld({
    seed: at,
    cuts: 1,
    isThorough: false,
    hasWholeFlush: at % 2 === 0,
    fault,
  });
  const failures = await SCENARIOS[name]!(world);
  const shown = `${kind} ${isLasting ? 'from' : 'at'} call ${at}, ${fault.struckAt}`;
  expect([shown, world.fault]).toEqual([shown, undefined]);
  fault.end();
  for (const code of failures) {
    const codes = name === OWN ? OWN_CODES : CODES;
    expect([shown, code]).toEqual([shown, code === EXIT.EXISTS ? code : codes[kind]]);
  }
  // Nobody can remove what he is not let remove.
  const mayLeave = fault.struckAt === 'unlink' || (kind === 'EIO' && isLasting);
  if (!mayLeave) expect([shown, partialsOn(world.disk)]).toEqual([shown, []]);
  const next = await world.open();
  const again = await upload(world, next, { path: ['next'], sizeBytes: 5000, tag: 1 });
  expect([shown, again]).toEqual([shown, []]);
  expect([shown, await world.close()]).toEqual([shown, 0]);
  expect([shown, world.fault]).toEqual([shown, undefined]);
  if (fault.struckAt === undefined) return false;
  const key = `${kind} ${fault.struckAt}`;
  struck.set(key, (struck.get(key) ?? 0) + 1);
  return true;
}

describe('an error of the disk at any call', () => {
  const table = Object.keys(SCENARIOS).flatMap((name) =>
    KINDS.map((kind) => [kind, name] as const),
  );

  it.each(table)('P-COMMIT-03 %s leaves the old file or the new one: %s', async (kind, name) => {
    for (const isLasting of [false, true]) {
      for (let at = 1; at < MOST_CALLS; at += 1) {
        if (!(await runWith(name, kind, at, isLasting))) break;
      }
    }
  });

  afterAll(() => {
    const text = [...struck].map(([what, some]) => `${what} ${some}`).join(', ');
    process.stdout.write(`errors: ${text}\n`);
  });
});
