import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/sim/crash-fault.ts';
import { Folder } from '../../src/service/store-walk.ts';
import { CrashWorld } from './crash-world.ts';
import { SCENARIOS } from './scenarios.ts';

describe('a folder that the server makes', () => {
  it.each(['the first file of a home', 'a file that is dropped'])(
    'P-COMMIT-04 is safe before anything in it is committed: %s',
    async (name) => {
      const world = new CrashWorld({ seed: 1, cuts: 30 });
      expect(await SCENARIOS[name]!(world)).toEqual([]);
      expect(world.fault).toBeUndefined();
      await world.close();
    },
  );

  it('P-COMMIT-04 is not there when its name could not be flushed', async () => {
    const { disk, fileSystem } = new CrashWorld({ seed: 1, cuts: 0 });
    const root = await Folder.openRoot('/served', fileSystem);
    disk.fault = new Fault('EIO', 2, false);
    await expect(root.make('new')).rejects.toThrow('flush folder');
    expect(await root.stat('new')).toBeUndefined();
    expect(await root.make('new')).toBe(true);
    expect(await root.make('new')).toBe(false);
    await root.close();
  });
});
