/** What keeps a tree small in memory, and what it rests on where a group has no flush. */
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileSystemFlush } from '../../../../src/io/file-system-flush.ts';
import { MAX_TREE_UNANSWERED } from '../../../../src/service/limits.ts';
import { Unanswered } from '../../../../src/service/tree/client-post-tree.ts';
import { SharedFolder } from '../../../../src/service/tree/shared-folder.ts';
import { StoredReports, rangesOf } from '../../../../src/service/tree/stored-reports.ts';
import { TreeFlush } from '../../../../src/service/tree/tree-flush.ts';
import { openLocalTree } from '../../../../src/service/tree/tree-local-store.ts';
import { sendTree } from '../../../../src/service/tree/tree-sender.ts';
import { TreeTally } from '../../../../src/service/tree/tree-tally.ts';
import { EXIT, LftpError } from '../../../../src/service/error.ts';
import { encodeMessage } from '../../../../src/service/messages.ts';
import type { StoredAnswer } from '../../../../src/service/messages.ts';
import { deferred } from '../../../../src/service/turns.ts';
import { channelPair } from '../fake-channel.ts';
import { settled } from '../login/door-rig.ts';
import { NEVER } from '../session-rig.ts';

const SILENT = { onLeftOut: () => undefined, onFailed: () => undefined };

let path: string;

beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'lftp-flow-'));
});

afterEach(async () => {
  await rm(path, { recursive: true });
});

describe('a sender of a tree', () => {
  it('P-TREE-08 waits while much is unanswered, and goes on when some is answered', async () => {
    const unanswered = new Unanswered(new TreeTally(SILENT));
    for (let number = 0; number < MAX_TREE_UNANSWERED - 1; number += 1) {
      expect(unanswered.add(number, ['x'], 1)).toBeUndefined();
    }
    let isFree = false;
    const waiting = unanswered.add(MAX_TREE_UNANSWERED - 1, ['x'], 1)?.then(() => (isFree = true));
    await settled();
    expect(isFree).toBe(false);
    unanswered.take({ kind: 'stored', re: 1, ranges: [3, 3], failed: [] });
    await waiting;
    expect(isFree).toBe(true);
    expect(unanswered.tally).toMatchObject({ files: 1, bytes: 1 });
  });

  it('P-TREE-08 sends what it has packed before it waits', async () => {
    for (const name of ['a', 'b', 'c']) await writeFile(join(path, name), name);
    const source = await openLocalTree(path);
    const gate = deferred<undefined>();
    const [channel, peer] = channelPair();
    const onEntry = (number: number) => (number === 2 ? gate.promise : undefined);
    const sending = sendTree(channel, source!.view, { ...SILENT, onEntry }, NEVER);
    // Two files are there before the third may go; a slab would hold hundreds.
    const run = await peer.nextRun(60);
    expect(run?.end).toBe(false);
    peer.releaseRun(run!);
    gate.resolve(undefined);
    await sending;
    await source!.view.root.release();
  });
});

describe('the flush of a group', () => {
  it('is one of the file system where there is one, which tells when it fails', async () => {
    const flush = fileSystemFlush();
    const handle = await open(path);
    await flush?.(handle.fd);
    const { fd } = handle;
    await handle.close();
    if (flush !== undefined) await expect(flush(fd)).rejects.toThrow('could not be flushed');
  });

  it('P-TREE-05 is file by file where there is none, or on another file system', async () => {
    const flushed: string[] = [];
    const shared = (name: string, device: number): SharedFolder => {
      const handle = { fd: device, sync: () => Promise.resolve(void flushed.push(name)) };
      return new SharedFolder({ handle, close: () => Promise.resolve() } as never, device);
    };
    const [root, mounted] = [shared('root', 1), shared('mounted', 2)];
    const alone = new TreeFlush(root, undefined);
    expect(alone.isPerFile(root)).toBe(true);
    await alone.content();
    await alone.names([root, mounted]);
    expect(flushed).toEqual(['root', 'mounted']);
    flushed.length = 0;
    const whole = (fd: number): Promise<void> => Promise.resolve(void flushed.push(`all of ${fd}`));
    const together = new TreeFlush(root, whole);
    expect([together.isPerFile(root), together.isPerFile(mounted)]).toEqual([false, true]);
    await together.content();
    await together.names([root, mounted]);
    expect(flushed).toEqual(['all of 1', 'all of 1', 'mounted']);
  });
});

describe('what is told of stored files', () => {
  it('P-TREE-05 is ranges in order, in messages that fit, with each failure once', async () => {
    expect(rangesOf([5, 1, 2, 9, 3])).toEqual([1, 3, 5, 5, 9, 9]);
    const told: StoredAnswer[] = [];
    const reports = new StoredReports(7, (answer) => {
      expect(encodeMessage(answer).length).toBeGreaterThan(0);
      told.push(answer);
      return Promise.resolve();
    });
    const failure = new LftpError(EXIT.REFUSED, 'local', '\u{10ffff}'.repeat(400));
    for (let i = 0; i < 20; i += 1) reports.failed(2 ** 32 - 2 * i, failure);
    reports.failed(undefined, failure);
    const members = Array.from({ length: 1000 }, (_, i) => ({ number: 2 ** 31 + 2 * i }));
    reports.stored(members);
    await reports.told();
    const numbers = told.flatMap(({ ranges }) => ranges.filter((_, i) => i % 2 === 0));
    expect(numbers).toEqual(members.map(({ number }) => number));
    expect(told.flatMap(({ failed }) => failed).length).toBe(20);
  });
});
