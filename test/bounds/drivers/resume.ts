/** What a peer can announce about chunks that are held, and have kept of its uploads. */
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClientSession } from '../../../src/service/client-session.ts';
import { EXIT } from '../../../src/service/error.ts';
import {
  decodeClientMessage,
  decodeServerMessage,
  encodeMessage,
} from '../../../src/service/messages.ts';
import { encodeHead, encodeState } from '../../../src/service/resume/journal.ts';
import { openUpload, sweepUploads } from '../../../src/service/resume/uploads-store.ts';
import type { KeptFile } from '../../../src/service/resume/kept-file-store.ts';
import { Folder } from '../../../src/service/store-walk.ts';
import { channelPair } from '../../unit/service/fake-channel.ts';
import { settled } from '../../unit/service/login/door-rig.ts';
import { type Driver, type Fill, fillEdge, tenth } from '../fill.ts';

/** A server that has more chunks compared than anybody asks for ends its session. */
export const chunksCompared: Driver = async (cap) => {
  const codeFor = async (have: number): Promise<number> => {
    const [near, far] = channelPair();
    const session = new ClientSession(near);
    await session.begin((id) => ({ op: 'get', id, path: ['a'], have: cap }));
    const answer = { kind: 'file', re: 1, size: 1, mtimeMs: 0, mode: 0, have } as const;
    await far.sendMessage(encodeMessage(answer));
    await settled();
    return session.error?.code ?? EXIT.OK;
  };
  const beyond = [await codeFor(cap + 1), await codeFor(cap + tenth(cap))];
  const refused = beyond.filter((code) => code === EXIT.PROTOCOL).length;
  const held = (await codeFor(cap)) === EXIT.OK ? cap : 0;
  return { held, beyond: refused === 2 ? cap : cap + 1, refused, counted: refused };
};

export const chunksTold: Driver = (cap) =>
  fillEdge(cap, (count) => {
    const digests = new Uint8Array(count * 32);
    return decodeServerMessage(encodeMessage({ op: 'chunks', id: 1, first: 0, digests })).ok;
  });

export const rangesWanted: Driver = (cap) =>
  fillEdge(cap, (count) => {
    const ranges = Array.from({ length: 2 * count }, (_, i) => i);
    return decodeClientMessage(encodeMessage({ op: 'want', id: 1, ranges })).ok;
  });

const NO_DIGEST = new Uint8Array(32);

/** A folder of unfinished uploads, and what fills it. */
class Kept {
  readonly path: string;
  readonly partial: Folder;
  private next = 0;

  private constructor(path: string, partial: Folder) {
    this.path = path;
    this.partial = partial;
  }

  static async make(): Promise<Kept> {
    const path = await mkdtemp(join(tmpdir(), 'lftp-bounds-'));
    return new Kept(path, await Folder.openRoot(path));
  }

  /** An unfinished upload of `owner` that was left `ageMs` ago. */
  async leave(owner: string, sizeBytes: number, ageMs: number): Promise<void> {
    this.next += 1;
    const id = this.next.toString(16).padStart(32, '0');
    const [kind, holder] = ['upload', { pid: 2 ** 30, born: '' }] as const;
    const times = { sizeBytes, mtimeMs: 0, madeMs: 0 };
    const head = { kind, id, owner, remote: '/a', local: '', part: id, holder, ...times };
    const state = { mark: { bytes: 1_048_576, digest: NO_DIGEST }, done: undefined };
    const bytes = Buffer.concat([encodeHead(head)!, encodeState(1, state)]);
    const journal = join(this.path, `${id}.journal`);
    await writeFile(journal, bytes);
    await writeFile(join(this.path, id), '');
    const writtenS = (Date.now() - ageMs) / 1000;
    await utimes(journal, writtenS, writtenS);
  }

  async open(owner: string): Promise<KeptFile | undefined> {
    this.next += 1;
    const transfer = new Uint8Array(Buffer.from(this.next.toString(16).padStart(32, '0'), 'hex'));
    const key = { transfer, isAgain: false, owner, nowMs: Date.now() };
    const nothing = (): Promise<void> => Promise.resolve();
    const staged = {
      fileSystem: this.partial.fileSystem,
      stagedPath: '',
      targetPath: join(this.path, 'target'),
      mustNotExist: false,
      keep: undefined,
      syncFolder: nothing,
      release: nothing,
      recheck: nothing,
      wrapError: (error: unknown): never => {
        throw error;
      },
    };
    const target = { remote: '/b', sizeBytes: 2_097_152, mtimeMs: 0 };
    return await openUpload(this.partial, key, target, staged, undefined);
  }

  async count(): Promise<number> {
    return (await readdir(this.path)).filter((name) => name.endsWith('.journal')).length;
  }

  async remove(): Promise<void> {
    await this.partial.close();
    await rm(this.path, { recursive: true });
  }
}

/** A folder full of what others left takes none more; one's own oldest make room. */
export const keptUploads: Driver = async (cap) => {
  const kept = await Kept.make();
  for (let i = 0; i < cap; i += 1) await kept.leave('others', 1, 0);
  const held = await kept.count();
  let refused = 0;
  for (let i = 0; i < 3; i += 1) if ((await kept.open('me')) === undefined) refused += 1;
  const beyond = await kept.count();
  const opened = await kept.open('others');
  const isRoom = (await kept.count()) < cap;
  await opened?.discard();
  const counted = isRoom ? refused : 0;
  return { held, beyond, refused, counted, clean: () => kept.remove() };
};

export const keptBytes: Driver = async (cap) => {
  const kept = await Kept.make();
  const each = cap / 16;
  for (let i = 0; i < 16; i += 1) await kept.leave('me', each, 1000 * i);
  for (let i = 0; i < 16; i += 1) await kept.leave('others', each, 0);
  const trimmed = async (): Promise<number> => {
    const opened = await kept.open('me');
    await opened?.write(new Uint8Array(1), 0);
    await opened?.secure({ bytes: 1_048_576, digest: NO_DIGEST });
    await opened?.keep();
    return ((await kept.count()) - 16) * each;
  };
  const held = 16 * each;
  const beyond = await trimmed();
  const refused = beyond <= cap ? 1 : 0;
  return { held, beyond, refused, counted: refused, clean: () => kept.remove() };
};

/** One that is too fresh to be removed, and one that is too old to be kept. */
export const keptTime: Driver = async (cap) => {
  const kept = await Kept.make();
  await kept.leave('me', 1, cap - 60_000);
  await kept.leave('me', 1, cap + tenth(cap));
  const { removed } = await sweepUploads(kept.partial, Date.now());
  const left = await kept.count();
  const clean = (): Promise<void> => kept.remove();
  const fill: Fill = {
    held: cap,
    beyond: left === 1 ? cap : 0,
    refused: removed,
    counted: removed,
  };
  return { ...fill, clean };
};
