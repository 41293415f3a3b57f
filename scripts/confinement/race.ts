/** Somebody swaps a folder for a link to the outside, and back, while a store works in it. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ServedTree } from '../../src/service/store-tree.ts';
import { Store } from '../../src/service/store.ts';
import { change, look } from './race-names.ts';

export const RACE_OPERATIONS = ['get', 'post', 'post-into', 'home'] as const;
/** Operations on names: those that look, and those that change. */
export const NAME_RACES = ['look', 'change'] as const;
/** `unguarded` reads by the path as a whole: what nothing would stand against. */
export type RaceOperation =
  (typeof RACE_OPERATIONS)[number] | (typeof NAME_RACES)[number] | 'unguarded';

export interface RaceResult {
  readonly flips: number;
  readonly tries: number;
  /** Tries that met the folder, and so might as well have met the link. */
  readonly done: number;
  /** One line for each thing that was read or written outside. */
  readonly escapes: readonly string[];
}

const OUTSIDE = 'outside';
const INSIDE = 'inside';

/**
 * Four renames a flip, as fast as the file system goes, in a thread of its own. Now `victim` is
 * the folder, now the link, now nothing.
 */
const FLIPPER = `
  const { workerData } = require('node:worker_threads');
  const { renameSync } = require('node:fs');
  const { victim, link, spare, shared } = workerData;
  const state = new Int32Array(shared);
  // Where nothing was for a moment, the maker of homes may have made a folder.
  let made = 0;
  const put = (from) => {
    for (;;) {
      try {
        return renameSync(from, victim);
      } catch {
        made += 1;
        renameSync(victim, victim + made);
      }
    }
  };
  while (Atomics.load(state, 0) === 0) {
    renameSync(victim, spare);
    put(link);
    renameSync(victim, link);
    put(spare);
    Atomics.add(state, 1, 1);
  }
`;

class Scene {
  readonly folder = mkdtempSync(join(tmpdir(), 'lftp-race-'));
  readonly root = join(this.folder, 'root');
  readonly outside = join(this.folder, 'outside');
  private readonly before: string;

  constructor() {
    mkdirSync(join(this.root, 'parent', 'victim', 'sub'), { recursive: true });
    mkdirSync(join(this.outside, 'sub'), { recursive: true });
    writeFileSync(join(this.root, 'parent', 'victim', 'file'), INSIDE);
    writeFileSync(join(this.outside, 'file'), OUTSIDE);
    symlinkSync(this.outside, join(this.root, 'parent', 'link'));
    this.before = this.look();
  }

  private look(): string {
    const { mode, mtimeMs } = statSync(join(this.outside, 'file'));
    return `mode ${mode}, time ${mtimeMs}`;
  }

  /** What of the outside is not as it was. */
  damage(): string[] {
    const names = [...readdirSync(this.outside), ...readdirSync(join(this.outside, 'sub'))];
    const found = names.filter((name) => name !== 'file' && name !== 'sub');
    if (readFileSync(join(this.outside, 'file'), 'utf8') !== OUTSIDE) found.push('file changed');
    if (this.look() !== this.before) found.push(`file has ${this.look()}`);
    return found;
  }
}

/** Whether one try met the folder; what it may have read outside goes to `escapes`. */
async function attempt(
  scene: Scene,
  tree: ServedTree,
  operation: RaceOperation,
  index: number,
  escapes: string[],
): Promise<boolean> {
  if (operation === 'unguarded') {
    const text = await readFile(join(scene.root, 'parent', 'victim', 'file'), 'utf8');
    if (text !== INSIDE) escapes.push(`read "${text}"`);
    return true;
  }
  if (operation === 'home') {
    const home = ['parent', 'victim', `home${index % 50}`];
    await (await Store.open(tree, { home, access: 'rw' })).close();
    return true;
  }
  const store = await Store.open(tree, { home: undefined, access: 'rw' });
  const folder = ['parent', 'victim'];
  if (operation === 'look' || operation === 'change') {
    const work = operation === 'look' ? look : change;
    return await work(store, folder, index, escapes);
  }
  if (operation === 'get') {
    const file = await store.openForRead([...folder, 'file']);
    const buffer = new Uint8Array(100);
    const length = await file.read(buffer, 100, 0);
    await file.close();
    const text = new TextDecoder().decode(buffer.subarray(0, length));
    if (text !== INSIDE) escapes.push(`read "${text}"`);
    return true;
  }
  const { file } = await store.createUpload({
    path: operation === 'post' ? [...folder, `up${index % 50}`] : [...folder, 'sub'],
    name: operation === 'post' ? undefined : `up${index % 50}`,
    sizeBytes: 1,
    mtimeMs: 0,
    overwrite: index % 2 === 0 ? 'always' : 'never',
    keepMode: undefined,
  });
  try {
    await file.write(Uint8Array.of(1), 0);
    await file.commit();
    return true;
  } finally {
    await file.discard();
  }
}

/** Runs one operation against the flipper for `durationMs`. */
export async function race(operation: RaceOperation, durationMs: number): Promise<RaceResult> {
  const scene = new Scene();
  const tree = await ServedTree.open(scene.root);
  const shared = new SharedArrayBuffer(8);
  const parent = join(scene.root, 'parent');
  const [victim, link, spare] = ['victim', 'link', 'spare'].map((name) => join(parent, name));
  const worker = new Worker(FLIPPER, { eval: true, workerData: { victim, link, spare, shared } });
  const ended = new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject));
  const state = new Int32Array(shared);
  const escapes: string[] = [];
  let tries = 0;
  let done = 0;
  try {
    await new Promise((resolve) => worker.on('online', resolve));
    for (const endMs = performance.now() + durationMs; performance.now() < endMs; tries += 1) {
      // A refusal is what is wanted when the link, or nothing, was met.
      if (await attempt(scene, tree, operation, tries, escapes).catch(() => false)) done += 1;
    }
  } finally {
    Atomics.store(state, 0, 1);
    await ended;
    await tree.close();
  }
  escapes.push(...scene.damage());
  rmSync(scene.folder, { recursive: true });
  return { flips: Atomics.load(state, 1), tries, done, escapes };
}
