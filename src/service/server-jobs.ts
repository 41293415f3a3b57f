/** What a server session does for one request that moves a file. */
import { ERROR } from '../wire/codes.ts';
import { errorText, EXIT, LftpError } from './error.ts';
import { drainRecord, receiveFile } from './file-receiver.ts';
import { sendFile } from './file-sender.ts';
import type { ServiceLog } from './log.ts';
import type { Answer, GetRequest, PostRequest, SegmentCounts } from './messages.ts';
import { encodeMessage } from './messages.ts';
import { pathFault, pathText, refusedPathError } from './path.ts';
import type { RemotePath } from './path.ts';
import type { Store, Upload } from './store.ts';
import type { OpenFile } from './store-source.ts';
import { closeReasonOf } from './transfer-channel.ts';
import type { TransferChannel } from './transfer-channel.ts';
import { deferred } from './turns.ts';

export interface JobContext {
  readonly channel: TransferChannel;
  readonly store: Store;
  readonly log: ServiceLog;
  answer(answer: Answer): Promise<void>;
}

/** What a session asks of whatever serves one request that moves files. */
export interface SessionJob {
  /** Whether a `dat` record of the client belongs to it. */
  readonly takesRecord: boolean;
  /** What the request still does is given up. */
  cancel(): void;
  giveDigest(digest: Uint8Array): void;
  run(): Promise<void>;
}

/** The channel ended: there is nobody to answer. */
export const isClosing = (error: unknown): boolean => closeReasonOf(error) !== undefined;

export function answerFor(re: number, error: unknown): Answer {
  if (error instanceof LftpError) {
    const message = error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
    return { kind: 'error', re, error: error.code, message };
  }
  // What an unexpected error says may name folders outside the served one: it stays in the log.
  return { kind: 'error', re, error: ERROR.OTHER, message: 'the server failed' };
}

const cancelled = (): LftpError =>
  new LftpError(ERROR.CANCELLED, 'remote', 'the client cancelled it');

/**
 * Paths are checked when a request is queued, and what is refused is not kept: a queue of the
 * longest bad paths would be worth a peer's while.
 */
export function pathError(path: RemotePath): LftpError | undefined {
  const fault = pathFault(path);
  return fault === undefined ? undefined : refusedPathError(fault, path);
}

export function nameError(name: string | undefined): LftpError | undefined {
  return name === undefined ? undefined : pathError([name]);
}

/** Serves one `get`: answer, record, digest; or one answer that says why not (P-SVC-07). */
export class SendJob implements SessionJob {
  readonly takesRecord = false;
  private readonly context: JobContext;
  private readonly request: GetRequest;
  private readonly fault: LftpError | undefined;
  private readonly shownPath: string;
  private readonly abort = new AbortController();
  private sentBefore = 0;
  private retransmittedBefore = 0;

  constructor(context: JobContext, request: GetRequest) {
    this.context = context;
    this.fault = pathError(request.path);
    this.shownPath = pathText(request.path);
    this.request = this.fault === undefined ? request : { ...request, path: [] };
  }

  /** Ends the record early, or keeps it from beginning (P-SVC-12). */
  cancel(): void {
    this.abort.abort(cancelled());
  }

  giveDigest(): void {
    // A client has no digest to tell about what it gets.
  }

  /** Segments of this session since the job began (P-SVC-16). */
  counts(): SegmentCounts {
    const { segmentsSent, segmentsRetransmitted, controller } = this.context.channel.stats();
    return {
      sent: segmentsSent - this.sentBefore,
      retransmitted: segmentsRetransmitted - this.retransmittedBefore,
      controller,
    };
  }

  /** What was sent before is not this job's. */
  beginCounts(): void {
    const stats = this.context.channel.stats();
    this.sentBefore = stats.segmentsSent;
    this.retransmittedBefore = stats.segmentsRetransmitted;
  }

  async run(): Promise<void> {
    const { context, request } = this;
    this.beginCounts();
    let file: OpenFile;
    try {
      this.abort.signal.throwIfAborted();
      if (this.fault !== undefined) throw this.fault;
      file = await context.store.openForRead(request.path);
    } catch (error) {
      this.report(error, 0);
      await context.answer(answerFor(request.id, error));
      return;
    }
    try {
      await this.send(file);
    } finally {
      await file.close();
    }
  }

  private async send(file: OpenFile): Promise<void> {
    const { channel } = this.context;
    const { id } = this.request;
    const { sizeBytes, mtimeMs, mode } = file;
    await this.context.answer({ kind: 'file', re: id, size: sizeBytes, mtimeMs, mode });
    try {
      const { digest } = await sendFile(channel, file, this.abort.signal);
      await channel.sendMessage(encodeMessage({ op: 'digest', id, digest, counts: this.counts() }));
      this.report(undefined, sizeBytes);
    } catch (error) {
      // The record's early end has told the client already.
      this.report(error, sizeBytes);
      if (isClosing(error)) throw error;
    }
  }

  private report(error: unknown, bytes: number): void {
    reportTransfer(this.context, 'get', this.shownPath, bytes, error);
  }
}

/** Serves one `post`. Its record is read whatever becomes of it (P-SVC-08). */
export class ReceiveJob implements SessionJob {
  readonly takesRecord = true;
  private readonly context: JobContext;
  private readonly request: PostRequest;
  private readonly fault: LftpError | undefined;
  private readonly shownPath: string;
  private readonly digest = deferred<Uint8Array>();
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
  }

  giveDigest(digest: Uint8Array): void {
    this.digest.resolve(digest);
  }

  async run(): Promise<void> {
    const { context, request } = this;
    let upload: Upload;
    try {
      upload = await this.open();
    } catch (error) {
      this.report(error, 0);
      await context.answer(answerFor(request.id, error));
      // The record is on its way or will come: it stands before the next one.
      await drainRecord(context.channel);
      return;
    }
    try {
      await context.answer({ kind: 'go', re: request.id });
      await this.receive(upload);
    } finally {
      await upload.file.discard();
    }
  }

  private async open(): Promise<Upload> {
    const { path, name, size, overwrite, mtimeMs, mode, keep } = this.request;
    if (this.fault !== undefined) throw this.fault;
    return await this.context.store.createUpload({
      path,
      name,
      sizeBytes: size,
      overwrite,
      mtimeMs: mtimeMs ?? 0,
      keepMode: keep === true ? mode : undefined,
    });
  }

  private async receive(upload: Upload): Promise<void> {
    const { context, request } = this;
    const { id: re, size } = request;
    try {
      const received = await receiveFile(context.channel, upload.file, {
        sizeBytes: size,
        onFault: (fault) => {
          this.isFaultTold = true;
          context.answer(answerFor(re, fault)).catch(() => undefined);
        },
      });
      if (received.error !== 0) throw earlyEnd(received.error);
      checkDigest(await this.digest.promise, received.digest);
      await upload.file.commit();
      const { digest, bytes } = received;
      await context.answer({ kind: 'committed', re, digest, path: upload.path });
      this.report(undefined, bytes);
    } catch (error) {
      this.report(error, 0);
      if (isClosing(error)) throw error;
      if (!this.isFaultTold) await context.answer(answerFor(re, error));
    }
  }

  private report(error: unknown, bytes: number): void {
    reportTransfer(this.context, 'post', this.shownPath, bytes, error);
  }
}

/** The answer to a sender that gave up: it knows why, and hears what came of it (P-SVC-10). */
function earlyEnd(code: number): LftpError {
  const text = 'the sender ended the file early; nothing was kept';
  return new LftpError(code === ERROR.SOURCE_CHANGED ? code : ERROR.CANCELLED, 'remote', text);
}

/** What arrived is kept only if it is what was read on the other side (P-SVC-09). */
function checkDigest(told: Uint8Array, found: Uint8Array): void {
  if (told.every((byte, index) => byte === found[index])) return;
  throw new LftpError(EXIT.VERIFICATION, 'local', 'the file arrived, but its digest is wrong', {
    hint: 'Nothing was kept. Send it again.',
  });
}

export function reportTransfer(
  context: JobContext,
  op: string,
  path: string,
  bytes: number,
  error: unknown,
): void {
  const { address, port } = context.channel.peer;
  const fields = { op, path, address, port, bytes };
  if (error === undefined) context.log.info(fields, `${op} done`);
  else context.log.warn({ ...fields, error: errorText(error) }, `${op} failed`);
}
