/** What operations on names do in a folder that is swapped for a link to the outside. */
import {
  checksumOf,
  chmodEntry,
  deleteEntry,
  makeFolder,
  removeFolder,
  statEntry,
  touchEntry,
} from '../../src/service/operations/entries-store.ts';
import { Listings } from '../../src/service/operations/listing-store.ts';
import { renameEntry } from '../../src/service/operations/rename-store.ts';
import type { RemotePath } from '../../src/service/path.ts';
import type { Store } from '../../src/service/store.ts';

/** Bytes of the file inside, where the one outside has more. */
const INSIDE_BYTES = 6;

/** Tells names, sizes and digests. */
export async function look(
  store: Store,
  folder: RemotePath,
  _index: number,
  escapes: string[],
): Promise<boolean> {
  const path = [...folder, 'file'];
  const request = { op: 'list', id: 1, path: folder, hidden: true } as const;
  const { entries } = await new Listings().page(store, request);
  // While the link has the name, the listing tells of the link itself.
  const listed = entries.find(([name]) => name === 'file');
  const entry = await statEntry(store, path);
  const { bytes } = await checksumOf(store, path, new AbortController().signal);
  for (const size of [listed?.[2] ?? INSIDE_BYTES, entry[2], bytes]) {
    if (size !== INSIDE_BYTES) escapes.push(`told of ${size} bytes`);
  }
  return true;
}

/** Makes, renames and removes names, and changes times and permissions. */
export async function change(store: Store, folder: RemotePath, index: number): Promise<boolean> {
  const name = `made${index % 50}`;
  const [made, moved] = [
    [...folder, name],
    [...folder, 'sub', name],
  ];
  const steps = [
    () => makeFolder(store, made, index % 2 === 0),
    () => touchEntry(store, [...folder, 'file'], 1_000_000_000_000),
    () => chmodEntry(store, [...folder, 'file'], 0o400),
    () => renameEntry(store, { path: made, to: moved, replace: false }),
    () => removeFolder(store, moved),
    () => removeFolder(store, made),
    () => deleteEntry(store, [...folder, 'sub', 'file']),
  ];
  let done = 0;
  for (const step of steps) {
    // Each meets another face of the folder; a refusal is what is wanted then.
    done += await step().then(
      () => 1,
      () => 0,
    );
  }
  return done > 0;
}
