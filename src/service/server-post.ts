/** What a server session does for a `post`. */
import { ERROR } from '../wire/codes.ts';
import { EXIT, LftpError } from './error.ts';
import { drainRecord, receiveFile } from './file-receiver.ts';
import type { PostRequest } from './messages.ts';
import { pathText } from './path.ts';
import {
  answerFor,
  cancelled,
  isClosing,
  nameError,
  pathError,
  reportTransfer,
} from './server-jobs.ts';
import type { JobContext, SessionJob } from './server-jobs.ts';
import { openAppend } from './operations/append-store.ts';
import type { UploadPlace } from './operations/append-store.ts';
import { deferred } from './turns.ts';

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
    let upload: UploadPlace;
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

  private async open(): Promise<UploadPlace> {
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
    });
  }

  private async receive(upload: UploadPlace): Promise<void> {
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
