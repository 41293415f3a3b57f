import { describe, expect, it } from 'vitest';
import { createDigest } from '../../src/io/digest.ts';
import type { KeptFile } from '../../src/service/resume/kept-file-store.ts';
import type { OverwriteRule } from '../../src/service/messages.ts';
import type { Store } from '../../src/service/store.ts';
import type { CrashDisk } from '../../src/sim/crash-disk.ts';
import { CrashWorld, MIB, NOW_MS } from './crash-world.ts';
import { contentOf } from './scenarios.ts';

const SIZE_BYTES = 2 * MIB + 5000;
const CONTENT = contentOf(SIZE_BYTES, 1);
const PATH = '/served/big';
const TRANSFER = new Uint8Array(16).fill(7);

async function digestOf(content: Uint8Array): Promise<Uint8Array> {
  const digest = await createDigest();
  digest.update(content);
  return digest.digest();
}

async function open(store: Store, overwrite: OverwriteRule, isAgain: boolean) {
  const { file, held } = await store.createUpload({
    path: ['big'],
    name: undefined,
    sizeBytes: SIZE_BYTES,
    mtimeMs: NOW_MS,
    overwrite,
    keepMode: undefined,
    transfer: { transfer: TRANSFER, isAgain, nowMs: NOW_MS },
  });
  return { file: file as KeptFile, held };
}

/** Sends the whole, and has each MiB noted; the power may fail at any moment. */
async function send(world: CrashWorld, overwrite: OverwriteRule): Promise<void> {
  const store = await world.open();
  const wanted = { content: CONTENT };
  world.oracle.begin(PATH, wanted);
  const { file } = await open(store, overwrite, false);
  for (let at = 0; at < SIZE_BYTES; at += MIB) {
    await file.write(CONTENT.subarray(at, at + MIB), at);
    const bytes = Math.min(at + MIB, SIZE_BYTES);
    if (bytes % MIB === 0) {
      await file.secure({ bytes, digest: await digestOf(CONTENT.subarray(0, bytes)) });
    }
  }
  await file.commit(await digestOf(CONTENT));
  world.committed(PATH, wanted);
  await world.close();
}

/** The next server: what it says that it holds, it holds. @returns bytes that it held */
async function goOn(disk: CrashDisk, overwrite: OverwriteRule): Promise<number> {
  const world = new CrashWorld({ seed: 1, cuts: 0, disk });
  const store = await world.open();
  const isThere = disk.files().has(PATH);
  const known = await store.remembered({ transfer: TRANSFER, isAgain: true, nowMs: NOW_MS });
  if (known !== undefined) expect(isThere).toBe(true);
  let heldBytes = 0;
  if (!isThere) {
    const { file, held } = await open(store, overwrite, true);
    heldBytes = held?.mark?.bytes ?? 0;
    const read = new Uint8Array(heldBytes);
    for (let at = 0; at < heldBytes;) {
      at += (await held?.read(read.subarray(at), heldBytes - at, at)) ?? heldBytes;
    }
    expect(Buffer.compare(read, CONTENT.subarray(0, heldBytes))).toBe(0);
    await file.write(CONTENT.subarray(heldBytes), heldBytes);
    await file.commit(await digestOf(CONTENT));
  }
  expect(Buffer.compare(disk.files().get(PATH)!.content, CONTENT)).toBe(0);
  expect(await world.close()).toBe(0);
  return heldBytes;
}

describe('an upload that the power cut off', () => {
  it.each(['always', 'never'] as const)(
    'P-COMMIT-01 P-RES-05 is gone on with from what is on the disk (overwrite %s)',
    async (overwrite) => {
      const held = new Set<number>();
      for (let seed = 1; seed <= 4; seed += 1) {
        const world = new CrashWorld({ seed, cuts: 3, isThorough: false, keepsAll: true });
        await send(world, overwrite);
        expect(world.fault).toBeUndefined();
        for (const disk of world.left) held.add(await goOn(disk, overwrite));
      }
      expect([...held].sort((a, b) => a - b)).toEqual([0, MIB, 2 * MIB]);
    },
  );
});
