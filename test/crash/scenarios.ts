/** What is done to a served folder while the power may fail. */
import { createDigest } from '../../src/io/digest.ts';
import { LftpError } from '../../src/service/error.ts';
import {
  deleteEntry,
  makeFolder,
  removeFolder,
} from '../../src/service/operations/entries-store.ts';
import { renameEntry } from '../../src/service/operations/rename-store.ts';
import type { FileSink } from '../../src/service/file-ends.ts';
import { createDownload } from '../../src/service/store-local.ts';
import type { Store, UploadOffer } from '../../src/service/store.ts';
import { encodeContent, encodeEntry } from '../../src/service/tree/tree-entries.ts';
import { TreeReceiver } from '../../src/service/tree/tree-receiver.ts';
import type { TransferChannel } from '../../src/service/transfer-channel.ts';
import type { DataRun } from '../../src/transport/types.ts';
import { NOW_MS } from './crash-world.ts';
import type { CrashWorld } from './crash-world.ts';
import type { Version, Wanted } from './oracle.ts';

/** Codes of everything that failed. */
export type Failures = number[];

export type Scenario = (world: CrashWorld) => Promise<Failures>;

const RUN_BYTES = 6000;
const KEPT = { mode: 0o640, mtimeMs: NOW_MS - 86_400_000 };

/** Bytes that no other file has, on no page. */
export function contentOf(sizeBytes: number, tag: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  for (let at = 0; at < sizeBytes; at += 1) bytes[at] = (at >> 9) * 31 + tag * 7 + (at & 3);
  return bytes;
}

interface Upload {
  readonly path: readonly string[];
  readonly sizeBytes: number;
  readonly tag: number;
  readonly isKept?: boolean;
  readonly isUntold?: boolean;
  readonly overwrite?: UploadOffer['overwrite'];
  /** Where it lies on the disk, unless that is the path below the served folder. */
  readonly below?: string;
}

/** Sends a file as a session does, in runs of which several are under way. */
export async function upload(world: CrashWorld, store: Store, what: Upload): Promise<Failures> {
  const { path, sizeBytes, tag, isKept = false, isUntold = false, overwrite = 'always' } = what;
  const content = contentOf(sizeBytes, tag);
  const wanted: Wanted = { content, meta: isKept ? KEPT : undefined };
  const shown = `${what.below ?? '/served'}/${path.join('/')}`;
  world.oracle.begin(shown, wanted);
  try {
    const { file } = await store.createUpload({
      path,
      name: undefined,
      sizeBytes: isUntold ? null : sizeBytes,
      mtimeMs: KEPT.mtimeMs,
      overwrite,
      // What must not be kept is asked for.
      keepMode: isKept ? 0o6000 | KEPT.mode : undefined,
    });
    await write(file, content);
    world.committed(shown, wanted);
    return [];
  } catch (error) {
    world.failed();
    return [codeOf(error)];
  }
}

async function write(file: FileSink, content: Uint8Array): Promise<void> {
  try {
    const runs: Promise<void>[] = [];
    for (let at = 0; at < content.length; at += RUN_BYTES) {
      runs.push(file.write(content.subarray(at, at + RUN_BYTES), at));
    }
    const ends = await Promise.allSettled(runs);
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    await file.commit();
  } finally {
    await file.discard();
  }
}

/** What a client does with files that it gets. */
const download: Scenario = async (world) => {
  world.plant('/served/got', contentOf(5000, 9));
  const target = { folder: '/served', name: 'got', path: '/served/got' };
  const failures: Failures = [];
  world.watch();
  for (const tag of [1, 2]) {
    const content = contentOf(13_000, tag);
    const isKept = tag === 1;
    const wanted: Wanted = { content, meta: isKept ? KEPT : undefined };
    const answer = { kind: 'file', re: 1, size: content.length, ...KEPT } as const;
    world.oracle.begin(target.path, wanted);
    try {
      const file = await createDownload(target, answer, 'always', isKept, world.fileSystem);
      await write(file, content);
      world.committed(target.path, wanted);
    } catch (error) {
      world.failed();
      failures.push(codeOf(error));
    }
  }
  return failures;
};

function codeOf(error: unknown): number {
  if (error instanceof LftpError) return error.code;
  throw error;
}

/** Everything that fails before there is a store fails the whole. */
async function withStore(
  world: CrashWorld,
  owner: Parameters<CrashWorld['open']>[0],
  work: (store: Store) => Promise<Failures>,
): Promise<Failures> {
  let store: Store;
  try {
    store = await world.open(owner);
  } catch (error) {
    return [codeOf(error)];
  }
  return await work(store);
}

async function each(uploads: readonly (() => Promise<Failures>)[]): Promise<Failures> {
  const failures: Failures = [];
  for (const one of uploads) failures.push(...(await one()));
  return failures;
}

const fresh: Scenario = (world) =>
  withStore(world, {}, (store) =>
    each([
      () => upload(world, store, { path: ['empty'], sizeBytes: 0, tag: 1 }),
      () => upload(world, store, { path: ['new'], sizeBytes: 13_000, tag: 2, isKept: true }),
      () => upload(world, store, { path: ['stream'], sizeBytes: 9000, tag: 3, isUntold: true }),
    ]),
  );

const never: Scenario = (world) =>
  withStore(world, {}, async (store) => {
    const one = { path: ['one'], sizeBytes: 5000, overwrite: 'never' } as const;
    const both = await Promise.all([
      upload(world, store, { ...one, tag: 1 }),
      upload(world, store, { ...one, tag: 2 }),
    ]);
    const failures = both.flat();
    if (failures.length === 0) throw new Error('both were committed, and one is lost');
    return failures;
  });

const replace: Scenario = (world) => {
  world.plant('/served/old', contentOf(10_000, 9));
  return withStore(world, {}, (store) =>
    each([
      () => upload(world, store, { path: ['old'], sizeBytes: 12_288, tag: 1, isKept: true }),
      () => upload(world, store, { path: ['old'], sizeBytes: 1, tag: 2 }),
    ]),
  );
};

const several: Scenario = (world) => {
  world.plant('/served/target', contentOf(4096, 9));
  return withStore(world, {}, async (store) => {
    const sizes = [4096, 8192, 20_000];
    const all = sizes.map((sizeBytes, tag) =>
      upload(world, store, { path: ['target'], sizeBytes, tag, isKept: tag === 1 }),
    );
    return (await Promise.all(all)).flat();
  });
};

const homes: Scenario = (world) =>
  withStore(world, { home: ['homes', 'ann'] }, async (store) => {
    const below = '/served/homes/ann';
    return await upload(world, store, { path: ['first'], sizeBytes: 7000, tag: 1, below });
  });

const drop: Scenario = (world) =>
  withStore(world, { access: 'drop' }, (store) =>
    upload(world, store, { path: ['incoming', 'gift'], sizeBytes: 7000, tag: 1 }),
  );

interface TreeFile {
  readonly path: readonly string[];
  readonly content: Uint8Array;
}

const TREE: readonly TreeFile[] = [
  { path: ['a'], content: contentOf(100, 1) },
  { path: ['there'], content: contentOf(5000, 2) },
  { path: ['sub', 'b'], content: contentOf(9000, 3) },
  { path: ['sub', 'deep', 'c'], content: contentOf(0, 4) },
  { path: ['sub', 'deep', 'd'], content: contentOf(70_000, 5) },
];

/** The stream of {@link TREE}, one run for each entry, and the path of each number in it. */
async function treeStream(): Promise<{ runs: Uint8Array[]; files: Map<number, TreeFile> }> {
  const runs: Uint8Array[] = [];
  const files = new Map<number, TreeFile>();
  let number = 0;
  let open: readonly string[] = [];
  for (const file of TREE) {
    const folders = file.path.slice(0, -1);
    for (const name of folders.slice(open.length)) {
      runs.push(encodeEntry({ kind: 'folder', name, ...KEPT, mode: 0o750 }));
      number += 1;
    }
    open = folders;
    const { content } = file;
    const digest = await createDigest();
    digest.update(content);
    const name = file.path.at(-1) ?? '';
    const entry = encodeEntry({ kind: 'file', name, sizeBytes: content.length, ...KEPT });
    runs.push(entry, encodeContent(content, digest.digest()));
    files.set(number, file);
    number += 1;
  }
  runs.push(...open.map(() => encodeEntry({ kind: 'up' })));
  return { runs, files };
}

/** One record, as a channel would bring it. */
function channelOf(runs: readonly Uint8Array[]): TransferChannel {
  const left = [...runs];
  const nextRun = (): Promise<DataRun> => {
    const bytes = left.shift() ?? new Uint8Array();
    const run = { slab: { bytes }, length: bytes.length, end: left.length === 0, error: 0 };
    return Promise.resolve(run as unknown as DataRun);
  };
  return { nextRun, releaseRun: () => undefined } as unknown as TransferChannel;
}

const tree =
  (ageMs: number): Scenario =>
  async (world) => {
    world.disk.mkdir('/served/tree', 0o755);
    world.plant('/served/tree/there', contentOf(6000, 9));
    const { runs, files } = await treeStream();
    const shownOf = ({ path }: TreeFile): string => `/served/tree/${path.join('/')}`;
    const wantedOf = new Map(
      [...files].map(([number, { content }]) => [number, { content, meta: KEPT }]),
    );
    const failures: Failures = [];
    const tell = (number = -1): void => {
      const file = files.get(number);
      const wanted = wantedOf.get(number);
      if (file !== undefined && wanted !== undefined) world.committed(shownOf(file), wanted);
    };
    return await withStore(world, {}, async (store) => {
      for (const [number, file] of files) {
        world.oracle.begin(shownOf(file), wantedOf.get(number) ?? file);
      }
      try {
        const options = { overwrite: 'always', keep: true } as const;
        const { place } = await store.createTree({ path: ['tree'], ...options });
        let nowMs = 0;
        const receiver = new TreeReceiver(channelOf(runs), place, KEPT, {
          nowMs: () => (nowMs += ageMs),
          onStored: (members) => {
            for (const { number } of members) tell(number);
          },
          onFailed: (_, __, error) => {
            failures.push(error.code);
            world.failed();
          },
          onSenderFailed: () => undefined,
          onLeftOut: () => undefined,
        });
        try {
          await receiver.run();
        } finally {
          await place.root.release();
        }
      } catch (error) {
        failures.push(codeOf(error));
      }
      return failures;
    });
  };

interface Change {
  readonly path: string;
  readonly wanted: Version;
}

/** Does something to names, and tells the oracle how it ended. */
async function change(
  world: CrashWorld,
  changes: readonly Change[],
  act: () => Promise<void>,
): Promise<Failures> {
  try {
    await act();
    for (const { path, wanted } of changes) world.committed(path, wanted);
    return [];
  } catch (error) {
    world.failed();
    return [codeOf(error)];
  }
}

async function rename(
  world: CrashWorld,
  store: Store,
  names: readonly [from: string, to: string],
  inside: readonly string[],
  replace = false,
): Promise<Failures> {
  const [from, to] = names;
  const changes = inside.flatMap((name): Change[] => {
    const [path, newPath] = [`/served/${from}${name}`, `/served/${to}${name}`];
    const file = world.disk.files().get(path);
    // An earlier failure has left it elsewhere.
    if (file === undefined) return [];
    const wanted = { content: file.content };
    const isSure = world.oracle.isSure(path);
    world.oracle.beginMove(path, newPath, wanted);
    // What is not safe itself does not get safe with another name.
    if (!isSure) return [];
    return [
      { path, wanted: undefined },
      { path: newPath, wanted },
    ];
  });
  const renaming = { path: from.split('/'), to: to.split('/'), replace };
  return await change(world, changes, () => renameEntry(store, renaming));
}

const names: Scenario = (world) => {
  for (const name of ['a', 'b', 'c', 'd']) {
    world.plant(`/served/${name}`, contentOf(5000, name.charCodeAt(0)));
  }
  world.disk.mkdir('/served/box', 0o755);
  world.plant('/served/box/e', contentOf(3000, 5));
  const gone = (name: string): readonly Change[] => {
    const path = `/served/${name}`;
    world.oracle.begin(path, undefined);
    return [{ path, wanted: undefined }];
  };
  return withStore(world, {}, (store) =>
    each([
      () => change(world, gone('a'), () => deleteEntry(store, ['a'])),
      () => rename(world, store, ['b', 'box/b'], ['']),
      () => rename(world, store, ['c', 'd'], [''], true),
      () => rename(world, store, ['box', 'chest'], ['/b', '/e']),
      () =>
        change(world, [], async () => {
          await makeFolder(store, ['empty'], false);
          await removeFolder(store, ['empty']);
        }),
    ]),
  );
};

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'new files': fresh,
  'two that may not replace': never,
  'one after the other': replace,
  'several at once': several,
  'the first file of a home': homes,
  'a file that is dropped': drop,
  'files that are fetched': download,
  'names that change': names,
  'a tree in one group': tree(1),
  'a tree in many groups': tree(300),
};
