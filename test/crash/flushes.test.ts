import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/service/error.ts';
import { Folder } from '../../src/service/store-walk.ts';
import { shareFolder } from '../../src/service/tree/tree-place-store.ts';
import { TreeFlush } from '../../src/service/tree/tree-flush.ts';
import type { Call } from '../../src/sim/crash-fault.ts';
import { Fault } from '../../src/sim/crash-fault.ts';
import { CrashWorld } from './crash-world.ts';
import { partialsOn } from './oracle.ts';
import { upload } from './scenarios.ts';

describe('a flush that fails', () => {
  it('P-COMMIT-02 ends the upload, and is not tried again', async () => {
    const world = new CrashWorld({ seed: 1, cuts: 1 });
    const store = await world.open();
    const calls: Call[] = [];
    const { onCall } = world.disk;
    world.disk.onCall = (call) => {
      calls.push(call);
      onCall?.(call);
    };
    // Only a flush tells of what was lost on the way to the disk.
    world.disk.fault = new Fault('late', 2, false);
    const failures = await upload(world, store, { path: ['a'], sizeBytes: 20_000, tag: 1 });
    expect(failures).toEqual([EXIT.REMOTE_IO]);
    expect(calls.filter((call) => call === 'flush file')).toHaveLength(1);
    expect(partialsOn(world.disk)).toEqual([]);
    expect(await world.close()).toBe(0);
    expect(world.fault).toBeUndefined();
  });

  it('P-COMMIT-02 ends a tree: what waited for the next flush was lost with it', async () => {
    const { disk, fileSystem } = new CrashWorld({ seed: 1, cuts: 0 });
    const root = await shareFolder(await Folder.openRoot('/served', fileSystem));
    const flush = new TreeFlush(root, fileSystem.wholeFlush());
    await flush.content();
    const fd = disk.create('/served/waits', 0o644);
    disk.write(fd, new Uint8Array(5000).fill(7), 0);
    disk.fault = new Fault('EIO', 1, false);
    await expect(flush.content()).rejects.toThrow('flush all');
    await expect(flush.content()).rejects.toThrow('flush all');
    await expect(flush.names([root])).rejects.toThrow('flush all');
    // The disk itself would say that all is well.
    disk.flushAll(root.folder.handle.fd);
    await root.release();
  });
});
