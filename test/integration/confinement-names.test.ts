/** No operation on names leads out of the served folder, also while somebody swaps folders. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encode } from 'cbor2/encoder';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hostilePaths, SURROGATES } from '../../scripts/confinement/hostile-paths.ts';
import { NAME_RACES, race } from '../../scripts/confinement/race.ts';
import { EXIT } from '../../src/service/error.ts';
import { decodeServerMessage } from '../../src/service/messages.ts';
import { deleteEntry, makeFolder } from '../../src/service/operations/entries-store.ts';
import { renameEntry } from '../../src/service/operations/rename-store.ts';
import type { FakeChannel } from '../unit/service/fake-channel.ts';
import { Rig } from '../unit/service/session-rig.ts';

const RACE_MS = 1000;

/** Each request that names a path, with the fields that it needs besides. */
const REQUESTS: readonly Record<string, unknown>[] = [
  { op: 'list' },
  { op: 'stat' },
  { op: 'mkdir' },
  { op: 'mkdir', parents: true },
  { op: 'rmdir' },
  { op: 'rename', to: ['x'] },
  { op: 'delete' },
  { op: 'touch', mtimeMs: 0 },
  { op: 'chmod', mode: 0o777 },
  { op: 'checksum' },
  { op: 'space' },
];

let rig: Rig;
let channel: FakeChannel;

beforeEach(async () => {
  rig = await Rig.make('rw');
  channel = rig.connect();
  await writeFile(join(rig.folder, 'secret'), 'secret');
});

afterEach(async () => {
  channel.abort(0);
  await rig.settle();
  await rig.remove();
});

/** The codes of the answers, 0 for what was done. */
async function ask(requests: readonly object[]): Promise<number[]> {
  for (const [id, request] of requests.entries()) {
    await channel.sendMessage(encode({ ...request, id }));
  }
  const codes: number[] = [];
  while (codes.length < requests.length) {
    const decoded = decodeServerMessage((await channel.nextMessage()) ?? new Uint8Array());
    if (!decoded.ok || !('kind' in decoded.message)) throw new Error('no answer');
    codes.push(decoded.message.kind === 'error' ? decoded.message.error : 0);
  }
  return codes;
}

describe('hostile paths', () => {
  it('P-OP-01 P-SVC-05 are refused by every operation, as path and as new name', async () => {
    await writeFile(join(rig.root, 'file'), '');
    const refused = hostilePaths().filter(({ isRefused }) => isRefused);
    for (const [index, { path, kind }] of refused.entries()) {
      // All requests go through one gate: they take turns, so that this does not take minutes.
      const fields = REQUESTS[index % REQUESTS.length];
      const moved = { op: 'rename', path: ['file'], to: path, replace: true };
      const codes = await ask([{ ...fields, path }, moved]);
      const shown = `${kind} ${JSON.stringify(path).slice(0, 100)}`;
      expect([shown, ...codes]).toEqual([shown, EXIT.REFUSED, EXIT.REFUSED]);
    }
    expect((await readdir(rig.root)).sort()).toEqual(['.lftp-udp', 'file']);
    expect((await readdir(rig.folder)).sort()).toEqual(['root', 'secret']);
    expect(await readFile(join(rig.folder, 'secret'), 'utf8')).toBe('secret');
  });

  it('P-OP-01 that look odd land exactly where they say', async () => {
    for (const { path, isRefused } of hostilePaths()) {
      if (isRefused || path.length !== 1) continue;
      const named = { path };
      const codes = await ask([
        { op: 'mkdir', ...named },
        { op: 'rename', ...named, to: ['plain'] },
        { op: 'rename', path: ['plain'], to: path },
      ]);
      const names = (await readdir(rig.root)).filter((name) => name !== '.lftp-udp');
      // A name that this file system cannot hold is an error, and nothing is left of it.
      expect([path, names]).toEqual([path, codes[0] === 0 ? path : []]);
      await ask([{ op: 'rmdir', ...named }]);
    }
    expect((await readdir(rig.folder)).sort()).toEqual(['root', 'secret']);
  });

  it('P-OP-01 that are no UTF-8 are refused on the way to the disk as well', async () => {
    const refused = expect.objectContaining({ code: EXIT.REFUSED }) as unknown;
    for (const name of SURROGATES) {
      const path = [name];
      await expect(makeFolder(rig.store, path, false)).rejects.toEqual(refused);
      await expect(deleteEntry(rig.store, path)).rejects.toEqual(refused);
      const renaming = { path: ['file'], to: path, replace: true };
      await writeFile(join(rig.root, 'file'), '');
      await expect(renameEntry(rig.store, renaming)).rejects.toEqual(refused);
    }
  });
});

describe('a folder that is swapped for a link and back', () => {
  it.each(NAME_RACES)('P-OP-01 P-SVC-06 lets no %s out', async (operation) => {
    const { flips, tries, done, escapes } = await race(operation, RACE_MS);
    expect(escapes).toEqual([]);
    // The race was one: both sides came to act.
    expect(flips).toBeGreaterThan(100);
    expect(done).toBeGreaterThan(5);
    expect(tries).toBeGreaterThanOrEqual(done);
  });
});
