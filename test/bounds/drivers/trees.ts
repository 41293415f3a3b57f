/** What a tree on its way can be made to hold, on either side. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localFileError } from '../../../src/service/store-errors.ts';
import type { StoredAnswer } from '../../../src/service/messages.ts';
import { decodeServerMessage, encodeMessage } from '../../../src/service/messages.ts';
import { Folder } from '../../../src/service/store-walk.ts';
import { Unanswered } from '../../../src/service/tree/client-post-tree.ts';
import { FileIntake } from '../../../src/service/tree/file-intake.ts';
import { GroupCommitter } from '../../../src/service/tree/group-committer.ts';
import type { GroupMember } from '../../../src/service/tree/group-committer.ts';
import { SharedFolder } from '../../../src/service/tree/shared-folder.ts';
import { TreeDecoder } from '../../../src/service/tree/tree-decoder.ts';
import { encodeEntry } from '../../../src/service/tree/tree-entries.ts';
import type { TreePlace } from '../../../src/service/tree/tree-place-store.ts';
import { sendTree } from '../../../src/service/tree/tree-sender.ts';
import { TreeTally } from '../../../src/service/tree/tree-tally.ts';
import { createDigest } from '../../../src/io/digest.ts';
import { deferred } from '../../../src/service/turns.ts';
import { channelPair } from '../../unit/service/fake-channel.ts';
import { settled } from '../../unit/service/login/door-rig.ts';
import { type Driver, type Fill, fillEdge, tenth } from '../fill.ts';

const SILENT = { onLeftOut: () => undefined, onFailed: () => undefined };

/** A folder of more files than may be read ahead, none of which ever opens. */
export const readsAhead: Driver = async (cap) => {
  const path = await mkdtemp(join(tmpdir(), 'lftp-bounds-'));
  for (let i = 0; i < cap + tenth(cap); i += 1) await writeFile(join(path, String(i)), '');
  const real = await Folder.openRoot(path);
  const gate = deferred<never>();
  let asked = 0;
  const folder = Object.create(real, {
    handle: { value: real.handle },
    openFile: {
      value: () => {
        asked += 1;
        return gate.promise;
      },
    },
  }) as Folder;
  const view = {
    root: new SharedFolder(folder, 0),
    base: [],
    isHidden: () => false,
    refusal: () => undefined,
    wrapError: localFileError,
  };
  const [channel] = channelPair();
  const sending = sendTree(channel, view, SILENT, new AbortController().signal);
  for (let i = 0; i < 400 && asked < cap; i += 1) await settled();
  for (let i = 0; i < 20; i += 1) await settled();
  const held = asked;
  gate.reject(new Error('no disk'));
  await sending;
  await view.root.release();
  await rm(path, { recursive: true });
  const refused = asked - held;
  return { held, beyond: held, refused, counted: refused };
};

/** Small files whose disk never answers. */
export const writesBehind: Driver = async (cap) => {
  const gate = deferred<never>();
  let staged = 0;
  const place = {
    faultOf: () => undefined,
    precheck: () => Promise.resolve(),
    stage: () => {
      staged += 1;
      return gate.promise;
    },
    errorAt: (_: unknown, error: unknown) => localFileError(error, 'x'),
  } as unknown as TreePlace;
  let failed = 0;
  const intake = new FileIntake(place, undefined as never, () => (failed += 1));
  const folder = { share: () => folder, release: () => Promise.resolve() };
  const digest = (await createDigest()).digest();
  const entry = { kind: 'file', name: 'x', sizeBytes: 0, mode: 0, mtimeMs: 0 } as const;
  const feed = async (): Promise<void> => {
    for (let i = 0; i < cap + tenth(cap); i += 1) {
      await intake.begin(i, folder as unknown as SharedFolder, ['x'], entry);
      await intake.end({ kind: 'fileEnd', code: 0, digest });
    }
  };
  const feeding = feed();
  for (let i = 0; i < 50; i += 1) await settled();
  const held = staged;
  gate.reject(new Error('no disk'));
  await feeding;
  await intake.settle();
  return { held, beyond: held, refused: staged - held, counted: failed };
};

class FakeFolder {
  share(): void {
    // Nothing is open.
  }

  release(): Promise<void> {
    return Promise.resolve();
  }
}

type Member = GroupMember<FakeFolder>;

/** A disk that hangs in its first flush: what comes then gathers, and waits when that is full. */
async function gather(
  caps: { members: number; folders: number; bytes: number },
  cap: number,
  amountOf: (members: readonly Member[]) => number,
  next: (folder: FakeFolder) => Partial<Member>,
): Promise<Fill> {
  const gate = deferred<undefined>();
  const flush = { content: () => gate.promise, names: () => Promise.resolve() };
  const world = { flush, nowMs: () => 0, onStored: () => undefined, onFailed: () => undefined };
  const committer = new GroupCommitter<FakeFolder, Member>(world, { ...caps, ageMs: Infinity });
  const one = new FakeFolder();
  const taken: Member[] = [];
  const add = async (): Promise<void> => {
    const member: Member = {
      sizeBytes: 0,
      folder: one,
      isLast: false,
      place: () => Promise.resolve(),
      discard: () => Promise.resolve(),
      ...next(one),
    };
    await committer.add(member);
    taken.push(member);
  };
  const feed = async (count: number): Promise<void> => {
    for (let i = 0; i < count; i += 1) await add();
  };
  const each = amountOf([{ ...next(one), folder: one } as Member]);
  const count = Math.ceil(cap / each);
  // The first group is being flushed, the second one gathers.
  const feeding = feed(2 * count + tenth(count));
  for (let i = 0; i < 50; i += 1) await settled();
  const held = amountOf(taken.slice(count));
  const before = taken.length;
  gate.resolve(undefined);
  await feeding;
  await committer.finish();
  const refused = taken.length - before;
  return { held, beyond: held, refused, counted: refused };
}

const NO_CAP = { members: Infinity, folders: Infinity, bytes: Infinity };

export const groupMembers: Driver = (cap) =>
  gather(
    { ...NO_CAP, members: cap },
    cap,
    ({ length }) => length,
    () => ({}),
  );

export const groupFolders: Driver = (cap) =>
  gather(
    { ...NO_CAP, folders: cap },
    cap,
    ({ length }) => length,
    () => ({ folder: new FakeFolder() }),
  );

export const groupBytes: Driver = (cap) =>
  gather(
    { ...NO_CAP, bytes: cap },
    cap,
    (members) => members.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    () => ({ sizeBytes: 65_536 }),
  );

/** A server that stores nothing and fails nothing. */
export const unanswered: Driver = (cap) => {
  const waiting = new Unanswered(new TreeTally(SILENT));
  let refused = 0;
  let number = 0;
  const add = (): void => {
    // The sender sends nothing more while it waits.
    if (refused === 0 && waiting.add(number, ['x'], 0) !== undefined) refused += 1;
    number += 1;
  };
  for (let i = 0; i < cap; i += 1) add();
  const held = waiting.size;
  for (let i = 0; i < tenth(cap); i += 1) add();
  return { held, beyond: waiting.size, refused, counted: refused };
};

function isRead(answer: StoredAnswer): boolean {
  return decodeServerMessage(encodeMessage(answer)).ok;
}

export const failuresTold: Driver = (cap) =>
  fillEdge(cap, (length) => {
    const failed = Array.from({ length }, (_, number) => ({ number, error: 10, message: 'x' }));
    return isRead({ kind: 'stored', re: 1, ranges: [], failed });
  });

export const rangesTold: Driver = (cap) =>
  fillEdge(cap, (count) =>
    isRead({
      kind: 'stored',
      re: 1,
      ranges: Array.from({ length: 2 * count }, (_, i) => i),
      failed: [],
    }),
  );

export const failureText: Driver = (cap) =>
  fillEdge(cap, (length) => {
    const bytes = encodeEntry({ kind: 'failed', name: 'x', code: 1, message: 'x'.repeat(cap) });
    const told = new Uint8Array(bytes.length + Math.max(0, length - cap));
    told.set(bytes);
    // Where the length of the text stands, behind kind, name and code.
    new DataView(told.buffer).setUint16(4, length);
    const decoder = new TreeDecoder();
    decoder.push(told);
    return decoder.next()?.kind === 'failed';
  });
