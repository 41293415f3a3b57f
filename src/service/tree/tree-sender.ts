/**
 * Sends a tree as one `dat` record: small files are opened and read ahead of the network and lie
 * packed one behind the other, large ones are read piece by piece. No request, no answer and no
 * round trip belongs to a single file.
 *
 * What cannot be read is told in the stream, and the rest goes on. Exactly one record goes out,
 * whatever happens: a failure of the whole ends it early with a code.
 */
import { createDigest } from '../../io/digest.ts';
import { ERROR } from '../../wire/codes.ts';
import { displayText } from '../display.ts';
import { LftpError } from '../error.ts';
import { MAX_TREE_READS } from '../limits.ts';
import { OutgoingRecord } from '../outgoing-record.ts';
import type { RemotePath } from '../path.ts';
import type { OpenFile } from '../store-source.ts';
import type { TransferChannel } from '../transfer-channel.ts';
import { SlabWriter } from './slab-writer.ts';
import { encodeContent, encodeEntry, encodeFileEnd, LEFT_OUT } from './tree-entries.ts';
import type { LeftOutReason } from './tree-entries.ts';
import { changedFileError, readAhead } from './tree-file.ts';
import type { ReadFile, SmallFile } from './tree-file.ts';
import { walkTree } from './tree-walk-store.ts';
import type { TreeView, WalkStep } from './tree-walk-store.ts';

/** Who follows what is sent. */
export interface SendWatch {
  /**
   * Called before a folder or file is sent; folders and files are numbered together, from 0. While
   * the promise is pending nothing more is sent.
   * @param sizeBytes undefined for a folder
   */
  readonly onEntry?: (
    number: number,
    path: RemotePath,
    sizeBytes: number | undefined,
  ) => Promise<void> | undefined;
  /** The file is in the stream, but not whole. */
  readonly onBroken?: (number: number) => void;
  readonly onLeftOut: (path: RemotePath, why: LeftOutReason) => void;
  readonly onFailed: (path: RemotePath, error: LftpError) => void;
}

/** A step of the walk, with what was read ahead for it. */
interface Ready {
  readonly step: WalkStep;
  readonly file: ReadFile | undefined;
}

/**
 * @param signal ends the record early; its reason is what is thrown then
 * @throws LftpError when the root cannot be listed; the channel's error when that closed
 */
export async function sendTree(
  channel: TransferChannel,
  view: TreeView,
  watch: SendWatch,
  signal: AbortSignal,
): Promise<void> {
  const record = new OutgoingRecord(channel);
  // Straight from the event: who waits for room would otherwise wait on.
  const onAbort = (): void => record.abandon(ERROR.CANCELLED);
  signal.addEventListener('abort', onAbort);
  const sender = new TreeSender(new SlabWriter(channel, record, signal), view, watch, signal);
  try {
    signal.throwIfAborted();
    await sender.run();
    signal.throwIfAborted();
    record.end();
  } catch (error) {
    record.abandon(error instanceof LftpError ? ERROR.REMOTE_IO : ERROR.OTHER);
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', onAbort);
    await sender.drop();
  }
}

class TreeSender {
  private readonly view: TreeView;
  private readonly watch: SendWatch;
  private readonly signal: AbortSignal;
  private readonly writer: SlabWriter;
  private readonly steps: AsyncGenerator<WalkStep, void, undefined>;
  private readonly ahead: Promise<Ready>[] = [];
  private nextNumber = 0;

  constructor(writer: SlabWriter, view: TreeView, watch: SendWatch, signal: AbortSignal) {
    this.view = view;
    this.watch = watch;
    this.signal = signal;
    this.writer = writer;
    this.steps = walkTree(view);
  }

  async run(): Promise<void> {
    for (let isDone = false; ;) {
      while (!isDone && this.ahead.length < MAX_TREE_READS) {
        const { value } = await this.steps.next();
        if (value === undefined) isDone = true;
        else this.ahead.push(this.prepare(value));
      }
      const ready = await this.ahead.shift();
      if (ready === undefined) break;
      try {
        this.signal.throwIfAborted();
        await this.send(ready);
      } finally {
        if (ready.file?.kind === 'large') await ready.file.file.close();
      }
    }
    await this.writer.flush();
  }

  /** Gives back what was prepared and not sent. */
  async drop(): Promise<void> {
    this.writer.drop();
    for (const ready of this.ahead.splice(0)) {
      const { file } = await ready;
      if (file?.kind === 'large') await file.file.close();
    }
    await this.steps.return();
  }

  private async prepare(step: WalkStep): Promise<Ready> {
    if (step.kind !== 'file') return { step, file: undefined };
    return { step, file: await readAhead(this.view, step.folder, step.path) };
  }

  private async send({ step, file }: Ready): Promise<void> {
    switch (step.kind) {
      case 'enter':
        await this.number(step.path, undefined);
        await this.writer.write(encodeEntry({ kind: 'folder', name: step.name, ...step.times }));
        return;
      case 'leave':
        await this.writer.write(encodeEntry({ kind: 'up' }));
        return;
      case 'leftOut':
        await this.leaveOut(step.path, step.why);
        return;
      case 'failed':
        await this.fail(step.path, step.error);
        return;
      case 'file':
        if (file !== undefined) await this.sendFile(step.path, step.name, file);
        return;
    }
  }

  private async sendFile(path: RemotePath, name: string, file: ReadFile): Promise<void> {
    switch (file.kind) {
      case 'special':
        await this.leaveOut(path, LEFT_OUT.SPECIAL);
        return;
      case 'failed':
        await this.fail(path, file.error);
        return;
      case 'small':
        await this.sendSmall(path, name, file);
        return;
      case 'large':
        await this.sendLarge(path, name, file.file);
        return;
    }
  }

  private async sendSmall(path: RemotePath, name: string, small: SmallFile): Promise<void> {
    const { mode, mtimeMs, sizeBytes } = small.file;
    await this.number(path, sizeBytes);
    await this.writer.write(encodeEntry({ kind: 'file', name, mode, mtimeMs, sizeBytes }));
    await this.writer.write(encodeContent(small.content, small.digest));
  }

  private async sendLarge(path: RemotePath, name: string, file: OpenFile): Promise<void> {
    const { mode, mtimeMs, sizeBytes } = file;
    const number = await this.number(path, sizeBytes);
    await this.writer.write(encodeEntry({ kind: 'file', name, mode, mtimeMs, sizeBytes }));
    try {
      const digest = await this.sendContent(file);
      await this.writer.write(encodeFileEnd(0, digest));
    } catch (error) {
      // Of the whole transfer, and not of this file.
      if (this.signal.aborted || !(error instanceof LftpError)) throw error;
      const { code } = error;
      const told = code === ERROR.SOURCE_CHANGED ? code : ERROR.REMOTE_IO;
      await this.writer.write(encodeFileEnd(told, undefined));
      this.watch.onBroken?.(number);
      this.watch.onFailed(path, error);
    }
  }

  private async sendContent(file: OpenFile): Promise<Uint8Array> {
    const digest = await createDigest();
    for (let at = 0; at < file.sizeBytes;) {
      const chunk = await this.writer.beginChunk();
      const wanted = Math.min(chunk.length, file.sizeBytes - at);
      const got = await file.read(chunk, wanted, at);
      if (got === 0) throw changedFileError();
      digest.update(chunk.subarray(0, got));
      at += got;
      await this.writer.endChunk(got);
    }
    if (!(await file.isUnchanged())) throw changedFileError();
    return digest.digest();
  }

  private async leaveOut(path: RemotePath, why: LeftOutReason): Promise<void> {
    this.watch.onLeftOut(path, why);
    const name = displayText(path.at(-1) ?? '.');
    await this.writer.write(encodeEntry({ kind: 'leftOut', name, why }));
  }

  private async fail(path: RemotePath, error: LftpError): Promise<void> {
    this.watch.onFailed(path, error);
    const { code, message } = error;
    const name = displayText(path.at(-1) ?? '.');
    await this.writer.write(encodeEntry({ kind: 'failed', name, code, message }));
  }

  private async number(path: RemotePath, sizeBytes: number | undefined): Promise<number> {
    const number = this.nextNumber;
    this.nextNumber += 1;
    const mayGoOn = this.watch.onEntry?.(number, path, sizeBytes);
    if (mayGoOn !== undefined) {
      // Whoever is to answer what is still here would wait for it for ever.
      await this.writer.flush();
      await mayGoOn;
    }
    return number;
  }
}
