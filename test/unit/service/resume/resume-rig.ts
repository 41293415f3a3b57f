/** A file of several chunks on a server, and a client's folder with what it fetched of it. */
import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GetOptions, TransferResult } from '../../../../src/service/client-get.ts';
import { getFile } from '../../../../src/service/client-get.ts';
import type { ClientSession } from '../../../../src/service/client-session.ts';
import type { FileSink } from '../../../../src/service/file-ends.ts';
import type { FileAnswer } from '../../../../src/service/messages.ts';
import { CHUNK_BYTES } from '../../../../src/service/resume/chunks.ts';
import { Download } from '../../../../src/service/resume/downloads-store.ts';
import { SeededRandom } from '../../../../src/util/random.ts';
import type { FakeChannel } from '../fake-channel.ts';
import { NEVER, QUIET, Rig } from '../session-rig.ts';

export const SIZE_BYTES = 5 * CHUNK_BYTES + 12_345;

/** Bytes that do not repeat from chunk to chunk. */
export function content(seed: number, sizeBytes = SIZE_BYTES): Buffer {
  const bytes = Buffer.alloc(sizeBytes);
  const random = new SeededRandom(seed);
  for (let at = 0; at + 4 <= sizeBytes; at += 4) bytes.writeUInt32LE(random.uint32(), at);
  return bytes;
}

export class ResumeRig {
  readonly rig: Rig;
  readonly work: string;
  readonly target: string;
  readonly served: string;
  changes = 0;

  private constructor(rig: Rig) {
    this.rig = rig;
    this.work = join(rig.folder, 'work');
    this.target = join(this.work, 'target');
    this.served = join(rig.root, 'file');
  }

  static async make(): Promise<ResumeRig> {
    const made = new ResumeRig(await Rig.make('rw'));
    await mkdir(made.work);
    return made;
  }

  /** Gives the served file that content, and a time that stays the same. */
  async serve(bytes: Uint8Array, mtimeS = 1_700_000_000): Promise<void> {
    await writeFile(this.served, bytes);
    await utimes(this.served, mtimeS, mtimeS);
  }

  download(): Download {
    return new Download({
      target: { folder: this.work, name: 'target', path: this.target },
      remote: 'host:1:/file',
      overwrite: 'always',
      preserve: false,
      environment: { XDG_STATE_HOME: join(this.rig.folder, 'state') },
      nowMs: () => 1_700_000_000_000,
    });
  }

  /** Fetches until about that many bytes are written, then the network dies. */
  async fetchPart(bytes: number): Promise<void> {
    const { session, channel } = this.connect();
    const openSink = async (answer: FileAnswer): Promise<FileSink> => {
      const sink = await this.download().open(answer);
      return dyingSink(sink, bytes, () => channel.close(DIED));
    };
    const failed = await this.get(session, openSink).catch((error: unknown) => error);
    if (!(failed instanceof Error)) throw new Error('the network did not die');
  }

  /** Goes on with what is held. @param onChanged as of a command line that is strict or not */
  async fetchRest(onChanged?: () => void): Promise<TransferResult & { arrivedBytes: number }> {
    const download = this.download();
    const held = await download.held();
    const { session, channel } = this.connect();
    let arrivedBytes = 0;
    const nextRun = channel.nextRun.bind(channel);
    channel.nextRun = async (minBytes) => {
      const run = await nextRun(minBytes);
      arrivedBytes += run?.length ?? 0;
      return run;
    };
    const note = (): void => {
      this.changes += 1;
      onChanged?.();
    };
    const openSink = (answer: FileAnswer): Promise<FileSink> => download.open(answer);
    const result = await this.get(session, openSink, { held, onChanged: note });
    await session.finish();
    return { ...result, arrivedBytes };
  }

  async fetched(): Promise<Buffer> {
    return await readFile(this.target);
  }

  connect(): { session: ClientSession; channel: FakeChannel } {
    const session = this.rig.client();
    return { session, channel: this.rig.channels.at(-1)! };
  }

  async get(
    session: ClientSession,
    openSink: GetOptions['openSink'],
    more: Pick<GetOptions, 'held' | 'onChanged'> = {},
  ): Promise<TransferResult> {
    const options = { path: ['file'], openSink, signal: NEVER, observer: QUIET };
    return await getFile(session, { ...options, ...more });
  }

  async remove(): Promise<void> {
    for (const channel of this.rig.channels) channel.other.close(DIED);
    await this.rig.remove();
  }
}

export const DIED = { kind: 'timedOut', phase: 'silence', advice: 0 } as const;

/** The same sink, with a hook once so many bytes are written. */
function dyingSink(sink: FileSink, bytes: number, die: () => void): FileSink {
  let written = 0;
  return {
    runBytes: sink.runBytes,
    write: async (piece, position) => {
      await sink.write(piece, position);
      written += piece.length;
      if (written >= bytes) die();
    },
    secure: (mark) => sink.secure?.(mark) ?? Promise.resolve(),
    keep: () => sink.keep?.() ?? Promise.resolve(),
    commit: (digest) => sink.commit(digest),
    discard: () => sink.discard(),
  };
}
