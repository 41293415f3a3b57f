import { afterAll, describe, expect, it } from 'vitest';
import type { CrashDisk } from '../../src/sim/crash-disk.ts';
import { CALLS } from '../../src/sim/crash-fault.ts';
import { contentOf, SCENARIOS, upload } from './scenarios.ts';
import { CrashWorld, NOW_MS } from './crash-world.ts';
import type { CutPoint } from './crash-world.ts';
import { partialsOn } from './oracle.ts';

const SEEDS = 12;
const CUTS = 4;
const LEAST_CUTS = 10_000;
const TWO_DAYS_MS = 2 * 86_400_000;

const cutsAfter = new Map<CutPoint, number>();
let cuts = 0;

async function run(name: string, seed: number): Promise<CrashWorld> {
  const world = new CrashWorld({ seed, cuts: CUTS, hasWholeFlush: seed % 2 === 0 });
  await SCENARIOS[name]!(world);
  expect(world.fault).toBeUndefined();
  expect(await world.close()).toBe(0);
  expect(partialsOn(world.disk)).toEqual([]);
  expect(world.fault).toBeUndefined();
  count(world);
  return world;
}

function count(world: CrashWorld): void {
  for (const [point, some] of world.cutsAfter) {
    cutsAfter.set(point, (cutsAfter.get(point) ?? 0) + some);
    cuts += some;
  }
}

/** The next server sweeps, takes a file and gives it out. */
async function serveOn(disk: CrashDisk, seed: number): Promise<void> {
  const world = new CrashWorld({ seed, cuts: 1, disk });
  const partials = partialsOn(disk);
  for (const [path, { content }] of disk.files()) {
    if (!partials.includes(path)) world.oracle.plant(path, { content });
  }
  const store = await world.open();
  await world.sweep(NOW_MS + TWO_DAYS_MS);
  expect(partialsOn(disk)).toEqual([]);
  expect(await upload(world, store, { path: ['next'], sizeBytes: 5000, tag: 1 })).toEqual([]);
  const file = await store.openForRead(['next']);
  const read = new Uint8Array(6000);
  expect(await file.read(read, 6000, 0)).toBe(5000);
  expect(read.subarray(0, 5000)).toEqual(contentOf(5000, 1));
  await file.close();
  expect(await world.close()).toBe(0);
  expect(world.fault).toBeUndefined();
  count(world);
}

describe('a power cut after any call', () => {
  it.each(Object.keys(SCENARIOS))(
    'P-COMMIT-01 leaves the old file or the new one, and what was committed: %s',
    async (name) => {
      for (let seed = 1; seed <= SEEDS; seed += 1) await run(name, seed);
    },
  );

  it('P-COMMIT-01 leaves a folder that is served on', async () => {
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      for (const name of Object.keys(SCENARIOS)) {
        // A person's own folder, which no server looks after.
        if (name === 'files that are fetched') continue;
        const world = await run(name, seed);
        for (const disk of world.left) await serveOn(disk, seed);
      }
    }
  });
});

describe('the power cuts', () => {
  afterAll(() => {
    const shown = [...cutsAfter].sort(([, a], [, b]) => b - a);
    const text = shown.map(([point, some]) => `${point} ${some}`).join(', ');
    process.stdout.write(`${cuts} power cuts: after ${text}\n`);
  });

  // Nothing in the store shortens a file.
  const unused: readonly CutPoint[] = ['truncate'];

  it('came after every kind of call, and often enough', () => {
    const points: readonly CutPoint[] = [...CALLS, 'answer'];
    expect(points.filter((point) => !cutsAfter.has(point))).toEqual(unused);
    expect(cuts).toBeGreaterThanOrEqual(LEAST_CUTS);
  });
});
