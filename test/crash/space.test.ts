import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/service/error.ts';
import { SpaceBook } from '../../src/service/store-space.ts';
import { CrashWorld, MIB } from './crash-world.ts';
import { partialsOn } from './oracle.ts';
import { contentOf, upload } from './scenarios.ts';

const UPLOADS = 64;
const FILE_BYTES = 20_000;
/** What a file of that size takes of the disk. */
const BLOCK_BYTES = 20_480;
const FIT = 10;
const RESERVE_SHARE = 0.01;

/** Room for so many files beside the part of the disk that stays free. */
function capacityFor(files: number): number {
  return Math.ceil((files * BLOCK_BYTES) / (1 - RESERVE_SHARE) / 4096) * 4096;
}

/** A world that notes how full its disk ever was. */
function fullWorld(seed: number): { world: CrashWorld; mostBytes: () => number } {
  const world = new CrashWorld({ seed, cuts: 0, capacityBytes: capacityFor(FIT) });
  let most = 0;
  const { onCall } = world.disk;
  world.disk.onCall = (call) => {
    most = Math.max(most, world.disk.usedBytes);
    onCall?.(call);
  };
  return { world, mostBytes: () => most };
}

describe('the last free bytes of a disk', () => {
  it.each([false, true])(
    'P-COMMIT-05 are never promised twice, with 64 uploads at once (size untold: %s)',
    async (isUntold) => {
      for (let seed = 1; seed <= 10; seed += 1) {
        const { world, mostBytes } = fullWorld(seed);
        const store = await world.open();
        const all = Array.from({ length: UPLOADS }, (_, tag) =>
          upload(world, store, { path: [`f${tag}`], sizeBytes: FILE_BYTES, tag, isUntold }),
        );
        const failures = (await Promise.all(all)).flat();
        expect(new Set(failures)).toEqual(new Set([EXIT.NO_SPACE]));
        const most = world.disk.capacityBytes * (1 - RESERVE_SHARE);
        expect(mostBytes()).toBeLessThanOrEqual(most);
        // Streams that ask as they grow may all be refused in their middle.
        if (!isUntold) expect(failures).toHaveLength(UPLOADS - FIT);
        expect(partialsOn(world.disk)).toEqual([]);
        expect(await world.close()).toBe(0);
        expect(world.fault).toBeUndefined();
      }
    },
  );

  it('P-COMMIT-05 are told to whoever lacks some, and given out once there are more', async () => {
    const { world } = fullWorld(1);
    world.plant('/served/old', contentOf(9 * BLOCK_BYTES, 9));
    const store = await world.open();
    const offer = {
      path: ['new'],
      name: undefined,
      sizeBytes: 2 * BLOCK_BYTES,
      mtimeMs: 0,
      overwrite: 'always',
      keepMode: undefined,
    } as const;
    const free = Math.floor(world.disk.capacityBytes * (1 - RESERVE_SHARE)) - 9 * BLOCK_BYTES;
    const text = `${2 * BLOCK_BYTES - free} are missing`;
    for (let i = 0; i < 2; i += 1) {
      const refused = await store.createUpload(offer).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: EXIT.NO_SPACE });
      expect(String(refused)).toContain(text);
    }
    world.disk.unlink('/served/old');
    const { file } = await store.createUpload(offer);
    await file.discard();
    await world.close();
  });

  it('P-COMMIT-05 that others take are missed by the disk; nothing stays of it', async () => {
    const { world } = fullWorld(1);
    const store = await world.open();
    const sending = upload(world, store, { path: ['a'], sizeBytes: FILE_BYTES, tag: 1 });
    world.disk.capacityBytes = 4 * 4096;
    expect(await sending).toEqual([EXIT.NO_SPACE]);
    expect(partialsOn(world.disk)).toEqual([]);
    world.disk.capacityBytes = MIB;
    expect(await upload(world, store, { path: ['a'], sizeBytes: FILE_BYTES, tag: 2 })).toEqual([]);
    expect(await world.close()).toBe(0);
  });

  it('P-COMMIT-05 are looked at seldom while there are many', async () => {
    const { disk, fileSystem } = new CrashWorld({ seed: 1, cuts: 0 });
    const book = new SpaceBook(fileSystem, '/served');
    let looks = 0;
    disk.onCall = (call) => (looks += call === 'space' ? 1 : 0);
    for (let i = 0; i < 200; i += 1) (await book.reserve(1000, 'x')).release();
    expect(looks).toBe(1);
    expect(book.promisedBytes).toBe(0);
  });
});
