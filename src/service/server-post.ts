/** What a server session does for a `post`. */
import { ERROR } from '../wire/codes.ts';
import { EXIT, LftpError } from './error.ts';
import { drainRecord, receiveFile } from './file-receiver.ts';
import type { HeldPart } from './file-receiver.ts';
import { MAX_CHUNKS_COMPARED } from './limits.ts';
import type { PostRequest } from './messages.ts';
import { pathText } from './path.ts';
import { areRanges, CHUNK_BYTES, recordRanges } from './resume/chunks.ts';
import type { KeptFile } from './resume/kept-file-store.ts';
import { ownChunks, tellChunks } from './resume/tell-chunks.ts';
import { isWorthKeeping } from './resume/worth-keeping.ts';
import {
  answerFor,
  badRangesError,
  cancelled,
  isClosing,
  nameError,
  pathError,
  reportTransfer,
} from './server-jobs.ts';
import type { JobContext, SessionJob } from './server-jobs.ts';
import { openAppend } from './operations/append-store.ts';
import type { UploadPlace } from './operations/append-store.ts';
import type { Transfer, Upload } from './store.ts';
import { deferred } from './turns.ts';

/** Where what comes is put, and what is there of it already. */
type Place = UploadPlace & Pick<Upload, 'held'>;

/** Serves one `post`. Its record is read whatever becomes of it (P-SVC-08). */
export class ReceiveJob implements SessionJob {
  readonly takesRecord = true;
  private readonly context: JobContext;
  private readonly request: PostRequest;
  private readonly fault: LftpError | undefined;
  private readonly shownPath: string;
  private readonly digest = deferred<Uint8Array>();
  private readonly want = deferred<readonly number[]>();
  private readonly abort = new AbortController();
  private isFaultTold = false;

  constructor(context: JobContext, request: PostRequest) {
    this.context = context;
    this.fault = pathError(request.path) ?? nameError(request.name);
    this.shownPath = pathText(request.path);
    this.request = this.fault === undefined ? request : { ...request, path: [], name: undefined };
  }

  /** The sender ends its record early; this covers the wait for its digest (P-SVC-12). */
  cancel(): void {
    this.digest.reject(cancelled());
    this.want.reject(cancelled());
    this.abort.abort(cancelled());
  }

  giveWant(ranges: readonly number[]): void {
    this.want.resolve(ranges);
  }

  giveDigest(digest: Uint8Array): void {
    this.digest.resolve(digest);
  }

  async run(): Promise<void> {
    const { context, request } = this;
    let upload: Place;
    try {
      if (await this.answerAgain()) return;
      upload = await this.open();
    } catch (error) {
      this.report(error, 0);
      await context.answer(answerFor(request.id, error));
      // The record is on its way or will come: it stands before the next one.
      await drainRecord(context.channel);
      return;
    }
    try {
      const have = upload.held === undefined ? undefined : marked(upload.held);
      await context.answer({ kind: 'go', re: request.id, have });
      await this.receive(upload, have ?? 0);
    } finally {
      await upload.file.discard();
    }
  }

  /** P-RES-07: whoever did not hear that his file is committed hears it now. */
  private async answerAgain(): Promise<boolean> {
    const { context, request } = this;
    const transfer = this.transfer();
    if (this.fault !== undefined || transfer?.isAgain !== true) return false;
    const found = await context.store.remembered(transfer);
    if (found === undefined) return false;
    const { digest, path } = found;
    await context.answer({ kind: 'committed', re: request.id, digest, path });
    await drainRecord(context.channel);
    return true;
  }

  private transfer(): Transfer | undefined {
    const { transfer, again, size } = this.request;
    if (transfer === undefined || size === null) return undefined;
    return { transfer, isAgain: again === true, nowMs: Date.now() };
  }

  private async open(): Promise<Place> {
    const { path, name, size, overwrite, mtimeMs, mode, keep } = this.request;
    if (this.fault !== undefined) throw this.fault;
    if (overwrite === 'append') {
      const appending = { path, sizeBytes: size, nowMs: Date.now() };
      return await openAppend(this.context.store, appending);
    }
    return await this.context.store.createUpload({
      path,
      name,
      sizeBytes: size,
      overwrite,
      mtimeMs: mtimeMs ?? 0,
      keepMode: keep === true ? mode : undefined,
      transfer: this.transfer(),
    });
  }

  /** Tells what is held, and hears what of that is sent all the same (P-RES-03). */
  private async compare(file: KeptFile, have: number): Promise<HeldPart> {
    const { channel } = this.context;
    const { id, size } = this.request;
    const reading = { file, count: have, sizeBytes: size ?? 0, signal: this.abort.signal };
    try {
      const whole = await tellChunks(channel, id, reading);
      const ranges = await this.want.promise;
      if (!areRanges(ranges, have)) throw badRangesError();
      const before =
        ranges.length === 0
          ? () => Promise.resolve(whole)
          : async () => (await ownChunks(reading)).whole;
      return { ranges: recordRanges(ranges, have, reading.sizeBytes), before };
    } catch (error) {
      if (isClosing(error)) throw error;
      this.isFaultTold = true;
      await this.context.answer(answerFor(id, error));
      await drainRecord(channel);
      throw error;
    }
  }

  private async receive(upload: Place, have: number): Promise<void> {
    const { context, request } = this;
    const { id: re, size } = request;
    const { held: file } = upload;
    try {
      const held = file === undefined ? undefined : await this.compare(file, have);
      const received = await receiveFile(context.channel, upload.file, {
        sizeBytes: size,
        held,
        onFault: (fault) => {
          this.isFaultTold = true;
          context.answer(answerFor(re, fault)).catch(() => undefined);
        },
      });
      if (received.error !== 0) throw earlyEnd(received.error);
      checkDigest(await this.digest.promise, received.digest);
      await upload.file.commit(received.digest);
      const { digest, bytes } = received;
      await context.answer({ kind: 'committed', re, digest, path: upload.path });
      this.report(undefined, bytes);
    } catch (error) {
      this.report(error, 0);
      if ('keep' in upload.file && isWorthKeeping(error)) await upload.file.keep();
      if (isClosing(error)) throw error;
      if (!this.isFaultTold) await context.answer(answerFor(re, error));
    }
  }

  private report(error: unknown, bytes: number): void {
    reportTransfer(this.context, 'post', this.shownPath, bytes, error);
  }
}

function marked(file: KeptFile): number | undefined {
  const chunks = Math.floor((file.mark?.bytes ?? 0) / CHUNK_BYTES);
  return chunks === 0 ? undefined : Math.min(chunks, MAX_CHUNKS_COMPARED);
}

/** The answer to a sender that gave up: it knows why, and hears what came of it (P-SVC-10). */
function earlyEnd(code: number): LftpError {
  const text = 'the sender ended the file early; the target is what it was';
  return new LftpError(code === ERROR.SOURCE_CHANGED ? code : ERROR.CANCELLED, 'remote', text);
}

/** What arrived is kept only if it is what was read on the other side (P-SVC-09). */
function checkDigest(told: Uint8Array, found: Uint8Array): void {
  if (told.every((byte, index) => byte === found[index])) return;
  throw new LftpError(EXIT.VERIFICATION, 'local', 'the file arrived, but its digest is wrong', {
    hint: 'Nothing was kept. Send it again.',
  });
}
